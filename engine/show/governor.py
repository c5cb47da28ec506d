"""Holds the frame rate: gives up one thing after another while frames come too late, and takes it back with room."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import Any

from ..renderer.quality import Quality
from ..scene.scene import Scene
from .quality_levels import LEVELS, Stage, Step, down_to, levels_for, quality_of

log = logging.getLogger("phosphene")

WINDOW_S = 0.8  # what is decided on; also the least time between two steps down
LEAST_FRAMES = 5
LATE = 0.97  # part of a frame's time from which on its slowest stage counts as too slow
ROOM, MUCH_ROOM = 0.82, 0.6  # parts of a frame's time that the slowest stage may take after a step up
FIRST_WAIT_S, LONGEST_WAIT_S = 3.0, 96.0  # how long there must be room before a step up
TRIAL_S = 20.0  # a step up that is taken back within this time was wrong
LEAST_GAIN, MOST_GAIN = 1.08, 2.25  # a picture of 50 % has 2.25 times fewer pixels than one of 75 %


class Governor:
    """Decides what is given up for `target_fps`, from what each frame took. Knows no clock: time is passed in.

    A step down is taken after most of a second in which the median frame was too slow: the first level
    that relieves the slower stage. The last step is taken back when there was room for a while, judged with what it
    gained when it was taken; each time that turns out wrong the wait doubles, so that a steady load is tried ever more
    rarely. Without `moves` the steps in `taken` stay as they are.
    """

    def __init__(
        self, target_fps: float, levels: Sequence[Step] = LEVELS, *, taken: Sequence[Step] = (), moves: bool = True
    ) -> None:
        self.target_fps, self.levels, self.moves = target_fps, tuple(levels), moves
        self.taken: list[Step] = list(taken)
        self.quality: Quality = quality_of(self.taken)
        self.changes: list[dict[str, Any]] = []
        self._period_ms = 1000.0 / target_fps
        self._frames: deque[tuple[float, float, float]] = deque()  # time, draw ms, trackers ms
        self._begin_s: float | None = None
        self._settled_s = 0.0  # of the last change
        self._room_since_s: float | None = None
        self._wait_s = FIRST_WAIT_S
        self._raised_s: float | None = None
        self._before_ms: float | None = None
        self._gains: dict[str, float] = {}

    @property
    def step_name(self) -> str:
        """What was given up, in words; empty where nothing was."""
        return ", ".join(self.traded)

    @property
    def keys(self) -> str:
        """What was given up, as a text that `steps_of` reads."""
        return " ".join(step.key for step in self.taken)

    @property
    def traded(self) -> list[str]:
        """What was given up, in words, without what a later step of the same kind goes beyond."""
        kinds = {step.key.partition("-")[0]: step for step in self.taken}
        return [step.words for step in self.taken if kinds[step.key.partition("-")[0]] is step]

    def frame(self, now_s: float, draw_ms: float, trackers_ms: float = 0.0) -> Quality:
        """Takes note of a frame that was finished at `now_s`; returns how the next is to be drawn.

        `draw_ms`: what drawing it took; `trackers_ms`: what its slowest tracker took, spread over the frames between
        two of its turns; 0 where none ran.
        """
        if not self.moves:
            return self.quality
        if self._begin_s is None:
            self._begin_s = self._settled_s = now_s
        self._frames.append((now_s, draw_ms, trackers_ms))
        while len(self._frames) > LEAST_FRAMES and self._frames[0][0] <= now_s - WINDOW_S:
            self._frames.popleft()
        full = now_s - self._settled_s >= WINDOW_S and len(self._frames) >= LEAST_FRAMES
        if full:
            self._decide(now_s)
        return self.quality

    def _decide(self, now_s: float) -> None:
        draw_ms = median(f[1] for f in self._frames)
        trackers_ms = median(f[2] for f in self._frames)
        work_ms = max(draw_ms, trackers_ms)
        slower: Stage = "draw" if draw_ms >= trackers_ms else "trackers"
        self._learn(work_ms)
        if work_ms > LATE * self._period_ms:
            self._room_since_s = None
            self._down(now_s, work_ms, slower)
            return
        if self._raised_s is not None and now_s - self._raised_s >= TRIAL_S:
            self._raised_s = None  # it held
            self._wait_s = max(FIRST_WAIT_S, self._wait_s / 2)
        if not self.taken:
            return
        expected_ms = work_ms * self._gains.get(self.taken[-1].key, 1.25)
        if expected_ms > ROOM * self._period_ms:
            self._room_since_s = None
            return
        if self._room_since_s is None:
            self._room_since_s = now_s
        much = expected_ms < MUCH_ROOM * self._period_ms
        if now_s - self._room_since_s >= (min(FIRST_WAIT_S, self._wait_s) if much else self._wait_s):
            self._up(now_s, work_ms)

    def _learn(self, work_ms: float) -> None:
        """How much the last change changed."""
        if self._before_ms is None:
            return
        before_ms, self._before_ms = self._before_ms, None
        step, went_up = self._changed
        gain = work_ms / max(before_ms, 0.1) if went_up else before_ms / max(work_ms, 0.1)
        self._gains[step.key] = min(max(gain, LEAST_GAIN), MOST_GAIN)

    def _down(self, now_s: float, work_ms: float, slower: Stage) -> None:
        left = [step for step in self.levels if step not in self.taken]
        step = next((s for s in left if s.relieves == slower), left[0] if left else None)
        if step is None:
            return
        if self._raised_s is not None and now_s - self._raised_s < TRIAL_S:
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._raised_s = None
        self.taken.append(step)
        self._change(now_s, step, work_ms, False)

    def _up(self, now_s: float, work_ms: float) -> None:
        step = self.taken.pop()
        self._raised_s = now_s
        self._change(now_s, step, work_ms, True)

    def _change(self, now_s: float, step: Step, work_ms: float, went_up: bool) -> None:
        self._changed = (step, went_up)
        self._before_ms, self._settled_s, self._room_since_s = work_ms, now_s, None
        self._frames.clear()
        self.quality = quality_of(self.taken)
        begin_s = self._begin_s or 0.0
        self.changes.append(
            {
                "time_s": round(now_s - begin_s, 2),
                "gave": "" if went_up else step.words,
                "took_back": step.words if went_up else "",
                "work_ms": round(work_ms, 1),
                "steps": [s.key for s in self.taken],
            }
        )
        what = f"takes back {step.words}" if went_up else f"gives up: {step.words}"
        log.warning("%s for %.3g fps (a frame took %.0f of %.0f ms)", what, self.target_fps, work_ms, self._period_ms)

    def table(self) -> dict[str, Any]:
        """Everything for the numbers of a run: the target, what is given up now, and every change."""
        return {"target_fps": self.target_fps, "steps": [s.key for s in self.taken], "changes": list(self.changes)}


def governor_for(wish: str, scene: Scene, fps: float, *, governs: bool, replays: bool = False) -> Governor | None:
    """The governor that `--quality` asks for; None where everything is drawn as the scene says.

    `auto` governs where the show `governs`, that is live; `fixed` never (a take is then drawn
    in full, else as it was); a step's name is held as it is. Raises
    UsageError.
    """
    if wish == "auto":
        return Governor(fps, levels_for(scene)) if governs else None
    if wish == "fixed":
        return Governor(fps, moves=False) if replays else None
    return Governor(fps, taken=down_to(wish), moves=False)
