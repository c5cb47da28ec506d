"""The place behind the person, drawn anew less often than the rest where pixels are dear.

A layer at the bottom that looks at nothing of the camera changes slowly: worlds, images, colours. On a processor,
where one pass over a 720p image takes longer than the tracker, it is drawn REDRAW_HZ times a second of the show and
kept as bytes in between, whose copying costs a twentieth. On a graphics card it is drawn in every frame. When it is
drawn depends on the frames' times alone, so that the same take gives the same image.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from ..core.frame import Pixels
from ..scene.layer import Layer
from .effect_runner import EffectRunner
from .gpu import Gpu
from .targets import Target

REDRAW_HZ = 10.0


class LayerCache:
    """Keeps the image of the bottom layer."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._key: Hashable = None
        self._time_s = 0.0
        self._image: Pixels | None = None

    def key(self, layer: Layer, runners: Sequence[EffectRunner]) -> Hashable:
        """What the layer's image depends on beside the time; None where it must be drawn in every frame."""
        if not self.gpu.software or layer.source != "none" or layer.cut != "none":
            return None
        if not runners or not all(runner.is_static for runner in runners):
            return None
        values = [getattr(layer, name) for name in layer.params()]
        for runner in runners:
            values += [id(runner), *(getattr(runner.effect, name) for name in runner.effect.params())]
            values += runner.media_versions
        return tuple(values)

    def show(self, key: Hashable, time_s: float, canvas: Target) -> bool:
        """Puts the kept image onto the canvas if it is still good at `time_s`; returns whether it was."""
        image = self._image
        if image is None or key != self._key or image.shape[:2] != canvas.size[::-1]:
            return False
        if not 0.0 <= time_s - self._time_s < 1.0 / REDRAW_HZ - 1e-6:
            return False
        canvas.texture.write(image)
        return True

    def keep(self, key: Hashable, time_s: float, canvas: Target, image: Pixels | None) -> None:
        """Keeps what was just drawn onto the canvas; `image` are its bytes, where they are known."""
        if image is None:
            image = np.empty((canvas.size[1], canvas.size[0], 4), np.uint8)
            self.gpu.finish()
            canvas.framebuffer.read_into(image, components=4)
        self._key, self._time_s, self._image = key, time_s, image
