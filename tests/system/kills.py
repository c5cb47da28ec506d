"""Kills shows that write, at random moments: `python -m tests.system.kills 200 [FIRST_SEED]`.

Each seed decides what is written, over what, and when the process is killed. Afterwards the old file is there, byte for
byte, or a new one that plays to its end, and nobody has seen a traceback. What a kill leaves behind is hidden, and gone
after the next run.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
from phosphene.engine.core.files.claim import PART

ROOT = Path(__file__).resolve().parents[2]
LIVE = ("--pace", "live")
# Output, further words, and whether an older whole file has that name.
KINDS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("a.mp4", ("--overwrite",), True),
    ("a.mkv", ("--overwrite",), True),
    ("a.webm", (), False),
    ("a.gif", ("--overwrite",), True),
    ("a.mp4?matte=1", ("--overwrite",), True),
    ("f/", (), False),
    ("f_%03d.png", ("--overwrite",), True),
    ("a.mp4", LIVE, True),
    ("a.mkv", LIVE, True),
    ("a.mp4", (*LIVE, "--overwrite"), True),
    ("a.mp4", (*LIVE, "--stats-json", "s.json"), False),
)
LONGEST_S = 4.0  # a show starts, writes its two seconds, and has ended by then where the machine is not busy


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of one kill. `wrong` is empty where nothing was lost."""

    seed: int
    kind: str
    after_s: float
    alive: bool
    kept_old: bool
    wrong: str = ""


def command(output: str, *words: str) -> list[str]:
    """A show of two seconds that writes `output`."""
    card = "testcard:320x180@30x60"
    return [sys.executable, str(ROOT / "main.py"), "run", "mirror", "--input", card, "--output", output, "-q", *words]


def kill_once(seed: int) -> Kill:
    """Starts a show, kills it, and looks at what is there."""
    rng = random.Random(seed)
    output, words, has_old = KINDS[seed % len(KINDS)]
    with tempfile.TemporaryDirectory(prefix="phosphene-kill-") as made:
        folder = Path(made)
        if has_old:
            subprocess.run(command(output, "--seconds", "0.2"), cwd=folder, check=True, capture_output=True)
        old = prints(folder)
        process = subprocess.Popen(
            command(output, *words), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if rng.random() < 0.7:  # from when something is being written on; else from the very begin
            wait_for(folder, old, process)
        after_s = rng.uniform(0.0, LONGEST_S) * rng.random()
        try:
            _, told = process.communicate(timeout=after_s)
            alive = False
        except subprocess.TimeoutExpired:
            alive = True
            process.kill()
            _, told = process.communicate()
        name = " ".join((output, *words))
        wrong, kept = judged(folder, old, told, numbered="%" in output)
        wrong = wrong or swept(folder)
        return Kill(seed, name, after_s, alive, kept, wrong)


def wait_for(folder: Path, old: dict[str, str], process: subprocess.Popen[str]) -> None:
    """Until something new is there, or the show has ended."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if any(p.is_file() and str(p.relative_to(folder)) not in old for p in folder.rglob("*")):
            return
        time.sleep(0.02)


def prints(folder: Path) -> dict[str, str]:
    """Each file that is not hidden, with its checksum."""
    found = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def judged(folder: Path, old: dict[str, str], told: str, *, numbered: bool) -> tuple[str, bool]:
    """What is wrong, and whether every old file is as it was."""
    if "Traceback" in told:
        return f"a traceback: {told}", False
    now = prints(folder)
    kept = all(now.get(name) == digest for name, digest in old.items())
    for name in old:
        if name not in now:
            return f"{name} is gone", kept
    for name, digest in now.items():
        if old.get(name) != digest and (why := broken(folder / name)):
            return f"{name}: {why}", kept
    if not numbered and not kept and any(now[n] == d for n, d in old.items()) and len(old) == 2:
        return "a video and its matte are not of the same run", kept
    return "", kept


def broken(path: Path) -> str:
    """Why a new file does not play; empty where it does. A recording of which not one fragment was written yet is
    nothing: beside it the old one is as it was."""
    if path.suffix == ".json":
        return ""
    if path.suffix == ".png":
        return "" if cv2.imread(str(path)) is not None else "a picture is broken"
    data = path.read_bytes()
    if b"moov" not in data and b"moof" not in data and path.suffix == ".mp4":
        return "" if len(data) < 4096 else f"{len(data)} bytes without an index"
    if path.suffix == ".mkv" and b"\x1f\x43\xb6\x75" not in data:  # not one cluster
        return "" if len(data) < 4096 else f"{len(data)} bytes without a cluster"
    try:
        with av.open(str(path)) as container:
            count = sum(1 for _ in container.decode(video=0))
    except (av.FFmpegError, IndexError) as error:
        return f"does not play ({error})"
    return "" if count else "not one picture"


def swept(folder: Path) -> str:
    """What is still hidden after the next run, in words."""
    left = {path.parent for path in folder.rglob("*") if path.name.startswith(".")} or {folder}
    for place in sorted(left):
        subprocess.run(
            command("next.gif", "--seconds", "0.1", "--overwrite"), cwd=place, check=True, capture_output=True
        )
    hidden = [path.name for path in folder.rglob("*") if PART in path.name]
    return f"left behind: {hidden}" if hidden else ""


def main(arguments: list[str]) -> int:
    """Kills as often as is asked, tells of each that went wrong, and how it went in all.

    A show that had ended before its kill is judged too, but not counted.
    """
    wanted, first = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    done: list[Kill] = []
    while sum(kill.alive for kill in done) < wanted:
        done.append(kill_once(first + len(done)))
        if done[-1].wrong:
            print(f"{done[-1]}", flush=True)
    kept, wrong = sum(kill.kept_old for kill in done), sum(bool(kill.wrong) for kill in done)
    print(f"seeds {first} to {first + len(done) - 1}: {wanted} killed, {len(done) - wanted} had ended before", end="; ")
    print(f"{kept} left the old files as they were, {wrong} lost something")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
