"""The parts of a show, each of which fails when its fault is on: a source, trackers, an effect's hook, sinks."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any

from ...core.closing import Closing
from ...core.errors import SinkError, SourceError
from ...core.frame import Frame, Pixels
from ...core.observation import Observation
from ...effect.effect import Effect
from ...renderer.renderer import Renderer
from ...scene.scene import Scene
from ...sources.base import Source
from ...sources.fit import cover
from ...trackers.base import Tracker
from .faults import Clock, Fault
from .judge import MARK, MARK_PART, Judge


class FaultySource(Closing):
    """A camera made of another source, played over and over at its rate, with a strip of a glaring colour at the top:
    where that colour gets into the frame of a scene that hides the room, the room was shown."""

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None

    def __init__(self, opened: Callable[[], Source], clock: Clock) -> None:
        self._open, self._clock = opened, clock
        self._inner = opened()
        self.size = self._inner.size
        self.fps: float | None = self._inner.fps or 30.0
        self._start_s = self._due_s = time.perf_counter()
        self._next = 0

    def read(self) -> Frame | None:
        """The next frame at its time; None when the show is over. Raises SourceError while unplugged."""
        clock = self._clock
        if fault := clock.on("source.stalls"):
            clock.wait_out(fault)
        if fault := clock.on("source.dies"):
            clock.ended.wait(0.05)
            raise SourceError(fault.message)
        rate = (self.fps or 30.0) / (3 if clock.on("source.slows") else 1)
        now = time.perf_counter()
        self._due_s = max(self._due_s + 1 / rate, now - 1.0)
        if clock.ended.wait(max(0.0, self._due_s - now)):
            return None
        frame = self._inner.read()
        if frame is None:
            self._inner.close()
            self._inner = self._open()
            frame = self._inner.read()
        if frame is None:
            raise SourceError("the input has no frame", hint="choose another --input")
        pixels = frame.pixels.copy()
        pixels[: max(2, round(self.size[1] * MARK_PART))] = MARK
        if clock.on("source.resizes"):
            pixels = cover(pixels, (self.size[0] // 4 * 3, self.size[1]))
        captured_s = time.perf_counter()
        number, self._next = self._next, self._next + 1
        return Frame(number, captured_s - self._start_s, pixels, captured_s)

    def close(self) -> None:
        """Closes the inner source."""
        self._inner.close()


class FaultyTracker(Closing):
    """A tracker that raises, hangs or dawdles when it is its turn. What it says of a frame the judge hears too."""

    def __init__(self, inner: Tracker, clock: Clock, judge: Judge) -> None:
        self._inner, self._clock, self._judge = inner, clock, judge

    def track(self, frame: Frame) -> Any:
        """What the inner tracker says."""
        if fault := self._clock.on("tracker.raises"):
            raise RuntimeError(fault.message)
        if fault := self._clock.on("tracker.hangs"):
            self._clock.wait_out(fault)
        if self._clock.on("tracker.slows"):
            self._clock.ended.wait(0.25)
        result = self._inner.track(frame)
        self._judge.said(frame, result)
        return result

    def close(self) -> None:
        """Closes the inner tracker."""
        self._inner.close()


class FaultyEffect:
    """Makes the scene's first effect raise once a fault, and mends it when the fault is over. `there`: it has one."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self._clock = clock
        self._raised: set[int] = set()
        self._broken: Fault | None = None
        effects = [effect for layer in scene.layers for effect in layer.effects.values()]
        self.there = bool(effects)
        if effects:
            self._spoil(effects[0])

    def _spoil(self, effect: Effect) -> None:
        update = effect.update

        def spoiled(observation: Observation, dt: float) -> None:
            fault = self._clock.on("effect.raises")
            if fault and fault.number not in self._raised:
                self._raised.add(fault.number)
                self._broken = fault
                raise RuntimeError(fault.message)
            update(observation, dt)

        effect.update = spoiled  # type: ignore[method-assign]

    def mend(self, renderer: Renderer) -> None:
        """Puts the effect back as a saved file would."""
        if self._broken is not None and self._clock.now_s >= self._broken.end_s:
            self._broken = None
            renderer.match_scene()


class FaultyCard:
    """Takes the graphics context away once a fault, as a reset of the card does (Linux: by EGL)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: set[int] = set()

    def lose(self) -> None:
        """Destroys the context behind the back of everything that was made in it, when it is time."""
        fault = self._clock.on("gpu.lost")
        if fault and fault.number not in self._done:
            self._done.add(fault.number)
            destroy_context()


def destroy_context() -> None:
    """The calling thread's EGL context is gone: GL calls do nothing from here on, and no name means anything."""
    egl = ctypes.CDLL("libEGL.so.1")
    egl.eglGetCurrentDisplay.restype = egl.eglGetCurrentContext.restype = ctypes.c_void_p
    egl.eglMakeCurrent.argtypes = [ctypes.c_void_p] * 4
    egl.eglDestroyContext.argtypes = [ctypes.c_void_p] * 2
    display, context = egl.eglGetCurrentDisplay(), egl.eglGetCurrentContext()
    egl.eglMakeCurrent(display, None, None, None)
    egl.eglDestroyContext(display, context)


class Blocking(Closing):
    """An output that takes nothing while its fault is on."""

    alpha = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.frames = 0

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes a frame, or blocks."""
        if fault := self._clock.on("sink.blocks"):
            self._clock.wait_out(fault)
        self.frames += 1


class Dying(Blocking):
    """An output that fails for good."""

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes a frame, or raises."""
        if fault := self._clock.on("sink.dies"):
            raise SinkError(fault.message)
        self.frames += 1
