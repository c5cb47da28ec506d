"""Draws a scene: an observation in, an image out. The effects that run are kept by RunningEffects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import moderngl
import numpy as np

from ..core.frame import Frame, Pixels
from ..core.imaging import enlarge, shrunk
from ..core.observation import Observation
from ..core.problem import Problem
from ..effect.effect import Effect
from ..effect.shapes import Shape
from ..matte.matte import MatteField
from ..scene.layer import Layer
from ..scene.scene import Scene
from .clean_plate_textures import PLATE
from .copies import Copy, Enlarge
from .effect_runner import EffectRunner
from .flash_guard import FlashGuard
from .gpu import Gpu
from .input_textures import LayerInput
from .inputs import Inputs
from .layer_cache import LayerCache
from .layer_compositor import EffectError, LayerPaint, grounded, plain
from .notices import SLATE, problem_shapes, slate_shapes
from .overlay import Overlay
from .problems import Problems
from .quality import FULL, Quality
from .running_effects import RunningEffects
from .targets import Pool, Target


class Renderer:
    """Draws a scene, frame after frame, into a canvas of the frames' size."""

    def __init__(self, gpu: Gpu, scene: Scene, size: tuple[int, int], seed: int = 0, *, guards: bool = True) -> None:
        self.gpu, self.scene, self.seed = gpu, scene, seed
        self.guards = guards  # whether the flash guard looks at its images, where the scene has it on
        self.closed = ""  # why the last image was a slate
        self.frame_size = size  # of what goes in and comes out
        self.size = size  # of what is drawn
        self.quality = FULL
        self.canvas = Target(gpu, size)
        self.overlay = Overlay(gpu)
        self._costs: dict[str, float] | None = None  # seconds by effect, where they are measured
        self._inputs = Inputs(gpu, size)
        self._pool = Pool(gpu, size)
        self._none = gpu.texture((1, 1), 4, b"\0\0\0\0", srgb=True)
        self._copy = EffectRunner(gpu, Copy(), size)
        self._enlarge = EffectRunner(gpu, Enlarge(), size)
        self._problems = Problems()
        self.effects = RunningEffects(gpu, scene, size, seed, self._problems)
        self._layer_cache = LayerCache(gpu)
        self._guard = FlashGuard(gpu)
        self.match_scene()

    def set_quality(self, quality: Quality) -> None:
        """Draws with less, or with all that the scene asks for again, from the next frame on. Compiles nothing."""
        if quality == self.quality:
            return
        scales = quality.pass_scale != self.quality.pass_scale
        size, self.quality = quality.size(self.frame_size), quality
        resizes = size != self.size
        if resizes:
            self.size = size
            old, self.canvas = self.canvas, Target(self.gpu, size)
            self.canvas.blit(old)  # the flash guard goes on from what was shown
            old.release()
            self._pool.release()
            self._pool = Pool(self.gpu, size)
            self._inputs.resize(size)
            self._copy.resize(size, 1.0)
            self._enlarge.resize(size, 1.0)
        if resizes or scales:
            self.effects.resize(size, quality.pass_scale)

    def match_scene(self) -> None:
        """Makes ready every effect of the scene that is new, and lets go of those that are gone."""
        self.effects.match_scene()

    def swap_canvas(self, canvas: Target) -> Target:
        """Draws into `canvas` from now on; returns the last one, with the image that it holds."""
        last, self.canvas = self.canvas, canvas
        return last

    @property
    def problems(self) -> Mapping[str, Problem]:
        """What is wrong now, by address: `layer/effect`, or what was reported from outside."""
        return self._problems

    def report(self, address: str, error: BaseException, effect: Effect | None = None) -> None:
        """Shows a problem in the image and in the log, until it is cleared."""
        self.effects.report(address, error, effect)

    def add_problem(self, problem: Problem) -> bool:
        """Shows a problem in the image alone, until it is cleared; returns whether it is news."""
        return self._problems.report(problem)

    def clear(self, address: str) -> None:
        """The problem at `address` is gone."""
        self._problems.clear(address)

    def measure_effects(self) -> None:
        """Has the next frame measured effect by effect, which costs a wait for each."""
        self._costs = {}

    def effect_costs(self) -> dict[str, float]:
        """Seconds by effect of the frame that was to be measured, once; nothing where none was."""
        costs, self._costs = self._costs, None
        return costs or {}

    def render(self, observation: Observation, dt: float, over: Sequence[Shape] = ()) -> None:
        """Draws the scene for `observation` into the canvas, with the shapes `over` on top.

        A scene that hides the room shows a slate wherever the mask is not known or an effect has failed.
        """
        frame = observation.frame
        if frame.size != self.frame_size:
            raise ValueError(f"frame of {frame.size}, renderer of {self.frame_size}")
        if self.size != self.frame_size:
            # What effects see is as large as what they draw.
            observation = replace(observation, frame=replace(frame, pixels=shrunk(frame, self.size)))
        self.effects.update(observation, dt, self._costs)
        guarded = self.guards and self.scene.flash_guard
        if guarded:
            self.canvas = self._guard.begin(self.canvas)
        while True:
            closed = self.closed = self._closed(observation)
            try:
                if closed:
                    self.slate(closed)
                else:
                    self._draw_layers(observation, frame, dt)
                break
            except EffectError as failed:
                # The image begins anew without the effect, or is closed, so that not even this frame is a wrong one.
                if not self.effects.fail_runner(failed.runner, failed.error):
                    raise failed.error from None
        self.overlay.draw([*problem_shapes(self._problems, self.size), *over], self.canvas.framebuffer)
        if guarded:
            self.canvas = self._guard.end(self.canvas, observation.frame.time_s, whole=bool(closed))

    def prepare_next(self, upcoming: Observation) -> None:
        """Makes ready the pixels and mattes of the frame that comes next."""
        self._inputs.prepare_next(upcoming.frame, upcoming.mask)

    def _draw_layers(self, observation: Observation, full: Frame, dt: float) -> None:
        """Draws every layer. Raises EffectError."""
        self._inputs.begin(observation, full)
        uniforms = {
            "time_s": observation.frame.time_s % 3600.0,
            "dt": dt,
            "seed": (self.seed * 0.61803398875) % 1.0,
            "face_count": min(len(observation.faces), 16),
            "pose_count": min(len(observation.poses), 16),
        }
        fresh = True
        for layer in self.scene.layers:
            if not layer.drawn:
                continue
            runners = self.effects.of(layer)
            ground, over = grounded(layer, runners)
            key = self._layer_cache.key(layer, ground) if fresh else None
            if key is None:
                fresh, _ = self._draw_layer(layer, uniforms, fresh, runners)
                continue
            if not self._layer_cache.show(key, observation.frame.time_s, self.canvas):
                _, written = self._draw_layer(layer, uniforms, True, ground)
                self._layer_cache.keep(key, observation.frame.time_s, self.canvas, written)
            fresh = False
            if over:
                self._draw_layer(layer, uniforms, False, over)
        if fresh:
            self.canvas.framebuffer.clear()

    def _closed(self, observation: Observation) -> str:
        """Why the image must not be shown, or nothing."""
        if not self.scene.hides_room():
            return ""
        if any("person" in layer.needs() for layer in self.scene.layers if layer.drawn) and observation.mask is None:
            return "waiting for the person mask"
        broken = self.effects.broken()
        return f"{broken} failed" if broken else ""

    def slate(self, reason: str) -> None:
        """Draws what is shown instead of the room, with `reason` in words."""
        framebuffer = self.canvas.framebuffer
        framebuffer.clear(*SLATE)
        self.overlay.draw(slate_shapes(self.scene.title or self.scene.name, reason, self.size[1]), framebuffer)

    def _draw_layer(
        self, layer: Layer, uniforms: Mapping[str, Any], fresh: bool, runners: Sequence[EffectRunner]
    ) -> tuple[bool, Pixels | None]:
        """Draws one layer by these of its effects onto the canvas; returns whether the canvas is still untouched, and
        its bytes where they are known."""
        own = self._inputs.layer_input(layer.source) if layer.has_own_input else None
        if layer.has_own_input and own is None:
            return fresh, None  # its input has no image
        textures, field, values = self.layer_inputs(layer, uniforms, own)
        if layer.cut != "none" and field is None:
            return fresh, None  # what is to be cut away is not known, so nothing is shown
        if layer.cut == "person" and field is not None and field.bounds is None:
            return fresh, None
        over = (
            layer.source == "none"
            and layer.cut == "none"
            and plain(layer)
            and not any(r.reads_destination for r in runners)
        )
        if not any(r.is_full_frame for r in runners) and not over:
            runners = [self._copy, *runners]
        tiles = field.tiles(layer.matte.shape()) if layer.cut == "person" and field is not None else None
        paint = LayerPaint(layer, runners, self._copy, self._enlarge, self.canvas, self._pool, self.overlay)
        if self._costs is not None:
            paint.measure()
        # On a processor copying bytes costs a tenth of a pass; on a graphics card the pass costs nothing.
        source = self._inputs if layer.source == "camera" else own
        raw = source.pixels if self.gpu.software and source is not None else None
        paint.draw(textures, values, tiles, fresh, raw)
        if self._costs is not None:
            self.effects.add_costs(self._costs, paint.costs)
        return False, paint.written

    def layer_inputs(
        self, layer: Layer, uniforms: Mapping[str, Any], own: LayerInput | None = None
    ) -> tuple[dict[str, moderngl.Texture], MatteField | None, dict[str, Any]]:
        """The textures and uniforms that a layer's passes may read; `own` is its own input, where it has one."""
        reads = self.effects.reads(layer)
        camera = self._inputs.camera if own is None else own.texture
        textures = {
            "_camera": camera,
            "_guide": self._inputs.camera,
            "_frame": self._none if layer.source == "none" else camera,
            "_backdrop": self.canvas.texture,
            "_matte": self._none,
            **dict.fromkeys(PLATE, self._none),
        }
        values = {**uniforms, "_opacity": layer.opacity, "_matte_shape": (0.5, 1.0, 0.0)}
        field = None
        if layer.cut != "none" or "mask" in reads:
            made = self._inputs.matte(layer.matte, draft=self.quality.draft_matte)
            if made is not None:
                textures["_matte"], field = made
                values["_matte_shape"] = (*layer.matte.shape(), float(field.guided))
                room = self._inputs.room(field)
                if room is not None and layer.cut == "person" and layer.source == "camera":
                    textures["_room"] = room
        if "codes" in reads:
            textures["_camera_codes"] = self._inputs.codes() if own is None else self._inputs.layer_inputs.codes(own)
        if "plate" in reads:
            textures.update(self._inputs.plate())
        if "face" in reads:
            textures["_faces"] = self._inputs.faces()
        if "pose" in reads:
            textures["_poses"] = self._inputs.poses()
        return textures, field, values

    def read(self, out: Pixels | None = None) -> Pixels:
        """The canvas at the frames' size, H×W×4 uint8, premultiplied alpha, stored as sRGB, top row first; into `out`
        where given."""
        if out is None:
            out = np.empty((self.frame_size[1], self.frame_size[0], 4), np.uint8)
        self.gpu.finish()
        small = out if self.size == self.frame_size else np.empty((self.size[1], self.size[0], 4), np.uint8)
        self.canvas.framebuffer.read_into(small, components=4)
        self.gpu.check()  # else anything may stand there, the room as well
        return out if small is out else enlarge(small, out)

    def release(self) -> None:
        """Gives back every GL object."""
        parts = (self.effects, self._copy, self._enlarge, self._inputs, self._pool, self.overlay, self._guard)
        for part in (*parts, self.canvas):
            part.release()
        self.gpu.release(self._none)
