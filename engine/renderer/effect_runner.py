"""One effect in the GPU: its compiled passes, and how each is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import moderngl

from ..core.errors import ShaderError
from ..core.frame import Floats
from ..core.places import ROOT
from ..core.results import AudioFeatures
from ..effect.effect import Effect, passes_of
from ..effect.origin import file_of
from ..glsl.assemble import assemble
from .effect_textures import OwnTextures
from .gpu import Gpu
from .media_textures import MediaTextures
from .mesh_pass import Box, MeshPainter, box_of
from .pass_targets import PassTargets
from .program import Program, set_all
from .shader_inputs import ShaderInputs
from .targets import Target


class EffectRunner:
    """Compiles an effect's passes and draws them.

    Raises ShaderError where one does not compile, and whatever the effect's own `prepare` raises.
    """

    def __init__(
        self, gpu: Gpu, effect: Effect, size: tuple[int, int], *, prepare: bool = True, pass_scale: float = 1.0
    ) -> None:
        self.gpu, self.effect, self.size, self.pass_scale = gpu, effect, size, pass_scale
        self.steps = passes_of(type(effect))
        file = file_of(type(effect))
        self.is_built_in = file is None or any(file.is_relative_to(ROOT / f) for f in ("effects", "engine", "shaders"))
        self._full = [step for step in self.steps if step.is_full_frame]
        if len(self._full) > 1 and any(step.when is None for step in self._full):
            hint = "give each of them `when`, so that one is drawn in a frame"
            raise ShaderError("several full passes without a target", where=type(effect).__name__, hint=hint)
        self.is_full_frame = bool(self._full)  # whether it replaces the image in this frame, or draws over it
        self.overlays = False  # whether it puts sprites or shapes over the image in this frame
        self._opaque = False  # whether the image so far is the camera's own
        self._programs: dict[tuple[int | str, str], Program] = {}
        srgb = not any(step.display_codes for step in self.steps)
        self._media = MediaTextures(gpu, effect, srgb=srgb)
        self._inputs, self._textures, self._meshes = ShaderInputs(gpu), OwnTextures(gpu), MeshPainter(gpu)
        self._targets = PassTargets(gpu, effect, self.steps)
        try:
            self._inputs.load(effect)
            for index in range(len(self.steps)):
                self.program(index)
            self.reads = frozenset(f for p in self._programs.values() for f in p.shader.features)
            self._targets.fit(size, pass_scale, keeps_past="past" in self.reads)
            self._attach()
            if prepare:
                effect.prepare(size)
        except BaseException:
            self.release()
            raise

    def _attach(self) -> None:
        """Lets the effect see its image's size, and the sizes of its media as they change."""
        self.effect.set_surroundings(size=self.size, media_sizes=self._media.sizes)

    def resize(self, size: tuple[int, int], pass_scale: float) -> None:
        """Draws images of another size from now on, and reduced passes at `pass_scale` of what they ask for.

        No shader is compiled again, and what is kept from frame to frame is kept. The effect is prepared anew where the
        image's size changes.
        """
        changed = size != self.size
        self.size, self.pass_scale = size, pass_scale
        self._targets.fit(size, pass_scale, keeps_past="past" in self.reads)
        if changed:
            self._attach()
            self.effect.prepare(size)

    def clear_history(self) -> None:
        """Empties every image that was kept from frame to frame."""
        self._targets.clear()

    def inherit(self, old: EffectRunner) -> None:
        """Takes over the images that `old`, another version, kept from frame to frame."""
        self._targets.adopt(old._targets)
        self._attach()

    # What it is made of

    def program(self, index: int, main: str = "effect") -> Program:
        """The program of pass `index`, writing its result the way that `main` names."""
        step = self.steps[index]
        key = (step.program_key(index), main)
        if key not in self._programs:
            targets = [s.target for s in self.steps if s.target]
            self._programs[key] = Program(self.gpu, assemble(type(self.effect), step, targets, main))
        return self._programs[key]

    def uses(self, name: str) -> bool:
        """Whether any of its shaders really uses the uniform `name`."""
        return any(name in program for program in self._programs.values())

    def image_uses(self, word: str) -> bool:
        """Whether the pass that makes the effect's image uses `word`."""
        return any(word in self.program(i).shader.words for i, step in enumerate(self.steps) if step.is_full_frame)

    @property
    def files(self) -> set[Path]:
        """The shader files that the passes are made of."""
        named = {f for p in self._programs.values() for f in (*p.shader.files, p.shader.vertex_file)}
        return {Path(f) for f in named if f.endswith((".frag", ".glsl", ".fs", ".vs"))}

    @property
    def past(self) -> Target | None:
        """Where an effect that reads its own last image keeps it."""
        return self._targets.past

    @property
    def targets(self) -> Mapping[str, Target]:
        """The render targets of its passes by name."""
        return self._targets

    @property
    def media_versions(self) -> list[int]:
        """Changes when the image of a Media parameter does."""
        return self._media.versions

    # This frame

    def watched(self) -> AbstractContextManager[None]:
        """While the effect is at work, so that the show's watchdog knows which one does not come back."""
        return nullcontext() if self.gpu.watchdog is None else self.gpu.watchdog.over(self)

    def begin(self, time_s: float, audio: AudioFeatures | None = None) -> None:
        """Brings media and sound to this moment, before the effect's own `update`. Raises SourceError."""
        self._inputs.hear(audio)
        self._media.move(time_s)

    def ready(self) -> None:
        """Looks at what the effect will draw in this frame, after its own `update`."""
        self.is_full_frame = any(step.when is None or step.when(self.effect) for step in self._full)
        self.overlays = len(self.effect.shapes) > 0 or any((s.sprites or s.mesh) and not s.target for s in self.steps)
        self._textures.follow(self.effect)
        self._targets.follow_parameters(self.size, self.pass_scale)

    def begin_layer(self, *, opaque: bool) -> None:
        """Notes the image that it is about to be given: `opaque` where that is the camera's own."""
        self._opaque = opaque

    def replace_textures(self, textures: Mapping[str, moderngl.Texture]) -> None:
        """Puts textures in the place of those that its shaders read, by their names there."""
        self._inputs.replace(textures)

    def drawn(self) -> Iterator[int]:
        """The numbers of the passes that are drawn in this frame, each asked when it is its turn."""
        for index, step in enumerate(self.steps):
            if step.is_drawn(self.effect, opaque=self._opaque):
                yield index

    @property
    def is_static(self) -> bool:
        """Whether the image of this frame depends on nothing but parameters, the effect's uniforms and the time."""
        if self.overlays or not all(step.cacheable for step in self.steps):
            return False
        drawn = [i for i, step in enumerate(self.steps) if step.when is None or step.when(self.effect)]
        return not any(self.steps[i].persistent or self.program(i).shader.features - {"frame"} for i in drawn)

    @property
    def reads_destination(self) -> bool:
        """Whether a mesh drawn over the image looks at what is beneath it."""
        return any(
            s.mesh and not s.target and "frame" in self.program(i).shader.features for i, s in enumerate(self.steps)
        )

    def box(self, index: int) -> Box | None:
        """The pixels that pass `index`, which draws a mesh, may touch in an image of the effect's size."""
        return box_of(getattr(self.effect, self.steps[index].mesh or ""), self.size)

    def draw_target(self, index: int, uniforms: Mapping[str, Any], textures: Mapping[str, moderngl.Texture]) -> None:
        """Draws pass `index` into its own target."""
        target = self._targets[self.steps[index].target or ""]
        self.draw(index, target.framebuffer, uniforms, textures)
        target.flip()

    def draw_reduced(
        self, index: int, uniforms: Mapping[str, Any], textures: Mapping[str, moderngl.Texture]
    ) -> Target | None:
        """The image of pass `index`, drawn at the reduced size that it asks for; None where it asks for none."""
        step = self.steps[index]
        if step.own_target is None or step.target:
            return None
        target = self._targets[step.own_target]
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
            self._media.bind(program)
            self._textures.bind(program)
            self._targets.bind(program)
            samplers = self._inputs.bind(program, textures, self._targets, opaque=self._opaque)
            set_all(program, self.effect.uniform_values(step, framebuffer.size, samplers), {})
            if step.mesh:
                self._meshes.draw(step, getattr(self.effect, step.mesh), program, framebuffer)
            elif step.sprites:
                program.draw(framebuffer, step.blend, getattr(self.effect, step.sprites))
            else:
                program.draw(framebuffer, blend, tiles)

    def close_media(self) -> None:
        """Closes the images and videos of its parameters; they are opened again where they are asked for."""
        self._media.close()

    def release(self) -> None:
        """Gives back every GL object and closes media."""
        for part in (self._media, self._inputs, self._textures, self._meshes, self._targets):
            part.release()
        for program in self._programs.values():
            program.release()
        self._programs.clear()
