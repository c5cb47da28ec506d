"""Vectors and rotations as tuples of numbers: for a few bones a frame that is faster than arrays."""

from __future__ import annotations

import math

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]  # x, y, z, w

REST: Quaternion = (0.0, 0.0, 0.0, 1.0)


def less(a: Vector, b: Vector) -> Vector:
    """From `b` to `a`."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def middle(points: list[Vector], numbers: tuple[int, ...]) -> Vector:
    """The middle of those of `points` with these numbers."""
    x, y, z = (sum(points[n][axis] for n in numbers) / len(numbers) for axis in range(3))
    return x, y, z


def dot(a: Vector, b: Vector) -> float:
    """The scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """The vector product: x × y is z, in these axes too."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def unit(a: Vector, usual: Vector) -> Vector:
    """`a` with a length of 1; `usual` where it has none."""
    length = math.sqrt(dot(a, a))
    return usual if length < 1e-6 else (a[0] / length, a[1] / length, a[2] / length)


def basis(right: Vector, up: Vector) -> Quaternion:
    """The rotation that takes x to `right`, and y as near to `up` as is possible then."""
    x = unit(right, (1.0, 0.0, 0.0))
    along = dot(up, x)
    y = unit((up[0] - along * x[0], up[1] - along * x[1], up[2] - along * x[2]), (0.0, 1.0, 0.0))
    z = cross(x, y)
    return from_axes(x, y, z)


def from_axes(x: Vector, y: Vector, z: Vector) -> Quaternion:
    """The rotation whose matrix has these columns (Shepperd's method: the largest part first)."""
    trace = x[0] + y[1] + z[2]
    parts = (x[0], y[1], z[2], trace)
    largest = parts.index(max(parts))
    s = 2.0 * math.sqrt(max(1.0 + 2.0 * parts[largest] - trace, 1e-12))
    if largest == 3:
        return (y[2] - z[1]) / s, (z[0] - x[2]) / s, (x[1] - y[0]) / s, s / 4.0
    if largest == 0:
        return s / 4.0, (x[1] + y[0]) / s, (z[0] + x[2]) / s, (y[2] - z[1]) / s
    if largest == 1:
        return (x[1] + y[0]) / s, s / 4.0, (y[2] + z[1]) / s, (z[0] - x[2]) / s
    return (z[0] + x[2]) / s, (y[2] + z[1]) / s, s / 4.0, (x[1] - y[0]) / s


def swing(rest: Vector, way: Vector) -> Quaternion:
    """The shortest rotation that takes `rest`, of length 1, to the direction of `way`."""
    to = unit(way, rest)
    w = 1.0 + dot(rest, to)
    if w < 1e-6:  # right about: any axis across will do
        x, y, z = unit(cross(rest, (0.0, 0.0, 1.0)), (0.0, 0.0, 1.0))
        return x, y, z, 0.0
    x, y, z = cross(rest, to)
    return normal((x, y, z, w))


def normal(q: Quaternion) -> Quaternion:
    """`q` with a length of 1."""
    length = math.sqrt(sum(part * part for part in q))
    return (q[0] / length, q[1] / length, q[2] / length, q[3] / length) if length > 1e-9 else REST


def half(q: Quaternion) -> Quaternion:
    """Half of the rotation, the short way round."""
    sign = 1.0 if q[3] >= 0.0 else -1.0
    return normal((sign * q[0], sign * q[1], sign * q[2], sign * q[3] + 1.0))


def inverse(q: Quaternion) -> Quaternion:
    """The rotation back."""
    return -q[0], -q[1], -q[2], q[3]


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """`b` first, then `a`."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def rotated(q: Quaternion, v: Vector) -> Vector:
    """`v` turned by `q`."""
    x, y, z, _ = product(product(q, (*v, 0.0)), inverse(q))
    return x, y, z
