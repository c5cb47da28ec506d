"""What an effect is: typed parameters, GLSL, the trackers it needs, and two optional hooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.descriptor import Descriptor
from ..core.frame import Floats
from ..core.observation import Observation
from ..core.params import Parametrized
from .shapes import Shape

if TYPE_CHECKING:
    from .shader import Shader

GlslType = Literal["float", "int", "vec2", "vec3", "vec4", "mat3", "mat4"]
WIDTHS: dict[str, int] = {"float": 1, "int": 1, "vec2": 2, "vec3": 3, "vec4": 4, "mat3": 9, "mat4": 16}


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """What a render target is like: its size (width, height) in pixels and its texel type.

    `dtype` is `f2` or `f4` for floats, `f1` for plain bytes, empty for linear light as 8-bit sRGB; `double` ones keep
    the last image readable while the next is drawn.
    """

    size: tuple[int, int]
    dtype: str = ""
    double: bool = False


@dataclass(frozen=True, slots=True)
class EffectImages:
    """Images that an effect brings itself: the file of each sampler, the file that names them, and whether they go on
    beyond their edges."""

    files: Mapping[str, Path] = field(default_factory=dict)
    named_in: Path = Path()
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """One draw of an effect with several.

    `shader`: GLSL text, or a file name ending in `.frag` that lies beside the effect or in `shaders/`.
    `target`: the name under which later passes read the result as `vec4 NAME(vec2 uv)`; None is the effect's image.
    `scale`: size of the target relative to the image. Instead of it `lines` gives the target's height in pixels (no
    more than the image's), its width as the image's shape wants it, and `size` fixes (width, height). A pass
    without a target that asks for less than the image's size is drawn so and enlarged smoothly.
    `persistent`: the target keeps its content from frame to frame; its own pass may read it as of the last frame.
    `floats`: 16-bit float target (values above 1, or finer than 8 bits); costs 1.6 to 1.9 times as much in software.
    `sprites`: the name of a `Sprites` attribute: draws one quad for each of its rows instead of the whole image.
    `mesh`: the name of a `Mesh` attribute: draws its triangles instead of the whole image.
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
        """Whether it draws the effect's whole image, rather than into a target or over what is there."""
        return self.target is None and not self.sprites and not self.mesh

    @property
    def reduced(self) -> bool:
        """Whether it asks for less than the image's size, so that even less may do where the frame rate matters."""
        return self.size is None and (self.scale < 1.0 or self.lines is not None)

    @property
    def own_target(self) -> str | None:
        """The name of the target that it has of its own; a made one for an image that is drawn at a reduced size."""
        if not self.is_full_frame or not self.reduced:
            return self.target
        return f"image of {self.lines or 0} lines, {self.scale:g} of the size"

    def target_spec(self, effect: Effect, size: tuple[int, int], pass_scale: float) -> TargetSpec:
        """The target that it draws into, where the image has `size` and reduced passes are drawn at `pass_scale`."""
        # What a pass keeps from frame to frame must not change its size for the sake of a frame rate.
        scale = self.scale if self.lines is None else min(1.0, self.lines / size[1])
        if self.reduced and not self.persistent:
            scale *= pass_scale
        scaled = (max(1, math.ceil(size[0] * scale)), max(1, math.ceil(size[1] * scale)))
        return TargetSpec(self.size or scaled, "f2" if self.floats else "", self.persistent)

    def is_drawn(self, effect: Effect, *, opaque: bool) -> bool:
        """Whether it is drawn in this frame; `opaque`: the image so far is the camera's own."""
        return self.when is None or self.when(effect)

    def own_shader(self, main: str) -> Shader | None:
        """The shader with the ending `main` that it brings; None where one is assembled round its GLSL."""
        return None

    def known_trackers(self) -> frozenset[str] | None:
        """The trackers whose data its shader reads; None where its GLSL alone says that."""
        return None

    def builtin_values(
        self, effect: Effect, size: tuple[int, int], samplers: Mapping[str, tuple[int, int]]
    ) -> dict[str, Any]:
        """The uniforms that its shader's dialect gives by itself; see `Effect.uniform_values`."""
        return {}

    def program_key(self, index: int) -> int | str:
        """What passes with the same shader share; `index` is its place among the effect's passes."""
        return index

    @property
    def engine_writes(self) -> bool:
        """Whether the engine's own GLSL writes its result, and so may write tiles alone, or clean soft edges."""
        return True

    @property
    def display_codes(self) -> bool:
        """Whether its shader reads display codes, rather than linear light."""
        return False

    @property
    def cacheable(self) -> bool:
        """Whether its image may be kept while nothing changes that its shader reads."""
        return True

    @property
    def size_follows_parameters(self) -> bool:
        """Whether its target's size depends on the effect's parameters."""
        return False

    @property
    def probe_ending(self) -> str:
        """The ending with which it is drawn as its shader gives it, to look for what is no number."""
        return "effect"


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

    @property
    def declaration(self) -> str:
        """Its GLSL."""
        return f"uniform {self.type} {self.name}{f'[{self.count}]' if self.count > 1 else ''};"

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
    """Quads that a pass draws instead of the whole image: cheap where little of the image is touched.

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

    `glsl` is one full-image pass: GLSL that defines `vec4 effect(vec2 uv)`, or the name of a `.frag` file. Colours in
    GLSL are linear light with premultiplied alpha. `passes` replaces it where one draw does not suffice. `needs` names
    trackers (`face`, `pose`, `person`), or `sound`; those whose data the GLSL reads (`mask(uv)` …) are found by
    themselves.
    """

    glsl: ClassVar[str] = ""
    passes: ClassVar[tuple[Pass, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        self.size: tuple[int, int] = (0, 0)
        self.seed: int = 0
        self.shapes: Sequence[Shape] = ()
        self.media_sizes: Mapping[str, tuple[int, int]] = {}  # (width, height) of each Media that names a file
        for name, value in values.items():
            self.set(name, value)

    def prepare(self, size: tuple[int, int]) -> None:
        """Called before the first frame and whenever the image's size (width, height) in pixels changes."""

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

    def set_surroundings(
        self,
        *,
        size: tuple[int, int] | None = None,
        seed: int | None = None,
        media_sizes: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        """The engine says what an effect may read of its surroundings: `size`, `seed`, `media_sizes`; None says nothing
        new. `media_sizes` stays the engine's own and changes with the files that are named."""
        self.size = self.size if size is None else size
        self.seed = self.seed if seed is None else seed
        self.media_sizes = self.media_sizes if media_sizes is None else media_sizes

    def uniform_values(
        self, step: Pass, size: tuple[int, int], samplers: Mapping[str, tuple[int, int]]
    ) -> dict[str, Any]:
        """The uniforms that it gives to its pass `step`, which is drawn at `size`: its parameters and `Uniform`s.

        `samplers` are the sizes of what the pass's samplers hold.
        """
        values: dict[str, Any] = {}
        for name, param in self.params().items():
            values.update(param.uniforms(getattr(self, name)))
        return {**values, **{name: getattr(self, name) for name in self.uniforms()}}

    def image_files(self) -> EffectImages:
        """The images that it brings itself, for the engine to upload."""
        return EffectImages()

    def advance_to(self, time_s: float, dt: float) -> None:
        """Moves on to the frame at `time_s`, where an effect is drawn without an observation: a transition."""

    def second_image(self) -> str | None:
        """The parameter that names the image that a transition leads to; None where an effect is no transition."""
        return None

    @classmethod
    def uniforms(cls) -> dict[str, Uniform]:
        """The declared uniforms by name."""
        return {n: v for klass in reversed(cls.__mro__) for n, v in vars(klass).items() if isinstance(v, Uniform)}


def passes_of(effect: type[Effect]) -> tuple[Pass, ...]:
    """The passes of an effect; its one full-image pass where it has only `glsl`; none where it only draws shapes."""
    return effect.passes or ((Pass(effect.glsl),) if effect.glsl else ())
