"""What happens after each frame beside the drawing: the progress bar, changed files, keys, and the window's title."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..control.keys import Steps, press
from ..core.observation import Observation
from ..renderer.renderer import Renderer
from ..renderer.stage import Stage
from ..scene.scene import Scene
from .reload import Reloader
from .stats import Stats

if TYPE_CHECKING:
    from ..control.desk import Desk
    from ..sinks.base import Presents, ReadsKeys
    from .options import Progress
    from .reload_transition import TransitionReloader


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a show has drawn last: `image` is the renderer whose canvas holds it, one of those on `stage`.

    `observation` is what was known of the frame; None before the first. `stats` are the numbers of the run so far.
    `live` says that late frames are dropped.
    """

    image: Renderer
    stage: Stage
    observation: Observation | None
    stats: Stats
    live: bool


# Called in the drawing thread after each frame, and while one is waited for; returns whether the show goes on.
FrameHook: TypeAlias = Callable[[Drawn], bool]


class ReportProgress:
    """Reports how many frames are done, and of how many."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress, self._total = progress, total
        self._reported = 0

    def __call__(self, drawn: Drawn) -> bool:
        done = drawn.stats.frames_out + 1
        if done != self._reported:  # it is called while frames are waited for, too
            self._progress(done, self._total)
            self._reported = done
        return True


class ReloadFiles:
    """Brings in what was changed in the files of the scene that is on, and of the transition."""

    def __init__(self, reloaders: Sequence[Reloader], transition: TransitionReloader | None) -> None:
        self._reloaders, self._transition = reloaders, transition

    def __call__(self, drawn: Drawn) -> bool:
        for reloader in self._reloaders:
            if reloader.scene is drawn.image.scene:
                reloader.look(drawn.image)
        if self._transition is not None:
            self._transition.look(drawn.stage)
        return True


class ShowOnDesk:
    """Does what was asked for at the desk, its end included, and lets everybody who looks there see what was drawn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __call__(self, drawn: Drawn) -> bool:
        stats = drawn.stats
        lag_ms = stats.recent_ms("lag", 1)
        numbers = {
            "fps": stats.fps,
            "lag_ms": float(lag_ms[-1]) if len(lag_ms) else 0.0,
            "frames": float(stats.frames_out),
            "dropped": float(stats.dropped),
        }
        self._desk.update(drawn.observation, numbers, drawn.stage.problems)
        return not self._desk.stopping


class NameWindow:
    """Writes the title of the scene that is on over a window, which bears that of the first one already."""

    def __init__(self, window: Presents) -> None:
        self._window = window
        self._named: Scene | None = None

    def __call__(self, drawn: Drawn) -> bool:
        scene = drawn.image.scene
        if self._named is not None and self._named is not scene:
            self._window.rename(title_of(scene))
        self._named = scene
        return True


class ChangeScenes:
    """Changes scenes, or cues, and taps the beat, by the keys that went down."""

    def __init__(self, keys: ReadsKeys, steps: Steps, desk: Desk) -> None:
        self._keys, self._steps, self._desk = keys, steps, desk

    def __call__(self, drawn: Drawn) -> bool:
        for key in self._keys.pressed():
            press(key, self._steps, self._desk)
        return True


def title_of(scene: Scene) -> str:
    """What stands over a window that shows `scene`."""
    return f"Phosphene · {scene.title}"
