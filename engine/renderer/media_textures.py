"""The images and videos that an effect's Media parameters name, as textures of the moment that is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import moderngl

from ..core.imaging import rgba
from ..core.param_types import Media
from ..effect.effect import Effect
from .gpu import Gpu
from .program import Program

if TYPE_CHECKING:
    from ..sources.media import MediaPlayer

Size = tuple[int, int]


@dataclass(slots=True)
class Playing:
    """What one Media parameter names, and the texture that holds its moment."""

    path: str
    player: MediaPlayer
    texture: moderngl.Texture
    version: int


class MediaTextures:
    """Plays the media of one effect. `srgb`: whether its shaders are given linear light rather than display codes.

    `sizes` holds (width, height) in pixels of every parameter that names a file now.
    """

    def __init__(self, gpu: Gpu, effect: Effect, *, srgb: bool) -> None:
        self.gpu = gpu
        self.sizes: dict[str, Size] = {}
        self._effect, self._srgb = effect, srgb
        self._params = [param for param in effect.params().values() if isinstance(param, Media)]
        self._playing: dict[str, Playing] = {}
        self._blank = gpu.texture((1, 1), 4, b"\0\0\0\0")

    def move(self, time_s: float) -> None:
        """Brings every parameter's image to this moment; opens what is named anew. Raises SourceError."""
        for param in self._params:
            path: str = getattr(self._effect, param.name)
            held = self._playing.get(param.name)
            if held is not None and held.path != path:
                self.close(param.name)
                held = None
            if not path:
                continue
            if held is None:
                self._open(param.name, path, time_s)
                continue
            pixels = held.player.at(time_s)
            if held.player.version != held.version:
                held.texture.write(rgba(pixels))
                held.version = held.player.version

    def _open(self, name: str, path: str, time_s: float) -> None:
        from ..sources.media import MediaPlayer

        player = MediaPlayer(path)
        pixels = player.at(time_s)
        texture = self.gpu.texture(player.size, 4, rgba(pixels), srgb=self._srgb)
        texture.repeat_x = True  # a panorama goes on round its seam
        self._playing[name] = Playing(path, player, texture, player.version)
        self.sizes[name] = player.size

    def bind(self, program: Program) -> None:
        """Binds every parameter's texture, transparent where it names no file, and sets its size."""
        for param in self._params:
            held = self._playing.get(param.name)
            program.texture(param.sampler, self._blank if held is None else held.texture)
            program.set(*param.size_uniform(self.sizes.get(param.name, (0, 0))))

    @property
    def versions(self) -> list[int]:
        """Changes when the image of a parameter does."""
        return [held.version for held in self._playing.values()]

    def close(self, *names: str) -> None:
        """Closes what these parameters name, or all."""
        for name in names or list(self._playing):
            held = self._playing.pop(name)
            held.player.close()
            self.gpu.release(held.texture)
            self.sizes.pop(name, None)

    def release(self) -> None:
        """Gives back every GL object and closes all media."""
        self.close()
        self.gpu.release(self._blank)
