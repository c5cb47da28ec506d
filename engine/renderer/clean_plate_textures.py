"""The background plate in the GPU: its colours, uploaded where they change, and how it is to be seen in this frame."""

from __future__ import annotations

import moderngl

from ..core.frame import Frame, Pixels
from ..core.results import Mask
from ..matte.clean_plate import CleanPlate
from .gpu import Gpu

PLATE = ("_plate", "_plate_guess", "_plate_gain", "_plate_cover")


class CleanPlateTextures:
    """Learns the plate and keeps its textures. Nothing is held before a shader asks for the plate."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._plate: CleanPlate | None = None
        self._held: dict[str, moderngl.Texture] = {}

    def update(self, frame: Frame, rgba: Pixels, mask: Mask) -> dict[str, moderngl.Texture]:
        """The textures, by their names in a shader, after `frame` (`rgba`: its image with alpha) was learnt from."""
        plate = self._plate
        if plate is None:
            plate = self._plate = CleanPlate(frame.size)
        elif plate.size != frame.size:
            plate.resize(frame.size)
        view = plate.update(frame, rgba, mask)
        colors = self._texture("_plate", plate.size, 4, "f1")
        top, bottom = view.rows
        if bottom > top:
            colors.write(plate.colors[top:bottom], viewport=(0, top, plate.size[0], bottom - top))
        self._texture("_plate_guess", plate.grid, 4, "f4").write(view.guess)
        self._texture("_plate_gain", plate.grid, 3, "f4").write(view.gain)
        self._texture("_plate_cover", plate.grid, 1, "f4").write(view.cover)
        return self._held

    def _texture(self, name: str, size: tuple[int, int], parts: int, dtype: str) -> moderngl.Texture:
        held = self._held.get(name)
        if held is None or held.size != size:
            self.gpu.release(held)
            held = self._held[name] = self.gpu.texture(size, parts, dtype=dtype, srgb=dtype == "f1")
        return held

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(*self._held.values())
        self._held.clear()
        self._plate = None
