"""What hides the room never shows it, however fast somebody moves and whatever is given up for the frame rate.

An adversary is before the camera: somebody who leans, shakes, enters, leaves, stands up and swings an arm as fast as
people do, in a room of stripes. No picture may show a stripe further than 3 px outside of their true outline. The masks
are true ones, so that what is judged is the engine: what the segmenter itself gets wrong is another matter, which
`python -m tests.system.never_the_room` counts apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_hiding import BUILT_IN, TRACE, Case, Shown, frame_of, hiding, leak, mask_of, own_scene, play, scene_of
from helpers_motion import MOTIONS, far_outside, outline, room_seen
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.governor import Governor
from phosphene.engine.show.quality_levels import KEYS
from phosphene.engine.show.timeouts import Timeouts

pytestmark = pytest.mark.gl

SIZE = (640, 360)
HIDING = hiding()
STEPS = ("fixed", *KEYS)
FAST = [name for name in MOTIONS if name != "sway"]


def leaks(shown: list[Shown], case: Case) -> list[tuple[int, int | None, float]]:
    """The pictures that show what is hidden: their number, whose frame they are, and how much of it."""
    found = [(number, picture.of, leak(picture, case)) for number, picture in enumerate(shown)]
    return [row for row in found if row[2] > TRACE]


def seen(count: int, every: int) -> list[int]:
    """Whose pixels each of `count` pictures shows where trackers look at every `every`-th frame: of the first one, too,
    since nothing is known before it."""
    return [max(0, (n + 1) // every * every - 1) for n in range(count)]


@pytest.mark.slow
def test_what_is_looked_for_is_found() -> None:
    for motion in FAST:
        worst = 0.0
        for number in range(1, 24):
            stale = outline(SIZE, number - 1, motion)
            picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
            picture[stale] = frame_of(SIZE, number, motion)[stale]
            worst = max(worst, room_seen(picture, far_outside(outline(SIZE, number, motion))))
        assert worst > 20 * TRACE, motion
    assert {"blur", "clone", "cutout", "hologram", "teleport", "vanish"} <= set(HIDING)


def test_a_shown_room_is_seen_by_the_judge(gpu: Gpu) -> None:
    case = Case([scene_of("cutout")], "lean", frames=4)
    shown = play(gpu, case)
    assert not leaks(shown, case)
    assert len(leaks([replace(picture, image=frame_of(SIZE, 2, "lean")) for picture in shown], case)) == 4


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", HIDING)
def test_at_every_quality(gpu: Gpu, name: str, step: str) -> None:
    turn = HIDING.index(name) * len(STEPS) + STEPS.index(step)  # so that every motion meets every scene and every step
    quality = ("draft", "good", "best")[turn % 3]
    case = Case([scene_of(name, quality)], FAST[turn % len(FAST)], step=step)
    shown = play(gpu, case)
    assert len(shown) == case.frames
    assert leaks(shown, case) == []
    assert [picture.of for picture in shown] == sorted(picture.of or 0 for picture in shown)


@pytest.mark.parametrize("step", ["fixed", "trackers-2", "trackers-3"])
@pytest.mark.parametrize("motion", MOTIONS)
def test_every_motion(gpu: Gpu, motion: str, step: str) -> None:
    quality = ("draft", "good", "best")[list(MOTIONS).index(motion) % 3]
    case = Case([scene_of("teleport", quality)], motion, step=step)
    assert leaks(play(gpu, case), case) == []


@pytest.mark.parametrize("step", ["fixed", "trackers-3"])
def test_a_scene_that_cuts_first_and_moves_the_picture_afterwards(gpu: Gpu, tmp_path: Path, step: str) -> None:
    for motion in ("lean", "jump about"):
        case = Case([own_scene(tmp_path)], motion, step=step)
        assert leaks(play(gpu, case), case) == []


@pytest.mark.parametrize("name", HIDING)
def test_the_newest_picture_that_is_known_not_the_newest(gpu: Gpu, name: str) -> None:
    """`sync = "latest"`: what is shown is as old as its mask, and no older than the tracker makes it."""
    case = Case([scene_of(name, sync="latest")], "lean", frames=30, live=True, late_s=lambda n: 0.01 * (n % 7))
    shown = play(gpu, case)
    assert leaks(shown, case) == []
    assert len({picture.of for picture in shown} - {None}) > 1


@pytest.mark.parametrize("sync", ["frame", "latest"])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_live(gpu: Gpu, sync: str, seed: int) -> None:
    """Trackers that raise, say nothing, hang and are given up; a camera that is unplugged and changes its size."""
    rng = random.Random(seed)
    case = Case(
        [
            scene_of(
                rng.choice([name for name in HIDING if name != "vanish"]),
                rng.choice(("draft", "good", "best")),
                sync=sync,
            )
        ],
        rng.choice(FAST),
        frames=30,
        live=True,
        step=rng.choice(("fixed", "trackers-2", "trackers-3")),
        late_s=lambda n: 0.02 * (n * 7919 % 3),
        bad={rng.randrange(3, 30): rng.choice(("raises", "nothing", "hangs")) for _ in range(3)},
        unplugged={rng.randrange(5, 25)},
        other_size=range(12, 12 + rng.randrange(1, 12)),
        timeouts=Timeouts(source_retry_s=0.05, live_result_s=0.3),
    )
    shown = play(gpu, case)
    assert shown
    assert leaks(shown, case) == []


class Restless(Governor):
    """Takes and gives back every step in turn, far more often than a real one would."""

    def frame(self, now_s: float, draw_ms: float, trackers_ms: float = 0.0) -> Any:
        """Another quality after each frame."""
        self._turn = getattr(self, "_turn", 0) + 1
        rng = random.Random(self._turn)
        self.taken = [step for step in self.levels if rng.random() < 0.4]
        from phosphene.engine.show.quality_levels import quality_of

        self.quality = quality_of(self.taken)
        return self.quality


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("name", HIDING)
def test_while_the_quality_goes_up_and_down(gpu: Gpu, name: str, live: bool) -> None:
    case = Case([scene_of(name)], "lean", frames=16, live=live, governor=Restless(30.0))
    assert leaks(play(gpu, case), case) == []


@pytest.mark.parametrize("step", ["fixed", "trackers-2", "trackers-3"])
def test_on_the_way_from_one_scene_into_another(gpu: Gpu, step: str) -> None:
    scenes = [scene_of(name) for name in ("teleport", "blur", "cutout")]
    scenes.insert(2, load_scene("duotone", BUILT_IN))  # which shows the room, and may
    case = Case(scenes, "lean", frames=60, step=step, every_s=0.5)
    shown = play(gpu, case)
    assert len({tuple(s.name for s in picture.scenes) for picture in shown}) >= 7, "every change was seen"
    assert leaks(shown, case) == []


@pytest.mark.parametrize("name", ["teleport", "cutout", "blur"])
def test_the_flash_guard_brings_no_room_back(gpu: Gpu, name: str) -> None:
    case = Case([scene_of(name)], "jump about", frames=24, step="trackers-2", flash_guard=True)
    assert leaks(play(gpu, case), case) == []


@pytest.mark.parametrize("who", ["middle", "same"])
def test_one_person_of_several(gpu: Gpu, who: str) -> None:
    case = Case([scene_of("teleport", who=who)], "lean", frames=12, step="trackers-3")
    shown = play(gpu, case)
    assert leaks(shown, case) == []
    assert [picture.of for picture in shown] == seen(12, 3), "the trackers rest together, and only with the picture"


@pytest.mark.parametrize(("step", "every"), [("trackers-2", 2), ("trackers-3", 3)])
def test_the_person_stands_still_while_the_place_goes_on(gpu: Gpu, step: str, every: int) -> None:
    made = load_scene("teleport", BUILT_IN)
    case = Case([made], "lean", frames=12, step=step)
    shown = play(gpu, case)
    assert [picture.of for picture in shown] == seen(12, every)
    still = [not np.array_equal(a.image, b.image) for a, b in pairwise(shown) if a.of == b.of]
    assert any(still), "the made world moves while the person does not"


def test_the_same_pictures_whatever_the_trackers_take(gpu: Gpu) -> None:
    def images(late_s: Callable[[int], float]) -> list[Any]:
        case = Case([scene_of("teleport")], "lean", frames=9, step="trackers-2", late_s=late_s)
        return [picture.image for picture in play(gpu, case)]

    quick, slow = images(lambda _: 0.0), images(lambda n: 0.01 * (n % 3))
    assert all(np.array_equal(a, b) for a, b in zip(quick, slow, strict=True))


def test_the_mask_is_true() -> None:
    for motion in MOTIONS:
        assert mask_of(SIZE, 3, motion, False).present
