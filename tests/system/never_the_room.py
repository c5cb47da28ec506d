"""Plays every scene that hides something with somebody before the camera who moves as fast as people do, at every
quality, and writes what was seen of the room as a table.

usage: python -m tests.system.never_the_room [--width 1280] [--frames 24] [--scenes teleport,blur] [OUT.md]

The first table is drawn with true masks: it judges the engine. The second is drawn with the segmenter's own: what is
seen there where every mask is fresh is the segmenter's, and no mode may show more.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from helpers_hiding import Case, hiding, leak, own_scene, play, scene_of  # noqa: E402
from helpers_motion import MOTIONS, OUTSIDE_PX, far_outside  # noqa: E402
from phosphene.engine.commands.soak import restless  # noqa: E402
from phosphene.engine.renderer.gpu import Gpu  # noqa: E402
from phosphene.engine.scene.scene import Scene  # noqa: E402
from phosphene.engine.show.governor import governor_for  # noqa: E402
from phosphene.engine.show.quality_levels import KEYS  # noqa: E402
from phosphene.engine.trackers import open_tracker  # noqa: E402

MATTES = ("draft", "good", "best")
MARKED = 100  # see engine/commands/soak/judge.py
LIVE = {
    "live, sync frame": {"sync": "frame"},
    "live, sync latest": {"sync": "latest"},
    "live, sync frame, two busy threads": {"sync": "frame", "busy": 2},
    "live, sync latest, two busy threads": {"sync": "latest", "busy": 2},
}


@contextmanager
def load(threads: int) -> Iterator[None]:
    """That many threads compete for the processor meanwhile."""
    ended = threading.Event()

    def burn() -> None:
        grid = np.random.default_rng(0).random((400, 400))
        while not ended.is_set():
            grid @ grid

    busy = [threading.Thread(target=burn, daemon=True) for _ in range(threads)]
    for thread in busy:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in busy:
            thread.join()


def scenes_of(names: Iterable[str], quality: str, sync: str, folder: Path) -> Iterator[Scene]:
    """Every scene by name, and one as a user would write it."""
    for name in names:
        yield scene_of(name, quality, sync=sync)
    yield own_scene(folder, sync=sync)


def worst(gpu: Gpu, case: Case) -> float:
    """The largest share of a picture that showed what is hidden, in percent."""
    return max((100 * leak(shown, case) for shown in play(gpu, case)), default=0.0)


def engine_table(gpu: Gpu, names: list[str], size: tuple[int, int], frames: int, tell: Callable[[str], None]) -> str:
    """Mode × motion: the worst picture of all scenes and mattes, drawn with true masks."""
    rows = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for step in ("fixed", *KEYS):
            found = {}
            for motion in MOTIONS:
                cases = (
                    Case([scene], motion, size=size, frames=frames, step=step)
                    for quality in MATTES
                    for scene in scenes_of(names, quality, "frame", folder)
                )
                found[motion] = max(worst(gpu, case) for case in cases)
            rows.append((f"exact, {step}", found))
            tell(f"{step}: {found}")
        for mode, wish in LIVE.items():
            found = {}
            for motion in MOTIONS:
                with load(int(wish.get("busy", 0))):
                    cases = (
                        live_case(scene, motion, size, frames)
                        for scene in scenes_of(names, "good", str(wish["sync"]), folder)
                    )
                    found[motion] = max(worst(gpu, case) for case in cases)
            rows.append((mode, found))
            tell(f"{mode}: {found}")
    return table(rows)


def live_case(scene: Scene, motion: str, size: tuple[int, int], frames: int) -> Case:
    """A live show at 30 pictures a second whose governor governs, with a tracker that takes 5 to 60 ms."""
    rng = random.Random(motion)
    late = [rng.uniform(0.005, 0.06) for _ in range(64)]
    return Case(
        [scene],
        motion,
        size=size,
        frames=2 * frames,
        live=True,
        late_s=lambda n: late[n % 64],
        governor=governor_for("auto", scene, 30.0, governs=True),
    )


def segmenter_table(gpu: Gpu, size: tuple[int, int], tell: Callable[[str], None]) -> str:
    """Mode × motion for teleport with the person tracker itself, whose own mistakes are the first row."""
    rows = []
    for mode, step in (("fresh masks", "fixed"), ("trackers-2", "trackers-2"), ("trackers-3", "trackers-3")):
        found = {}
        for motion in restless.MOTIONS:
            source = restless.RestlessSource(size, 30.0, motion)
            frames = [source.read() for _ in range(60)]
            scene = scene_of("teleport")
            params = scene.tracker_params("person")
            case = Case(
                [scene], motion, size=size, step=step, clip=frames, tracker=lambda n, p=params: open_tracker(n, **p)
            )
            shares = []
            for shown in play(gpu, case):
                codes = shown.image[..., :3].astype(np.int16)
                marked = np.minimum(codes[..., 0], codes[..., 2]) - codes[..., 1] > MARKED
                outline = np.zeros(marked.shape, np.bool_) if shown.of is None else source.outline(shown.of) > 0.5
                shares.append(100 * float((marked & far_outside(outline, OUTSIDE_PX)).mean()))
            found[motion] = max(shares)
        rows.append((mode, found))
        tell(f"{mode}: {found}")
    return table(rows)


def table(rows: list[tuple[str, dict[str, float]]]) -> str:
    """Markdown: a row a mode, a column a motion, percent of the worst picture."""
    motions = list(rows[0][1])
    lines = [f"| | {' | '.join(motions)} |", "|---|" + "---:|" * len(motions)]
    lines += [f"| {mode} | {' | '.join(f'{found[m]:.3g}' for m in motions)} |" for mode, found in rows]
    return "\n".join(lines)


def main() -> int:
    """Writes both tables to the file named last, or to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--scenes", default="", help="built-in scenes, joined by commas (default: all that hide)")
    parser.add_argument("out", nargs="?", type=Path)
    options = parser.parse_args()
    size = options.width, options.width * 9 // 16
    names = options.scenes.split(",") if options.scenes else hiding()

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    gpu = Gpu.headless()
    try:
        text = (
            f"Percent of the worst picture, {size[0]}×{size[1]}, {options.frames} frames a show; "
            f"scenes: {', '.join(names)} and one of a user's.\n\n"
            f"## With true masks\n\n{engine_table(gpu, names, size, options.frames, tell)}\n\n"
            f"## With the segmenter's masks (teleport)\n\n{segmenter_table(gpu, size, tell)}\n"
        )
    finally:
        gpu.close()
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
