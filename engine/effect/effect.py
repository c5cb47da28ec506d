"""What an effect is: typed parameters, GLSL, the trackers it needs, and two optional hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.descriptor import Descriptor
from ..core.frame import Floats
from ..core.observation import Observation
from ..core.params import Parametrized
from .shapes import Shape

GlslType = Literal["float", "int", "vec2", "vec3", "vec4", "mat3", "mat4"]
WIDTHS: dict[str, int] = {"float": 1, "int": 1, "vec2": 2, "vec3": 3, "vec4": 4, "mat3": 9, "mat4": 16}


@dataclass(frozen=True, slots=True)
class Pass:
    """One draw of an effect with several.

    `shader`: GLSL text, or a file name ending in `.frag` that lies beside the effect or in `shaders/`.
    `target`: the name under which later passes read the result as `vec4 NAME(vec2 uv)`; None is the effect's picture.
    `scale`: size of the target relative to the picture. Instead of it `lines` gives the target's height in pixels (no
    more than the picture's), its width as the picture's shape wants it, and `size` fixes (width, height). A pass
    without a target that asks for less than the picture's size is drawn so and enlarged smoothly.
    `persistent`: the target keeps its content from frame to frame; its own pass may read it as of the last frame.
    `floats`: 16-bit float target (values above 1, or finer than 8 bits); costs 1.6 to 1.9 times as much in software.
    `sprites`: the name of a `Sprites` attribute: draws one quad for each of its rows instead of the whole picture.
    `mesh`: the name of a `Mesh` attribute: draws its triangles instead of the whole picture.
    `depth`: of a mesh, whether nearer triangles hide those further away; its edges are then smooth.
    `blend`: how sprites or a mesh meet what is there: `add` (light), `over` or `replace`. Only with these.
    `when`: called with the effect before each frame; where it returns False the pass is skipped.
    """

    shader: str
    target: str | None = None
    scale: float = 1.0
    lines: int | None = None
    size: tuple[int, int] | None = None
    persistent: bool = False
    floats: bool = False
    sprites: str | None = None
    mesh: str | None = None
    depth: bool = False
    blend: Literal["add", "over", "replace"] = "add"
    when: Callable[[Any], bool] | None = None

    @property
    def is_full_frame(self) -> bool:
        """Whether it draws the effect's whole picture, rather than into a target or over what is there."""
        return self.target is None and not self.sprites and not self.mesh

    @property
    def reduced(self) -> bool:
        """Whether it asks for less than the picture's size, so that even less may do where the frame rate matters."""
        return self.size is None and (self.scale < 1.0 or self.lines is not None)


class Uniform(Descriptor[NDArray[Any]]):
    """A GLSL uniform that the effect sets itself in `update`: a number, a vector, or `count` of them as an array."""

    def __init__(self, type: GlslType, count: int = 1) -> None:
        if type not in WIDTHS:
            raise ValueError(f"Uniform takes a GLSL type, one of {', '.join(WIDTHS)}; got {type!r}")
        self.type: GlslType = type
        self.count = count

    def unset(self) -> NDArray[Any]:
        """Zeros."""
        return np.zeros(self.count * WIDTHS[self.type], self.dtype)

    def __set__(self, instance: object, value: ArrayLike) -> None:
        flat = np.asarray(value, dtype=self.dtype).ravel()
        wanted = self.count * WIDTHS[self.type]
        if flat.size != wanted:
            raise ValueError(f"{self.name}: {self.type} × {self.count} takes {wanted} numbers, got {flat.size}")
        self.store(instance, flat)

    @property
    def dtype(self) -> type[np.generic]:
        """numpy type of the value."""
        return np.int32 if self.type == "int" else np.float32


class Sprites(Descriptor[Floats]):
    """Quads that a pass draws instead of the whole picture: cheap where little of the picture is touched.

    Assign an array (N, 13): centre x, y and half width, half height in pixels, angle in radians (clockwise), and 8
    numbers of the effect's own, which the shader reads as `data0` and `data1` beside `vec2 sprite` (-1..1 in the quad).
    """

    COLUMNS = 13

    def unset(self) -> Floats:
        """No quad."""
        return np.zeros((0, self.COLUMNS), np.float32)

    def __set__(self, instance: object, rows: ArrayLike) -> None:
        self.store(instance, np.ascontiguousarray(rows, dtype=np.float32).reshape(-1, self.COLUMNS))


class Effect(Parametrized):
    """The base of every effect. Subclass it, declare parameters, write `glsl` or `passes`; hooks where they are needed.

    `glsl` is one full-picture pass: GLSL that defines `vec4 effect(vec2 uv)`, or the name of a `.frag` file. Colours in
    GLSL are linear light with premultiplied alpha. `passes` replaces it where one draw does not suffice. `needs` names
    trackers (`face`, `pose`, `person`), or `sound`; those whose data the GLSL reads (`mask(uv)` …) are found by
    themselves.
    """

    glsl: ClassVar[str] = ""
    passes: ClassVar[tuple[Pass, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    refused: ClassVar[str] = ""  # why it must not be drawn: set by the engine where trying it out has shown that

    def __init__(self, **values: Any) -> None:
        self.size: tuple[int, int] = (0, 0)
        self.seed: int = 0
        self.shapes: Sequence[Shape] = ()
        self.media_sizes: dict[str, tuple[int, int]] = {}  # (width, height) of each Media parameter that names a file
        for name, value in values.items():
            self.set(name, value)

    def prepare(self, size: tuple[int, int]) -> None:
        """Called before the first frame and whenever the picture's size (width, height) in pixels changes."""

    def update(self, observation: Observation, dt: float) -> None:
        """Called before each frame is drawn; `dt` is the time since the last one in seconds (0 for the first)."""

    def wants(self) -> Sequence[str]:
        """The trackers that are needed with the parameters as they are now: `needs`, unless an effect knows better."""
        return self.needs

    def report(self) -> Mapping[str, Any]:
        """What it has found so far, as plain data: numbers, texts, lists and mappings, which `run --json` writes.

        `measure` asks an effect for it after each file, and wants three entries: `measured` (bool), `advice` (what
        hindered, in words) and `notes`; a mapping with `cm`, `low_cm` and `high_cm` is shown as a measurement.
        """
        return {}

    @classmethod
    def uniforms(cls) -> dict[str, Uniform]:
        """The declared uniforms by name."""
        return {n: v for klass in reversed(cls.__mro__) for n, v in vars(klass).items() if isinstance(v, Uniform)}


def passes_of(effect: type[Effect]) -> tuple[Pass, ...]:
    """The passes of an effect; its one full-picture pass where it has only `glsl`; none where it only draws shapes."""
    return effect.passes or ((Pass(effect.glsl),) if effect.glsl else ())
