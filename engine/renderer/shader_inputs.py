"""What an effect's shaders read beside its layer's textures: images that it brings, the image so far, sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import moderngl
import numpy as np

from ..core.errors import SourceError
from ..core.frame import Floats, Pixels
from ..core.results import AudioFeatures
from ..core.source_lines import location_of
from ..effect.effect import Effect
from .gpu import Gpu
from .program import Program
from .targets import Target

SOUNDS = ("_wave", "_spectrum", "_sound")  # the samplers of ISF's audio and audioFFT, and of ShaderToy's sound
STRAIGHT = "_straight"  # the target that holds the image so far as display codes


class ShaderInputs:
    """The textures of one effect that are neither its layer's nor parameters'."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._own: dict[str, moderngl.Texture] = {}
        self._replaced: dict[str, moderngl.Texture] = {}
        self._audio: AudioFeatures | None = None
        self._written: dict[str, AudioFeatures | None] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def load(self, effect: Effect) -> None:
        """Uploads the images that the effect itself brings. Raises SourceError for one that cannot be read."""
        images = effect.image_files()
        for name, path in images.files.items():
            try:
                pixels = read_rgba(path)
            except SourceError as error:
                where = location_of(images.named_in, path.name)
                raise SourceError(f"'{path.name}' {error.message}", where=where, hint=error.hint) from error
            size = (pixels.shape[1], pixels.shape[0])
            self._own[f"_fixed_{name}"] = self.gpu.texture(size, 4, pixels, repeat=images.repeat)

    def hear(self, audio: AudioFeatures | None) -> None:
        """The sound of the frame that is drawn next."""
        self._audio = audio

    def replace(self, textures: Mapping[str, moderngl.Texture]) -> None:
        """Puts textures in the place of those that the shaders read, by their names there: a transition's images."""
        self._replaced = dict(textures)

    def _sound(self, name: str) -> moderngl.Texture:
        """What is heard in this frame as the texture that `name` stands for."""
        if name not in self._own:
            self._own[name] = self.gpu.texture((512, 2), 4, sound_table(name, None), dtype="f4")
        if self._audio is not self._written.get(name):
            self._own[name].write(sound_table(name, self._audio))
            self._written[name] = self._audio
        return self._own[name]

    def bind(
        self,
        program: Program,
        textures: Mapping[str, moderngl.Texture],
        targets: Mapping[str, Target],
        *,
        opaque: bool,
    ) -> Mapping[str, tuple[int, int]]:
        """Binds everything that one pass reads; returns the sizes of what the samplers hold, by name.

        `opaque`: the image so far is the camera's own, whose display codes are among `textures`.
        """
        image: moderngl.Texture | None = None
        if opaque:
            image = textures.get("_camera_codes")
        elif STRAIGHT in targets:
            image = targets[STRAIGHT].texture
        bound = dict(self._own)
        if image is not None:
            bound["_picture"] = image
        bound.update(self._replaced)
        bound.update({name: self._sound(name) for name in SOUNDS if name in program})
        for name, texture in bound.items():
            program.texture(name, texture)
            self._sizes[name] = texture.size
        for name, target in targets.items():
            self._sizes[f"_target_{name}"] = target.size
        return self._sizes

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(*self._own.values())
        self._own.clear()


def sound_table(name: str, audio: AudioFeatures | None) -> Floats:
    """Sound as an image, 2×512×4 float32, top row first: the wave round 0.5, and the spectrum from 0 to 1.

    ShaderToy's has the wave in its upper row and the spectrum in the lower, ISF's have the same in every row.
    """
    wave = np.full(512, 0.5, np.float32) if audio is None else 0.5 + 0.5 * audio.wave
    spectrum = np.zeros(512, np.float32) if audio is None else audio.spectrum
    rows = {"_wave": (wave, wave), "_spectrum": (spectrum, spectrum), "_sound": (wave, spectrum)}[name]
    return np.repeat(np.stack(rows)[:, :, None], 4, axis=2).astype(np.float32)


def read_rgba(path: Path) -> Pixels:
    """A still image with its alpha: H×W×4 uint8, straight. Raises SourceError."""
    from ..sources.read_image import read_image

    colours = read_image(path)  # judges size and damage
    from PIL import Image

    with Image.open(path) as image:
        if image.has_transparency_data and image.size == (colours.shape[1], colours.shape[0]):
            return np.asarray(image.convert("RGBA")).copy()
    if colours.size == 0:
        raise SourceError("is an empty picture", where=str(path))
    opaque = np.full((*colours.shape[:2], 1), 255, np.uint8)
    return np.concatenate([colours, opaque], axis=2)
