"""One effect in the GPU: its compiled passes, its own targets and the values of its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import moderngl

from ..core.errors import EffectRefused, ShaderError
from ..core.frame import Floats
from ..core.imaging import rgba
from ..core.param_types import Choice, Color, Media
from ..core.places import ROOT
from ..core.srgb import to_linear
from ..effect.effect import Effect, Pass, passes_of
from ..effect.foreign import Foreign, ForeignPass
from ..effect.origin import file_of
from ..glsl.assemble import assemble
from .effect_textures import OwnTextures
from .foreign_textures import ForeignPictures
from .gpu import Gpu
from .mesh_pass import Box, MeshPainter, box_of
from .program import Program, set_all
from .targets import Target

if TYPE_CHECKING:
    from ..sources.media import MediaPlayer


@dataclass(slots=True)
class Playing:
    """A picture or video that a Media parameter names, and the texture that holds its moment."""

    path: str
    player: MediaPlayer
    texture: moderngl.Texture
    version: int


class EffectRunner:
    """Compiles an effect's passes and draws them. Raises ShaderError where one does not compile."""

    def __init__(
        self, gpu: Gpu, effect: Effect, size: tuple[int, int], *, prepare: bool = True, pass_scale: float = 1.0
    ) -> None:
        if effect.refused:
            raise EffectRefused(effect.refused)
        self.gpu, self.effect, self.size, self.pass_scale = gpu, effect, size, pass_scale
        self.steps = passes_of(type(effect))
        file = file_of(type(effect))
        self.ours = file is None or any(file.is_relative_to(ROOT / f) for f in ("effects", "engine", "shaders"))
        names = [s.target for s in self.steps if s.target]
        pictures = [s for s in self.steps if s.is_full_frame]
        if len(pictures) > 1 and any(s.when is None for s in pictures):
            hint = "give each of them `when`, so that one is drawn in a frame"
            raise ShaderError("several full passes without a target", where=type(effect).__name__, hint=hint)
        self.is_full_frame = bool(pictures)  # whether it replaces the picture in this frame, rather than adding to it
        self.overlays = False  # whether it puts sprites or shapes over the picture in this frame
        self._programs: dict[tuple[int | str, str], Program] = {}
        self._targets: dict[str, Target] = {}
        self._media: dict[str, Playing] = {}
        self._blank = gpu.texture((1, 1), 4, b"\0\0\0\0")
        self._textures, self._meshes = OwnTextures(gpu), MeshPainter(gpu)
        self._names = names
        self._past: Target | None = None
        self._foreign: ForeignPictures | None = None
        try:
            if isinstance(effect, Foreign):
                self._foreign = ForeignPictures(gpu, effect)
            for index in range(len(self.steps)):
                self.program(index)
            self.reads = frozenset(f for p in self._programs.values() for f in p.shader.features)
            if "past" in self.reads:
                self._past = Target(gpu, size, double=True)
            for step in self.steps:
                name = own_target(step)
                if name is not None and name not in self._targets:
                    self._targets[name] = self._make_target(step)
            effect.size = size
            if prepare:
                effect.prepare(size)
        except BaseException:
            self.release()
            raise

    def _make_target(self, step: Pass) -> Target:
        # What a pass keeps from frame to frame must not change its size for the sake of a frame rate.
        scale = step.scale if step.lines is None else min(1.0, step.lines / self.size[1])
        if step.reduced and not step.persistent:
            scale *= self.pass_scale
        scaled = (max(1, math.ceil(self.size[0] * scale)), max(1, math.ceil(self.size[1] * scale)))
        if isinstance(step, ForeignPass):
            dtype = "f4" if step.precise else "f1"
            return Target(self.gpu, step.target_size(self.effect, self.size), double=step.persistent, dtype=dtype)
        return Target(self.gpu, step.size or scaled, floats=step.floats, double=step.persistent)

    def resize(self, size: tuple[int, int], pass_scale: float) -> None:
        """Draws pictures of another size from now on, and reduced passes at `pass_scale` of what they ask for.

        No shader is compiled again, and what is kept from frame to frame is kept. The effect is prepared anew where the
        picture's size changes.
        """
        changed = size != self.size
        self.size, self.pass_scale = size, pass_scale
        for step in self.steps:
            if (name := own_target(step)) is not None:
                self._targets[name] = self._renewed(self._targets[name], self._make_target(step))
        if self._past is not None and changed:
            self._past = self._renewed(self._past, Target(self.gpu, size, double=True))
        if changed:
            self.effect.size = size
            self.effect.prepare(size)

    def forget(self) -> None:
        """Empties every picture that was kept."""
        for target in (*self._targets.values(), self._past):
            if target is not None:
                target.clear()

    def _renewed(self, old: Target, new: Target) -> Target:
        """`new` with what `old` held; `old` itself where they are alike."""
        if new.like(old):
            new.release()
            return old
        new.blit(old)
        old.release()
        return new

    def watched(self) -> AbstractContextManager[None]:
        """While the effect is at work, so that the show's watchdog knows which it is that does not come back."""
        return nullcontext() if self.gpu.watchdog is None else self.gpu.watchdog.over(self)

    def program(self, index: int, main: str = "effect") -> Program:
        """The program of pass `index`, writing its result the way that `main` names."""
        step = self.steps[index]
        shared = f"{step.key} {bool(step.target)}" if isinstance(step, ForeignPass) else index
        key = (shared, main)
        if key not in self._programs:
            shader = assemble(type(self.effect), step, self._names, main)
            self._programs[key] = Program(self.gpu, shader)
        return self._programs[key]

    def picture_uses(self, word: str) -> bool:
        """Whether the pass that makes the effect's picture uses `word`."""
        return any(word in self.program(i).shader.words for i, step in enumerate(self.steps) if step.is_full_frame)

    @property
    def still(self) -> bool:
        """Whether the picture of this frame depends on nothing but parameters, the effect's uniforms and the time."""
        if self.overlays or self._foreign is not None:
            return False
        drawn = [i for i, step in enumerate(self.steps) if step.when is None or step.when(self.effect)]
        return not any(self.steps[i].persistent or self.program(i).shader.features - {"frame"} for i in drawn)

    @property
    def media_versions(self) -> list[int]:
        """Changes when the picture of a Media parameter does."""
        return [held.version for held in self._media.values()]

    def draw_target(self, index: int, uniforms: Mapping[str, Any], textures: Mapping[str, moderngl.Texture]) -> None:
        """Draws pass `index` into its own target."""
        step = self.steps[index]
        assert step.target is not None
        target = self._targets[step.target]
        self.draw(index, target.framebuffer, uniforms, textures)
        target.flip()

    def draw_small(
        self, index: int, uniforms: Mapping[str, Any], textures: Mapping[str, moderngl.Texture]
    ) -> Target | None:
        """The picture of pass `index`, drawn at the reduced size that it asks for; None where it asks for none."""
        step = self.steps[index]
        name = own_target(step)
        if name is None or step.target:
            return None
        target = self._targets[name]
        self.draw(index, target.framebuffer, uniforms, textures)
        return target

    def draw(
        self,
        index: int,
        framebuffer: moderngl.Framebuffer,
        uniforms: Mapping[str, Any],
        textures: Mapping[str, moderngl.Texture],
        main: str = "effect",
        blend: str | None = None,
        tiles: Floats | None = None,
    ) -> None:
        """Draws pass `index` into `framebuffer`; only in `tiles` (rows of corners in uv) where `main` says so."""
        step = self.steps[index]
        with self.watched():
            program = self.program(index, main)
            set_all(program, uniforms, textures)
            self._set_own(program)
            if self._past is not None:
                program.texture("_past", self._past.texture)
            if self._foreign is not None and isinstance(step, ForeignPass):
                self._foreign.set(program, step, framebuffer.size, textures, self._targets)
            if step.mesh:
                self._meshes.draw(step, getattr(self.effect, step.mesh), program, framebuffer)
            elif step.sprites:
                program.draw(framebuffer, step.blend, getattr(self.effect, step.sprites))
            else:
                program.draw(framebuffer, blend, tiles)

    def box(self, index: int) -> Box | None:
        """The pixels that pass `index`, which draws a mesh, may touch in a picture of the effect's size."""
        return box_of(getattr(self.effect, self.steps[index].mesh or ""), self.size)

    @property
    def reads_destination(self) -> bool:
        """Whether a mesh drawn over the picture looks at what is beneath it."""
        return any(
            s.mesh and not s.target and "frame" in self.program(i).shader.features for i, s in enumerate(self.steps)
        )

    def _set_own(self, program: Program) -> None:
        """Parameters, own uniforms, own targets and media."""
        effect = self.effect
        for name, param in effect.params().items():
            if isinstance(param, Media):
                texture = self._media[name].texture if name in self._media else self._blank
                program.texture(f"_media_{name}", texture)
                width, height = effect.media_sizes.get(name, (0, 0))
                program.set(f"{name}_size_px", (float(width), float(height)))
            elif self._foreign is None and param.gl_type and name in program:
                value = getattr(effect, name)
                if isinstance(param, Choice):
                    program.set(name, param.options.index(value))
                elif isinstance(param, Color):
                    program.set(name, tuple(to_linear(v) for v in value[:3]))
                    program.set(f"{name}_alpha", value[3])
                else:
                    program.set(name, value)
        for name in effect.uniforms():
            if name in program:
                program.set(name, getattr(effect, name))
        for name, texture in self._textures.items():
            program.texture(f"_texture_{name}", texture)
        for name, target in self._targets.items():
            program.texture(f"_target_{name}", target.texture)

    def begin(self, time_s: float) -> None:
        """Brings every Media parameter to this moment, before the effect's own `update`. Raises SourceError."""
        from ..sources.media import MediaPlayer

        for name, param in self.effect.params().items():
            if not isinstance(param, Media):
                continue
            path: str = getattr(self.effect, name)
            held = self._media.get(name)
            if held is not None and held.path != path:
                self.drop_media(name)
                held = None
            if not path:
                continue
            if held is None:
                player = MediaPlayer(path)
                pixels = player.at(time_s)
                texture = self.gpu.texture(player.size, 4, rgba(pixels), srgb=self._foreign is None)
                texture.repeat_x = True  # a panorama goes on round its seam
                self._media[name] = Playing(path, player, texture, player.version)
                self.effect.media_sizes[name] = player.size
            else:
                pixels = held.player.at(time_s)
                if held.player.version != held.version:
                    held.texture.write(rgba(pixels))
                    held.version = held.player.version

    def see(self, textures: Mapping[str, moderngl.Texture]) -> None:
        """Looks at the pictures that the effect is about to be given."""
        if isinstance(self.effect, Foreign):
            self.effect.opaque = textures["_frame"] is textures["_camera"]

    def give(self, pictures: Mapping[str, moderngl.Texture]) -> None:
        """Puts pictures in the place of those that a foreign shader reads, by their names there."""
        if self._foreign is not None:
            self._foreign.given = dict(pictures)

    def settle(self) -> None:
        """Looks at what the effect will draw in this frame, after its own `update`."""
        pictures = [s for s in self.steps if s.is_full_frame]
        self.is_full_frame = any(s.when is None or s.when(self.effect) for s in pictures)
        self.overlays = len(self.effect.shapes) > 0 or any((s.sprites or s.mesh) and not s.target for s in self.steps)
        self._textures.follow(self.effect)
        for step in self.steps:
            if isinstance(step, ForeignPass) and step.target and step.size_of is not None:
                held = self._targets[step.target]
                if held.size != step.target_size(self.effect, self.size):  # it follows a parameter
                    self._targets[step.target] = self._renewed(held, self._make_target(step))

    def drop_media(self, *names: str) -> None:
        """Closes the pictures and videos of these parameters, or of all."""
        for name in names or list(self._media):
            held = self._media.pop(name)
            held.player.close()
            self.gpu.release(held.texture)
            self.effect.media_sizes.pop(name, None)

    @property
    def files(self) -> set[Path]:
        """The shader files that the passes are made of."""
        named = {f for p in self._programs.values() for f in (*p.shader.files, p.shader.vertex_file)}
        return {Path(f) for f in named if f.endswith((".frag", ".glsl", ".fs", ".vs"))}

    def inherit(self, old: EffectRunner) -> None:
        """Takes over the pictures that the last version kept from frame to frame."""
        for name, target in self._targets.items():
            kept = old._targets.get(name)
            if kept is not None and target.like(kept):
                self._targets[name], old._targets[name] = kept, target
        if self._past is not None and old._past is not None:
            self._past, old._past = old._past, self._past

    @property
    def past(self) -> Target | None:
        """Where an effect that looks at its own last picture keeps it."""
        return self._past

    def release(self) -> None:
        """Gives back every GL object and closes media."""
        self.drop_media()
        for target in (*self._targets.values(), self._past):
            if target is not None:
                target.release()
        for program in self._programs.values():
            program.release()
        if self._foreign is not None:
            self._foreign.release()
        self._textures.release()
        self._meshes.release()
        self._programs.clear()
        self._targets.clear()
        self.gpu.release(self._blank)


def own_target(step: Pass) -> str | None:
    """The name of the target that a pass has of its own; a made one for a picture that is drawn at a reduced size."""
    if not step.is_full_frame or not step.reduced:
        return step.target
    return f"picture of {step.lines or 0} lines, {step.scale:g} of the size"
