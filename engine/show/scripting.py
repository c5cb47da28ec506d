"""Rendering and tracking from a script, a notebook or a test: pictures and observations as plain Python iterators."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..core.errors import EffectFailed, UsageError
from ..core.frame import Pixels
from ..core.mailbox import Mailbox
from ..core.observation import Observation

if TYPE_CHECKING:
    from .frame_hooks import Drawn
    from .options import Wishes

AnyPath: TypeAlias = str | os.PathLike[str]
Frames: TypeAlias = AnyPath | Iterable[Pixels]

LOOK_S = 0.2  # how soon Ctrl-C is heard where a wait cannot be interrupted (Windows)


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One finished picture, the caller's own to keep and to change.

    `time_s` is its time in the input; `observation` is what was known of the frame it was drawn from, that frame
    included; `premultiplied` is H×W×4 uint8 RGBA as it was composited: linear light times alpha, stored as sRGB.
    """

    premultiplied: Pixels
    time_s: float
    observation: Observation

    @cached_property
    def pixels(self) -> Pixels:
        """H×W×4 uint8 sRGB in RGBA order, top row first, straight alpha: what `--output "frames/?alpha=1"` writes."""
        from ..core.imaging import straight_alpha

        return straight_alpha(self.premultiplied)

    @cached_property
    def rgb(self) -> Pixels:
        """H×W×3 uint8 sRGB in RGB order, over black where the scene is transparent: what `--output frames/` writes."""
        return np.ascontiguousarray(self.premultiplied[..., :3])


def render(
    scene: AnyPath,
    frames: Frames,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    set: Mapping[str, Any] | None = None,
    seed: int = 0,
    effects: AnyPath | Iterable[AnyPath] = (),
    models: Mapping[str, AnyPath] | None = None,
    sound: str | None = None,
    rotate: int = 0,
    quality: str = "auto",
    flash_guard: bool | None = None,
) -> Generator[RenderedFrame, None, None]:
    """The pictures of `scene`, one after another, bit for bit those that `phosphene run SCENE --output frames/` writes.

    `frames` is what `--input` takes, or an iterable of H×W×3 uint8 arrays (sRGB, RGB order; 30 a second, or `fps`),
    which is read in a thread of its own, a few pictures ahead. The other arguments are the options of `phosphene run`:
    `size` is (width, height), `set` maps addresses to values, `effects` are folders, `models` maps names to paths.

    Nothing is opened before the first picture is asked for, and no more than two are drawn ahead. The drawing has a
    thread and a graphics context of its own, which are gone, with all else, when the iterator has ended, was closed or
    is dropped. Raises PhospheneError, EffectFailed with the first picture in which an effect fails (a camera's show
    goes on, as ever), and what `frames` raises.
    """
    wishes = _wishes(scene, frames, size=size, fps=fps, seconds=seconds, rotate=rotate, set=set, models=models)
    wishes.seed, wishes.sound, wishes.quality, wishes.flash_guard = seed, sound, quality, flash_guard
    wishes.effect_folders = [Path(folder) for folder in _several(effects)]
    return _rendered(wishes)


def track(
    trackers: str | Iterable[str],
    frames: Frames,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    set: Mapping[str, Any] | None = None,
    models: Mapping[str, AnyPath] | None = None,
    rotate: int = 0,
) -> Generator[Observation, None, None]:
    """What one tracker, or several, find in each of `frames`, with the signals that follow from it. Draws nothing.

    `trackers` are names such as "face", "person" or "model.NAME"; `set` gives them parameters, by their addresses
    (`trackers/face.max_faces`); the rest is as in `render`. All is closed when the iterator has ended, was closed or
    is dropped. Raises PhospheneError, and what `frames` raises.
    """
    wishes = _wishes("", frames, size=size, fps=fps, seconds=seconds, rotate=rotate, set=set, models=models)
    return _tracked(tuple(_several(trackers)), wishes)


def _several(names: AnyPath | Iterable[AnyPath]) -> list[str]:
    return [os.fspath(name) for name in ([names] if isinstance(names, str | os.PathLike) else names)]


