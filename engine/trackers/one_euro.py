"""The One Euro filter over arrays: steady at rest, quick in motion.

Casiez, Roussel, Vogel: "1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems",
CHI 2012. The cutoff rises with the speed, fc = min_cutoff + beta·|v|, so the lag error in steady motion,
v / (2π·fc), never exceeds 1 / (2π·beta), whatever the speed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats

Doubles = NDArray[np.float64]

# The paper takes 1 Hz for the speed's own low-pass. Its time constant (160 ms) is the delay with which the filter
# notices that a motion began; at 2 Hz that is 80 ms, and the jitter at rest is the same (measured on ten clips).
SPEED_CUTOFF_HZ = 2.0
GAP_S = 0.5


def smoothing(cutoff_hz: float | Doubles, dt: float) -> Doubles:
    """The weight of the new sample in a first-order low-pass of that cutoff, `dt` seconds after the last one."""
    r = 2.0 * math.pi * np.asarray(cutoff_hz, np.float64) * dt
    return np.asarray(r / (r + 1.0))


class OneEuro:
    """Smooths an array (N, D) over time; each row is one point, whose speed is the length over its D coordinates.

    `min_cutoff_hz`: the cutoff at rest, lower is steadier. `beta`: how fast the cutoff rises with speed, in Hz per
    (unit per second), higher lags less. `leash`: no row is ever further than this from its raw value, in units; None
    for no bound. A unit is what `scale` says when the filter is called, so that the numbers mean the same at any size.
    """

    def __init__(self, min_cutoff_hz: float, beta: float, leash: float | None = None) -> None:
        self.min_cutoff_hz = min_cutoff_hz
        self.beta = beta
        self.leash = leash
        self._time_s = 0.0
        self._raw: Doubles | None = None
        self._value: Doubles = np.zeros(0)
        self._speed: Doubles = np.zeros(0)

    def reset(self) -> None:
        """Forgets the past: the next value passes unchanged."""
        self._raw = None

    def __call__(self, value: Floats | Doubles, time_s: float, scale: float = 1.0, leash_scale: float = 0.0) -> Doubles:
        """The smoothed (N, D) of `value` at `time_s`; `scale` is one unit in the coordinates of `value`.

        `leash_scale` is the unit of the leash where it differs. The first value, and one after a jump back in time or a
        gap of more than half a second, passes unchanged.
        """
        raw = np.asarray(value, np.float64)
        dt = time_s - self._time_s
        if self._raw is None or raw.shape != self._raw.shape or dt < 0.0 or dt > GAP_S:
            self._raw, self._value, self._time_s = raw, raw, time_s
            self._speed = np.zeros_like(raw)
            return raw
        if dt == 0.0:
            return self._value
        unit = max(scale, 1e-9)
        speed = (raw - self._raw) / (unit * dt)
        self._speed = self._speed + smoothing(SPEED_CUTOFF_HZ, dt) * (speed - self._speed)
        cutoff = self.min_cutoff_hz + self.beta * np.linalg.norm(self._speed, axis=-1, keepdims=True)
        smooth: Doubles = self._value + smoothing(cutoff, dt) * (raw - self._value)
        if self.leash is not None:
            smooth = raw + _shorten(smooth - raw, self.leash * (leash_scale or unit))
        self._raw, self._value, self._time_s = raw, smooth, time_s
        return self._value


def _shorten(vectors: Doubles, longest: float) -> Doubles:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    short: Doubles = vectors * np.minimum(1.0, longest / np.maximum(length, 1e-12))
    return short


class OneEuroRotation:
    """The One Euro filter of a rotation: speed in radians per second, and the step is along the great arc (slerp).

    Keeps the result a rotation exactly. Parameters as in `OneEuro`, a unit being one radian.
    """

    def __init__(self, min_cutoff_hz: float, beta: float, leash_rad: float | None = None) -> None:
        self.min_cutoff_hz = min_cutoff_hz
        self.beta = beta
        self.leash_rad = leash_rad
        self._time_s = 0.0
        self._raw: Doubles | None = None
        self._value = np.zeros(4)
        self._speed = np.zeros(3)

    def reset(self) -> None:
        """Forgets the past: the next rotation passes unchanged."""
        self._raw = None

    def __call__(self, rotation: Floats | Doubles, time_s: float) -> Doubles:
        """The smoothed 3×3 rotation at `time_s`; resets as `OneEuro` does."""
        raw = quaternion(rotation)
        dt = time_s - self._time_s
        if self._raw is None or dt < 0.0 or dt > GAP_S:
            self._raw, self._value, self._time_s, self._speed = raw, raw, time_s, np.zeros(3)
            return matrix(raw)
        if dt > 0.0:
            speed = rotation_vector(multiply(raw, conjugate(self._raw))) / dt
            self._speed = self._speed + smoothing(SPEED_CUTOFF_HZ, dt) * (speed - self._speed)
            cutoff = self.min_cutoff_hz + self.beta * float(np.linalg.norm(self._speed))
            behind = rotation_vector(multiply(raw, conjugate(self._value)))
            left = behind * (1.0 - float(smoothing(cutoff, dt)))
            if self.leash_rad is not None:
                left = _shorten(left, self.leash_rad)
            self._value = multiply(conjugate(from_rotation_vector(left)), raw)
            self._raw, self._time_s = raw, time_s
        return matrix(self._value)


def quaternion(rotation: Floats | Doubles) -> Doubles:
    """The unit quaternion (w, x, y, z) of a 3×3 rotation; w ≥ 0.

    Bar-Itzhack's method ("New method for extracting the quaternion from a rotation matrix", 2000): the largest
    eigenvector of a symmetric 4×4 matrix, which is also the nearest rotation where the input is slightly off.
    """
    (a, b, c), (d, e, f), (g, h, i) = np.asarray(rotation, np.float64).tolist()
    k = np.array(
        [
            [a + e + i, 0.0, 0.0, 0.0],
            [h - f, a - e - i, 0.0, 0.0],
            [c - g, b + d, e - a - i, 0.0],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    vector: Doubles = np.linalg.eigh(k)[1][:, -1]
    return vector if vector[0] >= 0.0 else -vector


def matrix(q: Doubles) -> Doubles:
    """The 3×3 rotation of a unit quaternion (w, x, y, z)."""
    w, x, y, z = q.tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def multiply(a: Doubles, b: Doubles) -> Doubles:
    """The quaternion of the rotation `b` followed by `a`."""
    aw, ax, ay, az = a.tolist()  # numbers of Python's own: numpy takes far longer for so few
    bw, bx, by, bz = b.tolist()
    return np.array(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + bw * ax + ay * bz - az * by,
            aw * by + bw * ay + az * bx - ax * bz,
            aw * bz + bw * az + ax * by - ay * bx,
        ]
    )


def conjugate(q: Doubles) -> Doubles:
    """The quaternion of the opposite rotation."""
    opposite: Doubles = q * np.array([1.0, -1.0, -1.0, -1.0])
    return opposite


def rotation_vector(q: Doubles) -> Doubles:
    """Axis times angle in radians, the short way round (angle ≤ π)."""
    q = -q if q[0] < 0.0 else q
    sine = float(np.linalg.norm(q[1:]))
    axis: Doubles = q[1:]
    return axis * (2.0 * math.atan2(sine, float(q[0])) / sine if sine > 1e-12 else 2.0)


def from_rotation_vector(vector: Doubles) -> Doubles:
    """The unit quaternion of axis times angle in radians."""
    angle = float(np.linalg.norm(vector))
    half = math.sin(angle / 2.0) / angle if angle > 1e-12 else 0.5
    return np.concatenate(([math.cos(angle / 2.0)], vector * half))
