"""What effects draw besides quads: triangles in the image or in space, and textures of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.descriptor import Descriptor
from ..core.frame import Floats, Pixels

Corners = NDArray[np.int32]
NEAR_CM = 1.0
FOCAL = 1.0 / math.tan(math.radians(63.0) / 2.0)  # of the camera that Face.transform is given for, 63 degrees high


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """Triangles that a pass draws, in the order of `corners`.

    `positions` (N, 3): without a `transform` as in Face.points (uv, and depth in units of the image's width, smaller
    is nearer); with one (4×4, like Face.transform) in the space that it takes to the camera's, in cm. `corners` (T, 3)
    are the numbers of positions. `uv` (N, 2), `normals` (N, 3) and `colors` (N, 4) are the shader's `mesh_uv`,
    `mesh_normal` (turned into the camera's space) and `mesh_color`; left out they are 0, toward the camera, and white.
    `values` are up to 8 numbers of the effect's own, `data0` and `data1` in the shader. The first `hides` triangles are
    not seen: in a pass with depth they hide what is behind them.

    Arrays must not be written to afterwards: one that is given again is not uploaded again. Raises ValueError for
    shapes that do not fit and for corners that name no position.
    """

    positions: Floats
    corners: Corners
    uv: Floats | None = None
    normals: Floats | None = None
    colors: Floats | None = None
    transform: Floats | None = None
    values: Sequence[float] = ()
    hides: int = 0

    def __post_init__(self) -> None:
        count = len(self.positions)
        wanted = {"positions": (count, 3), "corners": (len(self.corners), 3), "uv": (count, 2), "normals": (count, 3)}
        for name, shape in {**wanted, "colors": (count, 4), "transform": (4, 4)}.items():
            array = getattr(self, name)
            if array is not None and np.shape(array) != shape:
                raise ValueError(f"{name}: expected {' × '.join(map(str, shape))} numbers, got {np.shape(array)}")
        if len(self.values) > 8:
            raise ValueError(f"values: up to 8 numbers, got {len(self.values)}")
        if len(self.corners) and not 0 <= int(self.corners.min()) <= int(self.corners.max()) < count:
            raise ValueError(f"corners: numbers of positions from 0 to {count - 1}, got {self.corners.max()}")

    def box(self, aspect: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in uv of a box round it in an image `aspect` times as wide as high.

        Positions that no corner names may count too; what reaches behind the camera may be anywhere: (0, 0, 1, 1).
        """
        shown = self.corners[self.hides :]
        if not len(shown):
            return 0.0, 0.0, 0.0, 0.0
        positions = self.positions[int(shown.min()) : int(shown.max()) + 1]
        low, high = positions.min(axis=0), positions.max(axis=0)
        if self.transform is None:
            return float(low[0]), float(low[1]), float(high[0]), float(high[1])
        ends = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
        seen = ends @ self.transform[:3, :3].T.astype(np.float64) + self.transform[:3, 3]
        if not (seen[:, 2] < -NEAR_CM).all():
            return 0.0, 0.0, 1.0, 1.0
        x = 0.5 + 0.5 * FOCAL / aspect * seen[:, 0] / -seen[:, 2]
        y = 0.5 - 0.5 * FOCAL * seen[:, 1] / -seen[:, 2]
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())


class Mesh(Descriptor[tuple[Triangles, ...]]):
    """Triangles that a pass draws instead of the whole image: on a face, or a model in space.

    Assign `Triangles`, a list of them (one for each face, say), or nothing.
    """

    def unset(self) -> tuple[Triangles, ...]:
        """Nothing."""
        return ()

    def __set__(self, instance: object, value: Triangles | Sequence[Triangles]) -> None:
        self.store(instance, (value,) if isinstance(value, Triangles) else tuple(value))


class Texture(Descriptor[Pixels | None]):
    """An image that the effect makes itself, in GLSL a function `vec4 name(vec2 uv)`; transparent until it is set.

    Assign an array H×W×4 uint8, which must not be written to afterwards. `srgb` says that it holds sRGB codes of
    premultiplied linear light, so that the shader is given linear light; else they are plain numbers 0..1.
    """

    def __init__(self, srgb: bool = True) -> None:
        self.srgb = srgb

    def unset(self) -> Pixels | None:
        """No image."""
        return None

    @property
    def sampler(self) -> str:
        """The GLSL sampler that it is read through."""
        return f"_texture_{self.name}"

    @property
    def declaration(self) -> str:
        """Its GLSL: the sampler, and the function that reads it."""
        return f"uniform sampler2D {self.sampler};\nvec4 {self.name}(vec2 uv) {{ return texture({self.sampler}, uv); }}"

    def __set__(self, instance: object, value: Pixels) -> None:
        if value.ndim != 3 or value.shape[2] != 4 or value.dtype != np.uint8 or 0 in value.shape:
            raise ValueError(f"{self.name}: expected H×W×4 uint8, got {value.shape} {value.dtype}")
        self.store(instance, value)


def textures_of(effect: type[Any]) -> dict[str, Texture]:
    """The declared textures of an effect's class by name."""
    return {n: v for klass in reversed(effect.__mro__) for n, v in vars(klass).items() if isinstance(v, Texture)}
