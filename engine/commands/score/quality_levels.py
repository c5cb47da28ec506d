"""Runs every quality level of the matte over images and clips whose truth is known, and adds up how well it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ...core.frame import Floats, Frame, Pixels
from ...core.results import Mask
from ...matte.maker import MatteMaker
from ...matte.matte import DETAIL, QUALITIES, Detail, Matte
from ...trackers.person import PersonTracker
from . import metrics
from .alpha import enlarged, final_alpha
from .synthetic import Clip, clips_of
from .truth import Still

RAW = "raw"  # the segmenter's mask as it comes, enlarged: what the levels begin with
LEVELS = (RAW, *QUALITIES)
Segment = Callable[[Frame, Detail], Mask]
Progress = Callable[[str], None]


@dataclass(slots=True)
class Marks:
    """The measured numbers of one level, one entry an image or clip; `groups` says where each is from."""

    iou: list[float] = field(default_factory=list)
    boundary_f: list[float] = field(default_factory=list)
    mad: list[float] = field(default_factory=list)
    grad: list[float] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    flicker_still: list[float] = field(default_factory=list)
    flicker_moving: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The means, None where nothing was measured; `ms` is the median."""
        means = {name: mean(getattr(self, name)) for name in ("iou", "boundary_f", "mad", "grad")}
        flicker = {name: mean(getattr(self, name)) for name in ("flicker_still", "flicker_moving")}
        return {**means, **flicker, "ms": round(float(np.median(self.ms)), 3) if self.ms else None}

    def by_group(self) -> dict[str, dict[str, float | None]]:
        """The image measures of each origin."""
        found: dict[str, dict[str, float | None]] = {}
        for group in dict.fromkeys(self.groups):
            chosen = [n for n, g in enumerate(self.groups) if g == group]
            names = ("iou", "boundary_f", "mad", "grad")
            found[group] = {name: mean([getattr(self, name)[n] for n in chosen]) for name in names}
        return found


def mean(values: Sequence[float]) -> float | None:
    """The mean, rounded to what is meaningful, or None."""
    return round(float(np.mean(values)), 4) if values else None


def score(stills: Iterable[Still], clips: Iterable[Clip], segment: Segment, progress: Progress) -> dict[str, Marks]:
    """The marks of every level. Stills are also filmed: at rest, and by a camera that moves."""
    marks = {level: Marks() for level in LEVELS}
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # so that the thread's own time is all the time that a level takes
    try:
        for still in stills:
            progress(still.name)
            for level, (alphas, _) in run([still.pixels], segment).items():
                add_picture(marks[level], still.name, alphas[0], still)
            for clip in clips_of(still):
                add_clip(marks, clip, segment)
        for clip in clips:
            progress(clip.name)
            add_clip(marks, clip, segment)
    finally:
        cv2.setNumThreads(threads)
    return marks


def add_picture(marks: Marks, name: str, alpha: Floats, still: Still) -> None:
    """Measures one alpha."""
    marks.groups.append(name.split("/")[0])
    for measure, values in (
        (metrics.iou, marks.iou),
        (metrics.boundary_f, marks.boundary_f),
        (metrics.mad, marks.mad),
        (metrics.gradient_error, marks.grad),
    ):
        values.append(measure(alpha, still.alpha, still.known))


def add_clip(marks: dict[str, Marks], clip: Clip, segment: Segment) -> None:
    """Measures the flicker of every level on one clip, and what its frames cost."""
    for level, (alphas, times) in run(clip.frames, segment).items():
        flicker = marks[level].flicker_moving if clip.moving else marks[level].flicker_still
        flicker.append(metrics.dtssd(alphas, clip.alphas, clip.known))
        marks[level].ms += times[1:]  # the first of a clip has nothing to steady


def run(frames: Sequence[Pixels], segment: Segment) -> dict[str, tuple[list[Floats], list[float]]]:
    """The alphas of every level, frame by frame, and what each took in ms on one processor beyond the plain mask."""
    made: dict[str, tuple[list[Floats], list[float]]] = {level: ([], []) for level in LEVELS}
    makers = {quality: MatteMaker() for quality in QUALITIES}
    shape = Matte().shape()
    for number, pixels in enumerate(frames):
        frame = Frame(number, number / 30, pixels)
        masks: dict[Detail, Mask] = {}
        took: dict[Detail, float] = {}
        for detail in dict.fromkeys(("plain", *DETAIL.values())):
            before = time.thread_time()
            masks[detail] = segment(frame, detail)
            took[detail] = time.thread_time() - before
        made[RAW][0].append(enlarged(masks["plain"].confidence, frame.size))
        made[RAW][1].append(0.0)
        for quality, maker in makers.items():
            before = time.thread_time()
            matte = maker.make(masks[DETAIL[quality]], frame, quality)
            made[quality][1].append(1000 * (time.thread_time() - before + took[DETAIL[quality]] - took["plain"]))
            made[quality][0].append(final_alpha(matte, pixels, shape))
    return made


@contextmanager
def segmenter() -> Iterator[Segment]:
    """The person tracker of each detail: whether anybody is there is not what is scored."""
    with ExitStack() as stack:
        trackers = {d: stack.enter_context(PersonTracker(confirm=False, detail=d)) for d in set(DETAIL.values())}
        yield lambda frame, detail: trackers[detail].track(frame)