def _wishes(
    scene: AnyPath,
    frames: Frames,
    *,
    size: tuple[int, int] | None,
    fps: float | None,
    seconds: float | None,
    rotate: int,
    set: Mapping[str, Any] | None,
    models: Mapping[str, AnyPath] | None,
) -> Wishes:
    """The arguments as what `play` takes. Raises UsageError."""
    from .options import Wishes

    if size is not None and not (len(size) == 2 and all(16 <= side <= 8192 for side in size)):
        raise UsageError(f"size={size}", hint="give (width, height), from (16, 16) to (8192, 8192)")
    for name, number in (("fps", fps), ("seconds", seconds)):
        if number is not None and not 0.0 < number < 1e6:
            raise UsageError(f"{name}={number}", hint="give a number above 0")
    if rotate not in (0, 90, 180, 270):
        raise UsageError(f"rotate={rotate}", hint="give 90, 180 or 270")
    return Wishes(
        os.fspath(scene),
        os.fspath(frames) if isinstance(frames, str | os.PathLike) else "",
        outputs=(),
        size=size,
        fps=fps,
        seconds=seconds,
        rotate=rotate,
        settings=[(address, _plain(value)) for address, value in (set or {}).items()],
        models=[(name, os.fspath(path)) for name, path in (models or {}).items()],
        arrays=None if isinstance(frames, str | os.PathLike) else frames,
    )


def _plain(value: Any) -> Any:
    """A path as text, and a number of numpy's as one of Python's."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def _closed_at_exit() -> Iterator[ExitStack]:
    """A stack that is closed even where the program ends before the generator that holds it: a thread that draws, or a
    model, must not be met by the end of the interpreter."""
    with ExitStack() as stack:
        atexit.register(stack.close)
        stack.callback(atexit.unregister, stack.close)
        yield stack


def _rendered(wishes: Wishes) -> Generator[RenderedFrame, None, None]:
    """Plays in a thread of its own: the caller's may hold a graphics context already, and goes on with its own work."""
    from .session import play

    pictures: Mailbox[RenderedFrame] = Mailbox(1, drops=False)
    left = threading.Event()
    failed: list[BaseException] = []
    last: Observation | None = None

    def hand_over(drawn: Drawn) -> bool:
        nonlocal last
        if drawn.observation is not last and drawn.observation is not None:
            if not drawn.live:
                for address, words in drawn.stage.problems.items():
                    raise EffectFailed(words, where=address)
            last = drawn.observation
            pictures.put(RenderedFrame(drawn.image.read(), last.frame.time_s, last))
        return not left.is_set()

    def draw() -> None:
        try:
            play(wishes, on_picture=hand_over)
        except BaseException as error:  # noqa: BLE001 (raised again in the caller's thread)
            failed.append(error)
        finally:
            pictures.close()

    thread = threading.Thread(target=draw, name="render", daemon=True)

    def leave() -> None:
        left.set()
        pictures.close()
        if threading.current_thread() is not thread:  # it may itself find the iterator dropped, and end it
            thread.join()

    with _closed_at_exit() as stack:
        thread.start()
        stack.callback(leave)
        while not pictures.ended:
            if (picture := pictures.get(LOOK_S)) is not None:
                yield picture
        thread.join()
        if failed:
            raise failed.pop()


def _tracked(names: tuple[str, ...], wishes: Wishes) -> Generator[Observation, None, None]:
    from ..scene.custom_models import name_models
    from ..scene.scene import Scene
    from ..scene.signals import Signals
    from ..trackers import open_tracker
    from . import opening
    from .session import length_wanted, set_tracker

    scene = Scene("")
    name_models(scene, wishes.models)
    for address, value in wishes.settings:
        set_tracker(scene, address, value)
    with _closed_at_exit() as stack:
        source = stack.enter_context(opening.open_input(wishes, []))
        seconds = wishes.seconds if source.live else length_wanted(wishes, source, wishes.fps or source.fps or 30.0)
        opening.fetch_models(names, scene.tracker_params)
        trackers = {n: stack.enter_context(open_tracker(n, **scene.tracker_params(n))) for n in names}
        signals = Signals()
        while (frame := source.read()) is not None and (seconds is None or frame.time_s < seconds - 1e-6):
            found = {name: tracker.track(frame) for name, tracker in trackers.items()}
            known = {name: result for name, result in found.items() if result is not None}
            yield signals.observe(Observation(frame, known))
