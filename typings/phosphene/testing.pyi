from pathlib import Path

from engine.check.verdict import Verdict as Verdict

def check(path: str | Path, *, size: tuple[int, int] = ..., limit_s: float = ...) -> Verdict: ...
