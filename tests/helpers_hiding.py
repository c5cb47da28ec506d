"""Plays scenes that hide something with an adversary before the camera, and looks at every picture for what leaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from helpers_motion import (
    OUTSIDE_PX,
    Bools,
    Size,
    far_outside,
    outline,
    pattern_seen,
    person_seen,
    picture,
    room_seen,
    true_mask,
)
from phosphene.engine.core.errors import SourceError, TrackerError, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.results import Faces, Mask, Poses
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.governor import Governor, governor_for
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowParts, ShowSettings
from phosphene.engine.show.timeouts import Timeouts
from phosphene.engine.sources.fit import cover

from phosphene.testing import FakeSink, FakeSource, FakeTracker

BUILT_IN = Registry([], [])
TRACE = 0.00002  # of the picture: a few pixels at 640×360, which is more than nothing for the sake of rounding alone
COPIES = 0.0003  # the same where no outline says which gaps between an arm and a body are narrower than an edge
# A place in which nothing is mistaken for stripes, and a hologram that stays where the person is.
PLAIN = (
    ("place.kind", "color"),
    ("place.color", "#204080"),
    ("hologram.slips", "0"),
    ("hologram.shift", "0"),
)
CUT = """
title = "Cut"
[[layer]]
source  = "none"
effects = [{ use = "place", kind = "color", color = "#204080" }]
[[layer]]
name    = "me"
source  = "camera"
cut     = "person"
opacity = 0.9
effects = [{ use = "mirror" }, { use = "mirror", name = "back" }, { use = "duotone", amount = 0.2 }]
"""


def hiding() -> list[str]:
    """The built-in scenes that hide or cut out something."""
    made = [load_scene(name, BUILT_IN) for name in BUILT_IN.scenes()]
    return [s.name for s in made if s.hides_room() or any(layer.cut != "none" for layer in s.layers)]


@lru_cache(maxsize=4096)
def frame_of(size: Size, number: int, motion: str) -> Pixels:
    """See helpers_motion.picture; made once."""
    return picture(size, number, motion)


@lru_cache(maxsize=4096)
def inside_of(size: Size, number: int, motion: str, cropped: bool) -> Bools:
    """Where the person is in a frame; `cropped`: one that came narrower and was fitted."""
    inside = outline(size, number, motion)
    if not cropped:
        return inside
    plane = np.repeat(inside[..., None].astype(np.uint8) * 255, 3, axis=2)
    return np.asarray(cover(narrower(plane), size)[..., 0] > 127)


@lru_cache(maxsize=4096)
def outside_of(size: Size, number: int, motion: str, cropped: bool, pixels: float) -> Bools:
    """Every place further than `pixels` outside of the person."""
    return far_outside(inside_of(size, number, motion, cropped), pixels)


@lru_cache(maxsize=4096)
def mask_of(size: Size, number: int, motion: str, cropped: bool) -> Mask:
    """What a segmenter that makes no mistakes says of a frame."""
    return true_mask(inside_of(size, number, motion, cropped), number)


def narrower(pixels: Pixels) -> Pixels:
    """What a camera gives that was switched to another shape: the middle, without the sides."""
    width = pixels.shape[1]
    return np.ascontiguousarray(pixels[:, width // 8 : width // 8 + width * 3 // 4])


@dataclass
class Case:
    """One show. `late_s`: how long the tracker takes for a frame, by its number. `bad`: the frames at which it fails
    and how (raises, nothing, hangs). `unplugged`: the frames before which the camera fails. `other_size`: frames that
    come in another size. `clip` and `tracker` take the place of the made person and of the true mask."""

    scenes: Sequence[Scene]
    motion: str
    size: Size = (640, 360)
    frames: int = 12
    step: str = "fixed"
    live: bool = False
    late_s: Callable[[int], float] = lambda _: 0.0
    bad: dict[int, str] = field(default_factory=dict)
    unplugged: set[int] = field(default_factory=set)
    other_size: range = field(default_factory=lambda: range(0))
    every_s: float | None = None
    governor: Governor | None = None
    flash_guard: bool = False
    clip: Sequence[Frame] = ()
    tracker: Callable[[str], Any] | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


def truth(name: str, case: Case, free: threading.Event) -> FakeTracker:
    """A tracker that says where the person is, and only that: the true mask; nobody's face and body."""

    def track(frame: Frame) -> Any:
        free.wait(case.late_s(frame.id))
        kind = case.bad.get(frame.id, "")
        if kind == "raises":
            raise TrackerError("failed, as it was told to")
        if kind == "nothing":
            return None
        if kind == "hangs":
            free.wait(1.0)
        if name == "face":
            return Faces(frame.id)
        if name == "pose":
            return Poses(frame.id)
        return mask_of(case.size, frame.id, case.motion, frame.id in case.other_size)

    return FakeTracker(track)


