"""The sRGB transfer curve (IEC 61966-2-1) for arrays, for single numbers and as tables.

A code is what a display gets, 0..1 or 0..255; linear light is what adds up. shaders/lib/srgb.glsl is the same in GLSL.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frame import Floats, Pixels


def to_linear(code: float) -> float:
    """Linear light of one code 0..1."""
    return code / 12.92 if code <= 0.04045 else float(((code + 0.055) / 1.055) ** 2.4)


def decode(codes: NDArray[Any]) -> NDArray[Any]:
    """Linear light of codes 0..1, in the array's own float type."""
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def encode(linear: NDArray[Any]) -> NDArray[Any]:
    """Codes 0..1 of linear light 0..1, in the array's own float type."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def encode8(linear: NDArray[Any]) -> Pixels:
    """8-bit codes of linear light 0..1, rounded."""
    return np.asarray((encode(linear) * 255 + 0.5).astype(np.uint8))


LINEAR: Floats = decode(np.arange(256, dtype=np.float64) / 255).astype(np.float32)  # of each 8-bit code
ROOT_OF_LINEAR: Floats = np.sqrt(LINEAR)  # near to how bright it looks, and cheap in a shader
