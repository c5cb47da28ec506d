"""The only part that draws: a scene and an observation in, a picture out. It owns every GL object."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from ..core.errors import EffectRefused, PhospheneError
from ..core.frame import Frame, Pixels
from ..core.imaging import enlarge, shrunk
from ..core.observation import Observation
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
from .notices import SLATE, problem_shapes, slate_shapes, words
from .overlay import Overlay
from .previous_versions import PreviousVersions
from .quality import FULL, Quality
from .targets import Pool, Target

log = logging.getLogger("phosphene")


class Renderer:
    """Draws a scene, frame after frame, into a canvas of the frames' size."""

    def __init__(self, gpu: Gpu, scene: Scene, size: tuple[int, int], seed: int = 0, *, guards: bool = True) -> None:
        self.gpu, self.scene, self.seed = gpu, scene, seed
        self.guards = guards  # whether the flash guard looks at its pictures, where the scene has it on
        self.spent: dict[str, float] | None = None  # seconds by effect of the last frame, where that is to be measured
        self.closed = ""  # why the last picture was a slate
        self.frame_size = size  # of what goes in and comes out
        self.size = size  # of what is drawn
        self.quality = FULL
        self.problems: dict[str, str] = {}
        self.canvas = Target(gpu, size)
        self.overlay = Overlay(gpu)
        self._inputs = Inputs(gpu, size)
        self._pool = Pool(gpu, size)
        self._none = gpu.texture((1, 1), 4, b"\0\0\0\0", srgb=True)
        self._copy = EffectRunner(gpu, Copy(), size)
        self._enlarge = EffectRunner(gpu, Enlarge(), size)
        self._runners: dict[str, EffectRunner] = {}
        self._formers = PreviousVersions()
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
            for address, runner in list(self._runners.items()):
                try:
                    runner.resize(size, quality.pass_scale)
                except Exception as error:  # noqa: BLE001 (an effect's own `prepare`: it is named and the show goes on)
                    self._fail(address, error)

    def match_scene(self) -> None:
        """Makes ready every effect of the scene that is new and lets go of those that are gone."""
        wanted = {f"{layer.name}/{n}": e for layer in self.scene.layers for n, e in layer.effects.items()}
        for address in [a for a, r in self._runners.items() if wanted.get(a) is not r.effect]:
            self._runners.pop(address).release()
            self._formers.drop(address)
        for address in [a for a in self.problems if "/" in a]:
            self.forget(address)
        for address, effect in wanted.items():
            if address not in self._runners:
                effect.seed = self.seed
                self._make_runner(address, effect)

    def _make_runner(self, address: str, effect: Effect) -> None:
        try:
            self._runners[address] = EffectRunner(self.gpu, effect, self.size, pass_scale=self.quality.pass_scale)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever an effect does wrong: it is named and the show goes on)
            self._fail(address, error, effect)

    def replace(self, address: str, effect: Effect) -> bool:
        """Puts a new version of an effect, or of its shaders, in the place of the old; the old one goes on, and the
        problem is told, where the new one does not compile. Returns whether it was replaced."""
        old = self._runners.get(address)
        same = old is not None and old.effect is effect
        try:
            scale = self.quality.pass_scale
            fresh = EffectRunner(self.gpu, effect, self.size, prepare=not same, pass_scale=scale)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever an author's file does: the last one goes on)
            self.tell(address, words(error, effect))
            return False
        if old is not None:
            self._formers.keep(address, old, fresh)
        self._runners[address] = fresh
        self.forget(address)
        return True

    def files(self, address: str) -> set[Path]:
        """The shader files of the effect at `address`."""
        return self._runners[address].files if address in self._runners else set()

    def tell(self, address: str, text: str) -> None:
        """Shows a problem in the picture and in the log, until it is forgotten."""
        if self.problems.get(address) != text:
            self.problems[address] = text
            log.error("%s: %s", address, text)

    def forget(self, address: str) -> None:
        """The problem at `address` is gone."""
        self.problems.pop(address, None)

    def _fail(self, address: str, error: BaseException, effect: Effect | None = None) -> None:
        """Switches an effect off, or goes back to the version before it was saved, and says why, once."""
        self.gpu.check()  # without a context everything fails, and nothing is to blame
        runner, former = self._runners.pop(address, None), None
        if runner is not None:
            effect = runner.effect
            if former := self._formers.back(address, runner, self.scene):
                self._runners[address] = former
            runner.release()
        self.problems[address] = why = words(error, effect)
        told = None if isinstance(error, PhospheneError) else error
        what = "fails, the version before goes on" if former else "switched off"
        log.error("effect %s %s: %s", address, what, why, exc_info=told)

    def switch_off(self, address: str, why: str) -> None:
        """Switches a running effect off and says why."""
        if address in self._runners:
            self._fail(address, EffectRefused(why))

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
        self._update(observation, dt)
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
                # The picture begins anew without the effect, or is closed, so that not even this frame is a wrong one.
                address = next((a for a, r in self._runners.items() if r is failed.runner), None)
                if address is None:
                    raise failed.error from None
                self._fail(address, failed.error)
        self.overlay.draw([*problem_shapes(self.problems, self.size), *over], self.canvas.framebuffer)
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
            runners = self._runners_of(layer)
            ground, over = grounded(layer, runners)
            key = self._layer_cache.key(layer, ground) if fresh else None
            if key is None:
                fresh = self._draw_layer(layer, uniforms, fresh, runners)
                continue
            if not self._layer_cache.show(key, observation.frame.time_s, self.canvas):
                self._draw_layer(layer, uniforms, True, ground)
                self._layer_cache.keep(key, observation.frame.time_s, self.canvas)
            fresh = False
            if over:
                self._draw_layer(layer, uniforms, False, over)
        if fresh:
            self.canvas.framebuffer.clear()

    def _update(self, observation: Observation, dt: float) -> None:
        """Runs the effects' own hooks."""
        for layer in self.scene.layers:
            for name, effect in layer.effects.items():
                address = f"{layer.name}/{name}"
                if layer.drawn and address in self._runners:
                    begin = time.perf_counter()
                    try:
                        with self._runners[address].watched():
                            self._runners[address].begin(observation.frame.time_s)
                            effect.update(observation, dt)
                            self._runners[address].settle()
                        if self.spent is not None:
                            self.spent[address] = time.perf_counter() - begin
                    except (Exception, SystemExit) as error:  # noqa: BLE001 (an author's mistake must not stop the show)
                        self._fail(address, error)

    def _closed(self, observation: Observation) -> str:
        """Why the picture must not be shown, or nothing."""
        if not self.scene.hides_room():
            return ""
        drawn = [layer for layer in self.scene.layers if layer.drawn]
        if any("person" in layer.needs() for layer in drawn) and observation.mask is None:
            return "waiting for the person mask"
        # A problem with a version that came later leaves the last good one running: only what does not run is broken.
        broken = [f"{w.name}/{n}" for w in drawn for n in w.effects if f"{w.name}/{n}" not in self._runners]
        return f"{broken[0]} failed" if broken else ""

    def slate(self, reason: str) -> None:
        """Draws what is shown instead of the room, with `reason` in words."""
        framebuffer = self.canvas.framebuffer
        framebuffer.clear(*SLATE)
        self.overlay.draw(slate_shapes(self.scene.title or self.scene.name, reason, self.size[1]), framebuffer)

    def _runners_of(self, layer: Layer) -> list[EffectRunner]:
        """The layer's effects that are running, in order."""
        return [r for n in layer.effects if (r := self._runners.get(f"{layer.name}/{n}"))]

    def _draw_layer(
        self, layer: Layer, uniforms: Mapping[str, Any], fresh: bool, runners: Sequence[EffectRunner]
    ) -> bool:
        """Draws one layer by these of its effects onto the canvas; returns whether the canvas is still untouched."""
        side = self._inputs.side(layer.source) if layer.has_own_input else None
        if layer.has_own_input and side is None:
            return fresh  # its input has no picture
        textures, field, values = self._layer_inputs(layer, uniforms, side)
        if layer.cut != "none" and field is None:
            return fresh  # what is to be cut away is not known, so nothing is shown
        if layer.cut == "person" and field is not None and field.bounds is None:
            return fresh
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
        if self.spent is not None:
            paint.spent = {}
        # On a processor copying bytes costs a tenth of a pass; on a graphics card the pass costs nothing.
        source = self._inputs if layer.source == "camera" else side
        raw = source.pixels if self.gpu.software and source is not None else None
        paint.draw(textures, values, tiles, fresh, raw)
        self._layer_cache.written = paint.written
        if self.spent is not None and paint.spent is not None:
            for address, runner in self._runners.items():
                self.spent[address] = self.spent.get(address, 0.0) + paint.spent.get(runner, 0.0)
        return False

    def _layer_inputs(
        self, layer: Layer, uniforms: Mapping[str, Any], side: LayerInput | None = None
    ) -> tuple[dict[str, moderngl.Texture], MatteField | None, dict[str, Any]]:
        """The textures and uniforms that a layer's passes may read."""
        reads = {f for n in layer.effects if (r := self._runners.get(f"{layer.name}/{n}")) for f in r.reads}
        camera = self._inputs.camera if side is None else side.texture
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
            textures["_camera_codes"] = self._inputs.codes() if side is None else self._inputs.layer_inputs.codes(side)
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
        for runner in self._runners.values():
            runner.release()
        self._runners.clear()
        self._formers.release()
        self._copy.release()
        self._enlarge.release()
        self._inputs.release()
        self._pool.release()
        self.overlay.release()
        self._guard.release()
        self.canvas.release()
        self.gpu.release(self._none)