class Camera(FakeSource):
    """Gives the clip of a case, and fails where it says so."""

    def __init__(self, case: Case) -> None:
        frames = [frame_of(case.size, n, case.motion) for n in range(case.frames)]
        for number in case.other_size:
            frames[number] = narrower(frames[number])
        super().__init__(frames, live=bool(case.unplugged))
        self.size = case.size
        self.unplugged = set(case.unplugged)

    def read(self) -> Frame | None:
        """The next frame."""
        if self._next in self.unplugged:
            self.unplugged.discard(self._next)
            raise SourceError("the camera is gone, as it was told to be")
        return super().read()


@dataclass
class Shown:
    """One picture that was handed out: what it is `of` (the frame whose pixels it shows; None for a slate), `scenes`
    that were on, `scale` at which it was drawn."""

    image: Pixels
    of: int | None
    scenes: list[Scene]
    scale: float


def play(gpu: Gpu, case: Case) -> list[Shown]:
    """Every picture of a show, in order."""
    for scene in case.scenes:
        scene.flash_guard = case.flash_guard  # it mixes pictures with earlier ones
    free, sink = threading.Event(), FakeSink()
    notes: dict[float, tuple[int | None, list[Scene], float]] = {}
    playlist = Playlist(list(case.scenes), every_s=case.every_s, transition_s=0.2)
    governor = case.governor or governor_for(case.step, playlist.whole(), 30.0, governs=False)

    def note(drawn: Drawn) -> bool:
        if drawn.observation is not None:
            frame = drawn.observation.frame
            on = [playlist.scenes[n] for n in playlist.shown]
            scale = min(drawn.stage.renderers[n].size[0] for n in playlist.shown) / case.size[0]
            notes[frame.time_s] = None if drawn.image.closed else frame.image_id, on, scale
        return True

    show = Show(
        playlist,
        FakeSource(case.clip) if case.clip else Camera(case),
        [sink],
        gpu=gpu,
        open_tracker=case.tracker or (lambda name: truth(name, case, free)),
        settings=ShowSettings(live=case.live, timeouts=case.timeouts),
        parts=ShowParts(
            governor=governor,
            transition=BUILT_IN.transition("fade")() if len(case.scenes) > 1 else None,
            hooks=[note],
        ),
    )
    try:
        show.run()
    finally:
        free.set()
    nothing = None, list(case.scenes), 1.0
    return [Shown(image, *notes.get(t, nothing)) for image, t in zip(sink.images, sink.times, strict=True)]


def leak(shown: Shown, case: Case) -> float:
    """The share of a picture that shows what its scenes hide."""
    if not all(scene.hides_room() or any(layer.cut != "none" for layer in scene.layers) for scene in shown.scenes):
        return 0.0
    names = {scene.name for scene in shown.scenes}
    found = [person_seen(shown.image)] if "vanish" in names else []
    if names - {"vanish"} and "vanish" not in names:
        outside = np.ones(case.size[::-1], np.bool_)
        if shown.of is not None and "clone" not in names:  # copies lie elsewhere: no stripe may be seen at any place
            # An edge is as soft as the pixels that were drawn are large.
            cropped = shown.of in case.other_size
            outside = outside_of(case.size, shown.of, case.motion, cropped, OUTSIDE_PX / shown.scale)
            if case.flash_guard:  # which may still show the soft edge of where somebody was
                before = (outside_of(case.size, n, case.motion, False, OUTSIDE_PX) for n in range(shown.of))
                outside = np.logical_and.reduce([outside, *before])
        in_any_colour = "hologram" in names and shown.of is not None  # a slate's letters have edges, but no green
        found.append((pattern_seen if in_any_colour else room_seen)(shown.image, outside))
    return max(found, default=0.0) if "clone" not in names else max(0.0, max(found) - COPIES)


def scene_of(name: str, quality: str = "good", *, sync: str = "frame", who: str = "all") -> Scene:
    """A scene with a place without stripes; `cut` is one as a user would write it."""
    made = load_scene(name, BUILT_IN)
    for address, value in PLAIN:
        with suppress(UsageError):  # not every scene has a place
            made.set(address, value)
    for layer in made.layers:
        if "person" in layer.needs():
            layer.matte.set("quality", quality)
            layer.matte.set("who", who)
    made.sync = sync
    return made


def own_scene(folder: Path, *, sync: str = "frame") -> Scene:
    """A scene as a user would write it, which cuts first and moves the picture afterwards."""
    path = folder / "cut.toml"
    path.write_text(CUT)
    made = load_scene(str(path), BUILT_IN)
    made.sync = sync
    return made
