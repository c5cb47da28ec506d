"""Draws the way from one image into another: gl-transitions and ISF transitions between two finished images."""

from __future__ import annotations

from pathlib import Path

import moderngl

from ..core.errors import UsageError
from ..effect.effect import Effect
from ..glsl.dialects.prelude import PICTURE, straight_shader
from .effect_runner import EffectRunner
from .gpu import Gpu
from .program import Program
from .targets import Target


class Transition:
    """Draws one transition at images of `size`. `effect` holds its parameters.

    Raises UsageError for an effect that is no transition, ShaderError for one that does not compile.
    """

    def __init__(self, gpu: Gpu, effect: Effect, size: tuple[int, int]) -> None:
        second = effect.second_image()
        if second is None:
            raise UsageError(
                f"'{type(effect).__name__}' is not a transition",
                hint="a transition is a gl-transitions file, or an ISF file with startImage, endImage and progress",
            )
        self.gpu, self.effect, self.size = gpu, effect, size
        self._runner = EffectRunner(gpu, effect, size)
        self._straight: Program | None = None
        self._images: list[Target] = []
        try:
            self._straight = Program(gpu, straight_shader("target"))
            self._images = [Target(gpu, size, dtype="f1") for _ in range(2)]
        except BaseException:
            self.release()
            raise
        self._names = (PICTURE, f"_media_{second}")
        self._last_s: float | None = None

    def draw(
        self,
        first: moderngl.Texture,
        second: moderngl.Texture,
        progress: float,
        target: moderngl.Framebuffer,
        time_s: float = 0.0,
    ) -> None:
        """Draws `first` on its way into `second` (sRGB textures of premultiplied linear light, as canvases are), at
        `progress` 0 to 1, into `target`, which is neither of them. At 0 that is `first`, at 1 `second`, as far as the
        file keeps that law."""
        effect, runner = self.effect, self._runner
        effect.set("progress", min(max(progress, 0.0), 1.0))
        runner.begin(time_s)
        effect.advance_to(time_s, 0.0 if self._last_s is None else time_s - self._last_s)
        self._last_s = time_s
        runner.ready()
        given = {}
        for name, image, straight in zip(self._names, (first, second), self._images, strict=True):
            self._straighten(image, straight)
            given[name] = straight.texture
        runner.replace_textures(given)
        runner.begin_layer(opaque=True)  # its own copy of the first image is not needed
        textures = {"_frame": first, "_camera": first}
        for index in runner.drawn():
            if runner.steps[index].target:
                runner.draw_target(index, {}, textures)
            else:
                runner.draw(index, target, {"_opacity": 1.0}, textures)

    @property
    def files(self) -> set[Path]:
        """The shader files that it is made of."""
        return self._runner.files

    def begin(self) -> None:
        """Forgets what the last change has left behind, so that nothing of its images comes into the next."""
        self._runner.clear_history()
        self._last_s = None

    def resize(self, size: tuple[int, int]) -> None:
        """Draws between images of another size from now on."""
        self.size = size
        self._runner.resize(size, 1.0)
        for image in self._images:
            image.release()
        self._images = [Target(self.gpu, size, dtype="f1") for _ in range(2)]

    def _straighten(self, image: moderngl.Texture, into: Target) -> None:
        assert self._straight is not None
        self._straight.texture("_frame", image)
        self._straight.draw(into.framebuffer)

    def release(self) -> None:
        """Gives back every GL object."""
        self._runner.release()
        if self._straight is not None:
            self._straight.release()
        for image in self._images:
            image.release()
        self._images = []
