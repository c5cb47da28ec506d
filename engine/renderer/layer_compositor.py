"""How one layer gets onto the canvas, in as few draws as its effects allow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import moderngl
import numpy as np

from ..core.frame import Pixels
from ..core.imaging import resize
from ..glsl.prelude import CLEAN
from ..matte.matte import Tiles
from ..scene.layer import Layer
from .effect_runner import EffectRunner
from .overlay import Overlay
from .targets import Pool, Target


class EffectError(Exception):
    """What went wrong while the effect of `runner` was drawn."""

    def __init__(self, runner: EffectRunner, error: Exception) -> None:
        super().__init__(str(error))
        self.runner, self.error = runner, error


class LayerPaint:
    """Draws one layer for one frame. At least one of `runners` covers the image, or all of them draw over the canvas.

    In meaning a layer is cut out first, then goes through its effects, and is blended onto the canvas last. Where the
    effects leave every pixel in its place, all of this happens in the last effect's own draw, so the layer costs no
    pass of its own; else the image is cut out, or finished, aside.
    """

    def __init__(
        self,
        layer: Layer,
        runners: Sequence[EffectRunner],
        copy: EffectRunner,
        enlarge: EffectRunner,
        canvas: Target,
        pool: Pool,
        overlay: Overlay,
    ) -> None:
        self.layer, self.runners, self.copy, self.enlarge = layer, runners, copy, enlarge
        self.canvas, self.pool, self.overlay = canvas, pool, overlay
        self._borrowed: list[Target] = []
        self.written: Pixels | None = None  # the canvas's bytes, where they were written and nothing drawn over them
        self.costs: dict[EffectRunner, float] = {}  # seconds by effect, where they are measured
        self._measures = False
        self.plain = layer.opacity == 1.0 and layer.blend == "normal"
        self.last = max((i for i, r in enumerate(runners) if r.is_full_frame), default=-1)
        if self.last < 0:
            self.direct, self.cuts_last = True, False
            return
        ending = runners[self.last]
        adds = any(r.overlays for r in runners[self.last :])
        # A mesh that repaints what is beneath it must be given that: the camera's image where nothing was done to it.
        repaint = max((i for i, r in enumerate(runners) if i >= self.last and r.reads_destination), default=-1)
        repaints = repaint >= 0 and (layer.cut != "none" or ending is not copy or repaint > self.last + 1)
        # An image that looks beneath itself, or at its own last one, cannot be drawn onto the canvas directly; nor can
        # one whose sprites must be blended with it.
        looks = ending.image_uses("backdrop") or ending.past is not None
        self.direct = not looks and not repaints and (self.plain or not adds)
        moves = any(r.image_uses("frame") for r in runners if r.is_full_frame)
        early_adds = any(r.overlays for r in runners[: self.last])
        self.cuts_last = layer.cut != "none" and self.direct and not moves and not early_adds

    def draw(
        self,
        textures: Mapping[str, moderngl.Texture],
        values: Mapping[str, Any],
        tiles: Tiles | None,
        fresh: bool,
        raw: Pixels | None = None,
    ) -> None:
        """Draws the layer: `tiles` say where it is cut out; `fresh` says that the canvas is still untouched.

        Raises EffectError; the canvas is then in no known state.

        `raw`, the source's own RGBA bytes, are given where writing them into the canvas is cheaper than drawing them.
        """
        layer = self.layer
        self.textures, self.values = dict(textures), values
        self.tiles = tiles if self.cuts_last else None
        self.raw = raw if self.direct else None
        self.blend = None if self.plain and fresh and layer.cut == "none" else layer.blend
        self.surface = self.canvas
        self.clean = "_room" in textures
        if fresh and (self.blend is not None or self.last < 0):
            self.canvas.framebuffer.clear()
        cut = "cut" if layer.cut == "person" else "cut-not"
        whole = {**values, "_opacity": 1.0}
        if layer.cut != "none" and not self.cuts_last:
            self._aside(self.copy, 0, whole, cut)
        ending = "effect" if layer.opacity == 1.0 else "opacity"
        try:
            for position, runner in enumerate(self.runners):
                ends = position == self.last and self.direct
                try:
                    begin = self._now()
                    self._draw_effect(runner, cut if ends and self.cuts_last else ending, ends)
                    if self._measures:
                        self.costs[runner] = self._now() - begin
                except Exception as error:
                    raise EffectError(runner, error) from error
            if not self.direct:
                self._onto_canvas(self.copy, 0, ending)
        finally:
            for target in self._borrowed:
                self.pool.put_back(target)

    def measure(self) -> None:
        """Has the seconds measured that each effect takes; waiting for each costs."""
        self._measures = True

    def _now(self) -> float:
        """The time when everything is drawn, where that is measured."""
        if self._measures:
            self.pool.gpu.finish()
        return time.perf_counter()

    def _draw_effect(self, runner: EffectRunner, ending: str, ends: bool) -> None:
        runner.begin_layer(opaque=self.textures["_frame"] is self.textures["_camera"])
        for index in runner.drawn():
            step = runner.steps[index]
            if step.target:
                runner.draw_target(index, self.values, self.textures)
            elif step.mesh:
                self._draw_mesh(runner, index)
            elif step.sprites:
                runner.draw(index, self._open().framebuffer, self.values, self.textures)
            elif small := runner.draw_reduced(index, self.values, self.textures):
                self._finish(self.enlarge, 0, ending if ends else None, small)
            else:
                self._finish(runner, index, ending if ends else None)
        if runner.effect.shapes:
            self.overlay.draw(runner.effect.shapes, self._open().framebuffer)

    def _open(self) -> Target:
        """The image so far, to draw over: what an effect keeps for its next frame is copied, not drawn over."""
        self.written = None
        if self.surface.double:
            scratch = self._borrow()
            scratch.blit(self.surface)
            self.surface = scratch
            self.textures["_frame"] = self.surface.texture
        return self.surface

    def _borrow(self) -> Target:
        """An image of the pool's, given back when the layer is drawn."""
        target = self.pool.take()
        self._borrowed.append(target)
        return target

    def _draw_mesh(self, runner: EffectRunner, index: int) -> None:
        """Draws a mesh over the image so far; where it looks at that, at a copy of the pixels that it may touch."""
        surface, textures = self._open(), self.textures
        box = runner.box(index)
        if box is None:
            return
        if surface.texture is textures["_frame"] and "frame" in runner.reads:
            scratch = self._borrow()
            self.pool.gpu.blit_region(surface.framebuffer, scratch.framebuffer, box)
            textures = {**textures, "_frame": scratch.texture}
        runner.draw(index, surface.framebuffer, self.values, textures)

    def _finish(self, runner: EffectRunner, index: int, ending: str | None, small: Target | None = None) -> None:
        """Draws an effect's image, or enlarges a `small` one: onto the canvas if it has an `ending`, else aside."""
        if small is not None:
            self.textures["_frame"] = small.texture
        if ending is None:
            self._aside(runner, index, self.values)
        elif small is not None and ending == "effect" and self.blend is None and small.gpu.software:
            # On a processor enlarging bytes costs a fifth of a pass.
            pixels = np.empty((small.size[1], small.size[0], 4), np.uint8)
            small.framebuffer.read_into(pixels, components=4)
            self.written = resize(pixels, self.canvas.size)
            self.canvas.texture.write(self.written)
            self.surface = self.canvas
        else:
            self._onto_canvas(runner, index, ending)

    def _onto_canvas(self, runner: EffectRunner, index: int, main: str) -> None:
        """Draws the pass that ends the layer."""
        canvas = self.canvas.framebuffer
        if self.raw is not None and runner is self.copy and self.blend is None:
            self.canvas.texture.write(self.raw)
            return
        engine_writes = runner.steps[index].engine_writes
        if self.tiles is not None and engine_writes:
            for ending, tiles in (("tile-solid", self.tiles.solid), ("tile-soft", self.tiles.soft)):
                if len(tiles):
                    way = self._cleaned(ending)
                    runner.draw(index, canvas, self.values, self.textures, way, self.blend, tiles)
        else:
            way = self._cleaned(main) if engine_writes else main
            runner.draw(index, canvas, self.values, self.textures, way, self.blend)
        self.surface = self.canvas

    def _cleaned(self, main: str) -> str:
        """The way of writing `main`, with the room's colours taken out of soft pixels where they are known."""
        return main + CLEAN if self.clean and main in ("cut", "tile-soft") else main

    def _aside(self, runner: EffectRunner, index: int, values: Mapping[str, Any], main: str = "effect") -> None:
        """Draws a pass into an image of its own, which the next one reads."""
        target = runner.past
        if target is None:
            target = self._borrow()
        runner.draw(index, target.framebuffer, values, self.textures, self._cleaned(main))
        target.flip()
        self.textures["_frame"] = target.texture
        self.clean = False  # edges are cleaned once, in the image that comes first
        self.surface = target


def plain(layer: Layer) -> bool:
    """Whether the layer simply lies over what is beneath it."""
    return layer.opacity == 1.0 and layer.blend == "normal"


def grounded(layer: Layer, runners: Sequence[EffectRunner]) -> tuple[Sequence[EffectRunner], Sequence[EffectRunner]]:
    """The effects that make a layer's image, and those after them that only draw something over it."""
    last = max((i for i, runner in enumerate(runners) if runner.is_full_frame), default=-1)
    over = runners[last + 1 :]
    if not plain(layer) or any(runner.reads_destination for runner in over):
        return runners, ()
    return runners[: last + 1], over
