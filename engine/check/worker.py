"""The child process of `check` and of running shows: reads what to judge, one a line, and answers each in JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> int:
    """Judges until there are no more paths. What effects print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    width, height = (int(v) for v in sys.argv[1].split("x"))
    preview = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    from engine.check.judge import Judge, quiet
    from engine.renderer.gpu import Gpu

    quiet()
    gpu = Gpu.headless()
    judge = Judge(gpu, (width, height), preview)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        tried = isinstance(wanted, dict)
        answer = {"error": judge.try_out(**wanted)} if tried else judge.judge(Path(wanted)).table()
        print(json.dumps(answer, ensure_ascii=True), file=answers, flush=True)
    judge.close()
    gpu.context.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
