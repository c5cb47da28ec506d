"""What foreign shaders read beside targets and media: the picture so far as display codes, own pictures, sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import moderngl
import numpy as np

from ..core.errors import SourceError
from ..core.frame import Floats, Pixels
from ..core.results import AudioFeatures
from ..effect.foreign import Foreign, ForeignPass, Size
from .gpu import Gpu
from .program import Program
from .targets import Target

SOUNDS = ("_wave", "_spectrum", "_sound")  # the samplers of ISF's audio and audioFFT, and of ShaderToy's sound


class ForeignPictures:
    """The textures of one foreign effect. Raises SourceError for a picture of its own that cannot be read.

    `given` replaces textures by their names in the shader: how transitions get their two pictures.
    """

    def __init__(self, gpu: Gpu, effect: Foreign) -> None:
        self.gpu, self.effect = gpu, effect
        self.given: dict[str, moderngl.Texture] = {}
        self._own: dict[str, moderngl.Texture] = {}
        self._written: dict[str, AudioFeatures | None] = {}
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

    def _sounding(self, name: str) -> moderngl.Texture:
        """What is heard in this frame as the picture that `name` stands for."""
        heard = self.effect.audio
        if name not in self._own:
            self._own[name] = self.gpu.texture((512, 2), 4, sound_table(name, None), dtype="f4")
        if heard is not self._written.get(name):
            self._own[name].write(sound_table(name, heard))
            self._written[name] = heard
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
        bound.update({name: self._sounding(name) for name in SOUNDS if name in program})
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


def sound_table(name: str, heard: AudioFeatures | None) -> Floats:
    """Sound as a picture, 2×512×4 float32, top row first: the wave round 0.5, and the spectrum from 0 to 1.

    ShaderToy's has the wave in its upper row and the spectrum in the lower, ISF's have the same in every row.
    """
    wave = np.full(512, 0.5, np.float32) if heard is None else 0.5 + 0.5 * heard.wave
    spectrum = np.zeros(512, np.float32) if heard is None else heard.spectrum
    rows = {"_wave": (wave, wave), "_spectrum": (spectrum, spectrum), "_sound": (wave, spectrum)}[name]
    return np.repeat(np.stack(rows)[:, :, None], 4, axis=2).astype(np.float32)


def place_of(file: Path, word: str) -> str:
    """`file:line` of the first line of `file` that says `word`."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((f"{file}:{n}" for n, line in enumerate(lines, 1) if word in line), str(file))


def read_rgba(path: Path) -> Pixels:
    """A still picture with its alpha: H×W×4 uint8, straight. Raises SourceError."""
    from ..sources.read_image import read_image

    colours = read_image(path)  # judges size and damage
    from PIL import Image

    with Image.open(path) as picture:
        if picture.has_transparency_data and picture.size == (colours.shape[1], colours.shape[0]):
            return np.asarray(picture.convert("RGBA")).copy()
    if colours.size == 0:
        raise SourceError("is an empty picture", where=str(path))
    opaque = np.full((*colours.shape[:2], 1), 255, np.uint8)
    return np.concatenate([colours, opaque], axis=2)
