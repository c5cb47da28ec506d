"""Rendering and tracking from a script, a notebook or a test: images and observations as plain Python iterators."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..control.settings import set_tracker
from ..core.errors import EffectFailed
from ..core.frame import Pixels
from ..core.mailbox import Mailbox
from ..core.observation import Observation
from .options import AnyPath, RunOptions
from .show_thread import LOOK_S, ShowThread, closed_at_exit

if TYPE_CHECKING:
    from .frame_hooks import Drawn

Frames: TypeAlias = AnyPath | Iterable[Pixels]


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One finished image, the caller's own to keep and to change.

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

    def _repr_png_(self) -> bytes:
        """What a notebook shows of it: a PNG with alpha."""
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(self.pixels).save(file, "PNG", compress_level=1)
        return file.getvalue()


def render(
    scene: AnyPath,
    frames: Frames,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    effects: AnyPath | Iterable[AnyPath] = (),
    models: Mapping[str, AnyPath] | None = None,
    sound: str | None = None,
    rotate: int = 0,
    quality: str = "auto",
    flash_guard: bool | None = None,
) -> Generator[RenderedFrame, None, None]:
    """The images of `scene`, one after another, bit for bit those that `phosphene run SCENE --output frames/` writes.

    `frames` is what `--input` takes, or an iterable of H×W×3 uint8 arrays (sRGB, RGB order; 30 a second, or `fps`),
    which is read in a thread of its own, a few images ahead. The other arguments are the options of `phosphene run`:
    `size` is (width, height), `parameters` maps addresses to values, `effects` are folders, `models` maps names to
    paths.

    Nothing is opened before the first image is asked for, and no more than two are drawn ahead. The drawing has a
    thread and a graphics context of its own, which are gone, with all else, when the iterator has ended, was closed or
    is dropped. Raises PhospheneError, EffectFailed with the first image in which an effect fails (a camera's show
    goes on, as ever), and what `frames` raises.
    """
    options = _options_of(frames).changed(
        scenes=scene,
        size=size,
        fps=fps,
        seconds=seconds,
        parameters=parameters,
        seed=seed,
        effects=effects,
        models=models,
        sound=sound,
        rotate=rotate,
        quality=quality,
        flash_guard=flash_guard,
    )
    return _rendered(options)


def track(
    trackers: str | Iterable[str],
    frames: Frames,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    models: Mapping[str, AnyPath] | None = None,
    rotate: int = 0,
) -> Generator[Observation, None, None]:
    """What one tracker, or several, find in each of `frames`, with the signals that follow from it. Draws nothing.

    `trackers` are names such as "face", "person" or "model.NAME"; `parameters` are theirs, by their addresses
    (`trackers/face.max_faces`); the rest is as in `render`. All is closed when the iterator has ended, was closed or
    is dropped. Raises PhospheneError, and what `frames` raises.
    """
    options = _options_of(frames).changed(
        size=size, fps=fps, seconds=seconds, parameters=parameters, models=models, rotate=rotate
    )
    return _tracked((trackers,) if isinstance(trackers, str) else tuple(trackers), options)


def _options_of(frames: Frames) -> RunOptions:
    """Options with this input and no output."""
    if isinstance(frames, str | os.PathLike):
        return RunOptions().changed(input=os.fspath(frames), outputs=())
    return RunOptions().changed(input="", images=frames, outputs=())


def _rendered(options: RunOptions) -> Generator[RenderedFrame, None, None]:
    """Plays in a thread of its own: the caller's may hold a graphics context already, and goes on with its own work."""
    images: Mailbox[RenderedFrame] = Mailbox(1, drops=False)
    last: Observation | None = None

    def hand_over(drawn: Drawn) -> None:
        nonlocal last
        if drawn.observation is not last and drawn.observation is not None:
            if not drawn.live:
                for address, problem in drawn.stage.problems.items():
                    raise EffectFailed(str(problem), where=address)
            last = drawn.observation
            images.put(RenderedFrame(drawn.image.read(), last.frame.time_s, last))

    thread = ShowThread(options, hand_over, ended=images.close)

    def leave() -> None:
        thread.leave()
        images.close()
        if threading.current_thread() is not thread:  # it may itself find the iterator dropped, and end it
            thread.join()

    with closed_at_exit() as stack:
        thread.start()
        stack.callback(leave)
        while not images.ended:
            if (image := images.get(LOOK_S)) is not None:
                yield image
        thread.join()
        thread.raise_error()


def _tracked(names: tuple[str, ...], options: RunOptions) -> Generator[Observation, None, None]:
    from ..scene.custom_models import name_models
    from ..scene.scene import Scene
    from ..scene.signals import Signals
    from ..trackers import open_tracker
    from . import opening
    from .session import length_wanted

    scene = Scene("")
    name_models(scene, options.scene.models)
    for address, value in options.scene.parameters:
        set_tracker(scene, address, value)
    with closed_at_exit() as stack:
        source = stack.enter_context(opening.open_input(options, []))
        fps = options.input.fps or source.fps or 30.0
        seconds = options.pace.seconds if source.live else length_wanted(options, source, fps)
        opening.fetch_models(names, scene.tracker_params)
        trackers = {n: stack.enter_context(open_tracker(n, **scene.tracker_params(n))) for n in names}
        signals = Signals()
        while (frame := source.read()) is not None and (seconds is None or frame.time_s < seconds - 1e-6):
            found = {name: tracker.track(frame) for name, tracker in trackers.items()}
            known = {name: result for name, result in found.items() if result is not None}
            yield signals.observe(Observation(frame, known))
