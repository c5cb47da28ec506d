"""What foreign shaders read beside targets and media: the picture so far as display codes, own pictures, sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import moderngl
import numpy as np

from engine.data import Pixels
from engine.dialects.base import Foreign, ForeignPass, Size
from engine.errors import SourceError
from engine.renderer.gpu import Gpu
from engine.renderer.program import Program
from engine.renderer.targets import Target

WAVE, SPECTRUM = 0.5, 0.0  # silence, as ISF and ShaderToy write it


class ForeignPictures:
    """The textures of one foreign effect. Raises SourceError for a picture of its own that cannot be read.

    `given` replaces textures by their names in the shader: how transitions get their two pictures.
    """

    def __init__(self, gpu: Gpu, effect: Foreign) -> None:
        self.gpu, self.effect = gpu, effect
        self.given: dict[str, moderngl.Texture] = {}
        self._own: dict[str, moderngl.Texture] = {}
        try:
            for name, path in effect.fixed.items():
                try:
                    pixels = read_rgba(path)
                except SourceError as error:
                    where = place_of(effect.shader_file, path.name)
                    raise SourceError(f"'{path.name}' {error.message}", where=where, hint=error.hint) from error
                texture = gpu.texture((pixels.shape[1], pixels.shape[0]), 4, pixels, repeat=effect.repeats)
                self._own[f"_fixed_{name}"] = texture
        except BaseException:
            self.release()
            raise

    def _silence(self, name: str, value: float) -> moderngl.Texture:
        if name not in self._own:
            table = np.full((2, 512, 4), value, np.float32)
            self._own[name] = self.gpu.texture((512, 2), 4, table, dtype="f4")
        return self._own[name]

    def set(
        self,
        program: Program,
        step: ForeignPass,
        size: Size,
        textures: Mapping[str, moderngl.Texture],
        targets: Mapping[str, Target],
    ) -> None:
        """Binds everything that one pass reads and sets its uniforms."""
        effect = self.effect
        picture: moderngl.Texture | None = None
        if effect.opaque:
            picture = textures.get("_camera_codes")
        elif "_straight" in targets:
            picture = targets["_straight"].texture
        bound = dict(self._own)
        if picture is not None:
            bound["_picture"] = picture
        bound.update(self.given)
        for name, value in (("_wave", WAVE), ("_spectrum", SPECTRUM)):
            if name in program:
                bound[name] = self._silence(name, value)
        for name, texture in bound.items():
            program.texture(name, texture)
            effect.pictures[name] = texture.size
        for name, target in targets.items():
            effect.pictures[f"_target_{name}"] = target.size
        for name, value in effect.values(step, size).items():
            if name in program:
                program.set(name, value)

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(*self._own.values())
        self._own.clear()


def place_of(file: Path, word: str) -> str:
    """`file:line` of the first line of `file` that says `word`."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((f"{file}:{n}" for n, line in enumerate(lines, 1) if word in line), str(file))


def read_rgba(path: Path) -> Pixels:
    """A still picture with its alpha: H×W×4 uint8, straight. Raises SourceError."""
    from engine.sources.picture import read_picture

    colours = read_picture(path)  # judges size and damage
    from PIL import Image

    with Image.open(path) as picture:
        if picture.has_transparency_data and picture.size == (colours.shape[1], colours.shape[0]):
            return np.asarray(picture.convert("RGBA")).copy()
    if colours.size == 0:
        raise SourceError("is an empty picture", where=str(path))
    opaque = np.full((*colours.shape[:2], 1), 255, np.uint8)
    return np.concatenate([colours, opaque], axis=2)
