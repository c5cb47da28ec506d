"""One scene, one observation, one image: drawing without a show, for scripts, notebooks and tests."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..control.settings import setting
from ..core.closing import Closing
from ..core.errors import EffectFailed, UsageError
from ..core.frame import Frame, Pixels
from ..core.observation import Observation
from ..core.params import plain
from ..scene.scene import Scene
from ..scene.signals import Signals
from .catalogue import load_scene
from .options import AnyPath
from .own_thread import OwnThread
from .scripting import RenderedFrame

if TYPE_CHECKING:
    import moderngl

    from ..renderer.renderer import Renderer as SceneRenderer

T = TypeVar("T")


class Renderer(Closing):
    """Draws one scene: an observation, a frame or an array in, one image out, of the same size.

    `scene` is a Scene, or the name or path of one, with its own effects in the folders `effects`; `parameters` maps
    addresses to values. It may be changed between images: parameters, bindings, layers. Nothing is tracked: what
    the scene needs to know (`scene.needs()`) stands in the observation, which `phosphene.track` gives. A scene that
    hides the room draws its slate where the person mask is not known.

    It draws in a thread and a headless graphics context of its own; `context` is a moderngl context (OpenGL 3.3) of the
    caller's to draw in instead, in the caller's thread, in which it must be the current one. It stays open, with the
    same framebuffer bound as before; blending is off, programs and textures are not put back. A context manager:
    `close` gives everything back. Raises UsageError for the scene and its parameters, GpuError without OpenGL.
    """

    def __init__(
        self,
        scene: Scene | AnyPath,
        *,
        effects: AnyPath | Iterable[AnyPath] = (),
        parameters: Mapping[str, Any] | None = None,
        seed: int = 0,
        context: moderngl.Context | None = None,
    ) -> None:
        self._scene = scene if isinstance(scene, Scene) else load_scene(scene, effects=effects)
        for address, value in (parameters or {}).items():
            setting(self._scene, address, plain(value)).apply()
        thread = OwnThread() if context is None else None
        self._do: Callable[[Callable[[], Any]], Any] = call if thread is None else thread.do
        try:
            self._drawing: Drawing = self._do(lambda: Drawing(self._scene, seed, context))
        except BaseException:
            if thread is not None:
                thread.close()
            raise
        # Also where the caller forgets it, and when the program ends: a thread that draws must not be met by that.
        self._finish = weakref.finalize(self, shut, self._drawing, thread)

    @property
    def scene(self) -> Scene:
        """The scene; what is changed in it is drawn with the next image."""
        return self._scene

    def render(self, seen: Observation | Frame | Pixels, dt: float | None = None) -> RenderedFrame:
        """The image of `seen`: an observation, a frame, or an H×W×3 uint8 array (sRGB, RGB order, top row first).

        Frames whose time rises are a sequence: effects remember what was before, and `dt` is the seconds since the last
        one, by default the difference of their times. A frame whose time does not rise, or of another size, begins
        anew, so that the same observation gives the same image. An array is a frame at second 0. Signals are those of
        the observation, worked out from its results where it has none. Raises EffectFailed, whose `where` is the
        effect's address, where an effect fails, and UsageError for what is no image.
        """
        if not self._finish.alive:
            raise UsageError("this renderer is closed", hint="make another one")
        observation = observation_of(seen)
        image: RenderedFrame = self._do(lambda: self._drawing.image(observation, dt))
        return image

    def close(self) -> None:
        """Gives back every object of OpenGL, and the context where it is its own; harmless when called twice."""
        self._finish()


class Drawing:
    """What belongs to the one thread that draws: the context, the renderer in it, and what the last frame left."""

    def __init__(self, scene: Scene, seed: int, context: moderngl.Context | None) -> None:
        from ..renderer.gpu import Gpu

        self._scene, self._seed = scene, seed
        self._own = context is None
        self._gpu = Gpu.headless() if context is None else Gpu(context)
        self._renderer: SceneRenderer | None = None
        self._signals = Signals(seed)
        self._last_s = 0.0

    def image(self, observation: Observation, dt: float | None) -> RenderedFrame:
        """See Renderer.render."""
        frame = observation.frame
        with self._current():
            renderer = self._renderer
            if renderer is None or renderer.frame_size != frame.size or frame.time_s <= self._last_s:
                renderer = self._begin(frame)
            else:
                renderer.match_scene()
            if dt is None:
                dt = frame.time_s - self._last_s
            self._last_s = frame.time_s
            if not observation.signals:
                observation = self._signals.observe(observation)
            self._scene.apply(observation.signals, dt)
            renderer.render(observation, dt)
            for address, why in renderer.problems.items():
                raise EffectFailed(str(why), where=address)
            return RenderedFrame(renderer.read(), frame.time_s, observation)

    def _begin(self, frame: Frame) -> SceneRenderer:
        """A renderer that remembers nothing."""
        from ..renderer.renderer import Renderer as SceneRenderer

        self._release()
        self._signals, self._last_s = Signals(self._seed), frame.time_s
        for binding in self._scene.bindings.values():
            binding.reset()
        self._renderer = SceneRenderer(self._gpu, self._scene, frame.size, self._seed)
        return self._renderer

    def _release(self) -> None:
        if self._renderer is not None:
            self._renderer.release()
            self._renderer = None

    def close(self) -> None:
        """Gives everything back."""
        with self._current():
            self._release()
        if self._own:
            self._gpu.close()
        else:
            self._gpu.detach()

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Leaves a context of the caller's as it was."""
        if self._own:
            yield
            return
        with self._gpu.borrowed():
            yield


def observation_of(seen: Observation | Frame | Pixels) -> Observation:
    """`seen` with the frame that it is, or that is made of it. Raises UsageError for an array that is no image."""
    if isinstance(seen, Observation):
        return seen
    if isinstance(seen, Frame):
        return Observation(seen)
    shape: tuple[int, ...] = getattr(seen, "shape", ())
    kind = getattr(seen, "dtype", type(seen).__name__)
    if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or kind != np.uint8:
        found = f"{'×'.join(map(str, shape))} {kind}".strip()
        raise UsageError(f"{found} is not an image: expected H×W×3 uint8, RGB", hint="convert it first")
    return Observation(Frame(0, 0.0, np.ascontiguousarray(seen)))


def call(do: Callable[[], T]) -> T:
    """What `do` returns, done in this thread."""
    return do()


def shut(drawing: Drawing, thread: OwnThread | None) -> None:
    """Closes a drawing in its own thread, and then that."""
    if thread is None:
        drawing.close()
        return
    thread.do(drawing.close)
    thread.close()
