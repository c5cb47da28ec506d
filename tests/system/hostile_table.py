"""Gives every file of a folder to the program in each way a user could, and writes what came of it as a table.

usage: python -m tests.system.hostile_table FOLDER [OUT.md]

Each file is the input of a run, the picture of a scene, the scene file itself, an effect, and a model. A process of its
own does that, with a limit of time; where it hangs or dies the parent says so and starts another for the next file.
"""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0  # of the processor's time, for one use of one file
SILENT_S = 300.0  # in which a machine that is busy with other things has done as much
LIMIT_MB = 1500.0  # a picture of 100 megapixels is 300 MB, and is held three times while it is turned and scaled
USES = ("input", "picture", "scene", "effect", "model")
FRAMES = 40
CELL = 58
BAD = ("CRASH", "HANG", "LEFT OPEN")


@dataclass
class Row:
    """What came of one file: for each use a short text; peak memory above the start, seconds."""

    file: str
    found: dict[str, str] = field(default_factory=dict)
    peak_mb: float = 0.0
    seconds: float = 0.0

    @property
    def bad(self) -> list[str]:
        """What must not be."""
        wrong = [f"{use}: {text}" for use, text in self.found.items() if text.startswith(BAD)]
        return wrong + ([f"{self.peak_mb:.0f} MB"] if self.peak_mb > LIMIT_MB else [])


def judge(paths: Iterable[Path]) -> list[Row]:
    """A row for each file, in order."""
    waiting, rows = list(paths), list[Row]()
    while waiting:
        command = [sys.executable, "-m", "tests.system.hostile_table", "--worker"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}  # select must see every line
        with subprocess.Popen(command, cwd=ROOT, env=env, **pipes) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            while waiting:
                path = waiting.pop(0)
                child.stdin.write(json.dumps(str(path)).encode() + b"\n")
                child.stdin.flush()
                row = Row(path.name, {})
                for use in USES:
                    text = answer(child)
                    if text is None:
                        row.found[use] = "HANG" if child.poll() is None else f"CRASH ({child.wait()})"
                        break
                    row.found[use] = text["text"] if text["work_s"] < LIMIT_S else f"HANG: {text['text']}"
                    row.peak_mb, row.seconds = max(row.peak_mb, text["peak_mb"]), row.seconds + text["seconds"]
                rows.append(row)
                if row.found[use].startswith(BAD[:2]):
                    child.kill()
                    break
            else:
                child.stdin.close()
    return rows


def answer(child: subprocess.Popen[bytes]) -> dict[str, float | str] | None:
    """The child's next line; None where it died, or is silent for too long."""
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], SILENT_S)
    line = child.stdout.readline() if ready else b""
    return json.loads(line) if line.strip() else None


# -- the child ---------------------------------------------------------------------------------------------------------


def worker() -> None:
    """Answers with a line for each use of each file that is named on standard input."""
    logging.disable(logging.CRITICAL)
    out = os.fdopen(os.dup(1), "wb", 0)  # a library that prints must not end up between the answers
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        uses: dict[str, Callable[[Path], str]] = {
            "input": as_input,
            "picture": as_picture,
            "scene": as_scene,
            "effect": as_effect,
            "model": lambda path: as_model(path, Path(folder)),
        }
        for line in sys.stdin:
            path = Path(json.loads(line))
            for use in USES:
                begin, before, opened = time.perf_counter(), reset_peak(), open_files(path)
                work = time.process_time()
                text = told(uses[use], path)
                if open_files(path) > opened:
                    text = f"LEFT OPEN: {text}"
                found = {
                    "text": text,
                    "peak_mb": round(max(0.0, peak_mb() - before), 1),
                    "seconds": round(time.perf_counter() - begin, 3),
                    "work_s": round(time.process_time() - work, 3),
                }
                out.write(json.dumps(found).encode() + b"\n")


def told(use: Callable[[Path], str], path: Path) -> str:
    """What a use gave, or the error that a user would read; any other exception is a crash."""
    from phosphene.engine.core.errors import PhospheneError

    try:
        return use(path)
    except PhospheneError as error:
        return error.message.splitlines()[0]
    except Exception as error:  # noqa: BLE001 (that is what is looked for)
        return f"CRASH: {type(error).__name__}: {error}"


def as_input(path: Path) -> str:
    """`run --input`: the first frames."""
    from phosphene.engine.sources import open_source

    with open_source(str(path)) as source:
        count = 0
        for _ in range(FRAMES):
            if source.read() is None:
                break
            count += 1
        return f"{source.size[0]}×{source.size[1]}, {'a still' if source.endless else f'{count} frames'}"


def as_picture(path: Path) -> str:
    """`--set picture=`: a scene's own picture or video, now and later."""
    from phosphene.engine.sources.media import MediaPlayer

    with MediaPlayer(path) as player:
        for time_s in (0.0, 0.7, 31.0):
            player.at(time_s)
        return f"{player.size[0]}×{player.size[1]}"


def as_scene(path: Path) -> str:
    """`run FILE`: a scene."""
    from phosphene.engine.show.options import run_options
    from phosphene.engine.show.session import open_scene

    return f"a scene: {open_scene(run_options(str(path))).title}"


def as_effect(path: Path) -> str:
    """A shader of one's own, by any of its dialects."""
    from phosphene.engine.glsl.dialects import load

    return f"an effect: {load(path).__name__}"


def as_model(path: Path, folder: Path) -> str:
    """A model in the user's folder."""
    from phosphene.engine.models import store as models

    model = next(iter(models.MODELS.values()))
    target = folder / model.file
    target.unlink(missing_ok=True)
    target.symlink_to(path)
    os.environ[models.USER_FOLDER] = str(folder)
    found = models.state(model.name)
    return "taken" if found.ready else found.problem


def open_files(path: Path) -> int:
    """How many descriptors are open on `path`."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += entry.resolve() == path.resolve()
        except OSError:
            continue
    return count


def reset_peak() -> float:
    """Sets the peak of resident memory back; returns what is held now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def peak_mb() -> float:
    """The peak of resident memory since `reset_peak`, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return float(status.split("VmHWM:")[1].split()[0]) / 1000


# -- the table ---------------------------------------------------------------------------------------------------------


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown."""
    lines = [f"| file | {' | '.join(USES)} | peak | time |", f"|---|{'---|' * len(USES)}---:|---:|"]
    for row in rows:
        cells = [shorten(row.found.get(use, "")) for use in USES]
        name = row.file if len(row.file) <= 44 else f"{row.file[:20]}…{row.file[-20:]}"
        lines.append(f"| `{name}` | {' | '.join(cells)} | {row.peak_mb:.0f} MB | {row.seconds:.1f} s |")
    return "\n".join(lines)


def shorten(text: str) -> str:
    """A cell's text."""
    text = text.replace("|", "\\|")
    return text if len(text) <= CELL else f"{text[: CELL - 1].rstrip()}…"


def main(arguments: list[str]) -> int:
    """Writes the table; 1 where something must not be."""
    if arguments == ["--worker"]:
        worker()
        return 0
    folder = Path(arguments[0])
    rows = judge(sorted(path for path in folder.rglob("*") if path.is_file()))
    text = table(rows)
    if len(arguments) > 1:
        Path(arguments[1]).write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    bad = {row.file: row.bad for row in rows if row.bad}
    print(json.dumps(bad or {"files": len(rows), "wrong": 0}, ensure_ascii=False), file=sys.stderr)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
