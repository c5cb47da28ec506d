"""What every foreign shader file becomes: an Effect whose passes bring their own way to be compiled and fed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.observation import Observation
from ..core.param_types import Media
from ..core.params import Param
from .effect import Effect, EffectImages, Pass, TargetSpec

if TYPE_CHECKING:
    from .shader import Shader

Size = tuple[int, int]
SECOND_IMAGES = ("to", "endImage")  # the parameter that names the second image of a transition, by dialect


class Foreign(Effect):
    """An effect made from a foreign shader file.

    `kind` is the dialect, `role` generator, filter or transition, `shader_file` the author's file, `fixed` the images
    that the file itself brings (sampler name to path), `warnings` what is odd about it, in the author's lines,
    `identity` the values at which it says that it leaves the image alone.
    """

    kind: ClassVar[str] = ""
    role: ClassVar[str] = "filter"
    shader_file: ClassVar[Path] = Path()
    inputs: ClassVar[tuple[Given, ...]] = ()
    fixed: ClassVar[dict[str, Path]] = {}
    repeats: ClassVar[bool] = False  # whether its images go on beyond their edges
    warnings: ClassVar[tuple[str, ...]] = ()
    identity: ClassVar[dict[str, Any]] = {}

    def __init__(self, **values: Any) -> None:
        self.frame_index = -1
        self.now_s = 0.0
        self.step_s = 0.0
        self.fired: dict[str, bool] = {}  # events: whether each was on in the last frame
        self.firing: frozenset[str] = frozenset()
        super().__init__(**values)

    def update(self, observation: Observation, dt: float) -> None:
        """Notes the moment that is drawn; an event fires in the frame in which it is switched on."""
        self.advance_to(observation.frame.time_s, dt)

    def advance_to(self, time_s: float, dt: float) -> None:
        """Moves on to the frame at `time_s`."""
        self.frame_index += 1
        self.now_s, self.step_s = time_s, dt
        now = {given.name: bool(getattr(self, given.params[0])) for given in self.inputs if given.event}
        self.firing = frozenset(n for n, on in now.items() if on and not self.fired.get(n, False))
        self.fired = now

    def uniform_values(self, step: Pass, size: Size, samplers: Mapping[str, Size]) -> dict[str, Any]:
        """The uniforms of one pass that is drawn at `size`: the inputs, and what the dialect gives by itself."""
        return {**{given.name: given.value(self) for given in self.inputs}, **step.builtin_values(self, size, samplers)}

    def image_files(self) -> EffectImages:
        """The images that the author's file names."""
        return EffectImages(self.fixed, self.shader_file, self.repeats)

    def second_image(self) -> str | None:
        """The parameter that names the image that a transition leads to; None where it is no transition."""
        known = self.params()
        return next((n for n in SECOND_IMAGES if isinstance(known.get(n), Media)), None) if self.is_transition else None

    @property
    def is_transition(self) -> bool:
        """Whether it leads from one image to another."""
        return self.role == "transition"

    def date(self) -> tuple[float, float, float, float]:
        """Year, month, day and second of the day: 1 January 2000 plus the time, so that a take renders the same."""
        days, seconds = divmod(self.now_s, 86400.0)
        return 2000.0, 1.0, 1.0 + days, seconds


@dataclass(frozen=True, slots=True)
class Given:
    """One input of the shader: its uniform, its GLSL type, and the parameters of ours that it is made from."""

    name: str
    type: str
    params: tuple[str, ...]
    read: Callable[[Any], Any]
    event: bool = False

    @classmethod
    def of(cls, uniform: str, name: str, param: Param[Any], *, event: bool = False) -> Given:
        """The input `uniform` that is made from `param`, called `name`, alone, as its own GLSL type."""
        kind = param.gl_type
        assert kind is not None
        return cls(uniform, kind, (name,), lambda effect: param.uniform_value(getattr(effect, name)), event)

    def value(self, effect: Foreign) -> Any:
        """What the uniform holds now."""
        return self.name in effect.firing if self.event else self.read(effect)


@dataclass(frozen=True, slots=True)
class ForeignPass(Pass):
    """A pass of a foreign shader. Its targets hold what the shader writes: display codes, straight alpha.

    `build` makes the shader for one ending (a key of glsl_prelude.MAIN, `target` or `probe`); passes with the same
    `key` share it. `number` is the dialect's own number of the pass. `size_of` gives the target's size, which depends
    on the inputs `sized_by`; `precise` targets hold 32-bit floats; `trackers` are those whose data the shader reads;
    one that `straightens` makes the image so far readable as display codes, which is only drawn where it must be;
    `builtins` gives the dialect's own uniforms: see `builtin_values`.
    """

    build: Callable[[str], Shader] | None = None
    key: str = ""
    number: int = 0
    size_of: Callable[[Any, Size], Size] | None = None
    precise: bool = False
    sized_by: frozenset[str] = frozenset()
    trackers: frozenset[str] = frozenset()
    straightens: bool = False
    builtins: Callable[[Any, int, Size, Mapping[str, Size]], dict[str, Any]] | None = None

    def target_spec(self, effect: Effect, size: Size, pass_scale: float) -> TargetSpec:
        """The target that it draws into, where the image has `size`: never reduced."""
        wanted = size if self.size_of is None else self.size_of(effect, size)
        return TargetSpec(wanted, "f4" if self.precise else "f1", self.persistent)

    def is_drawn(self, effect: Effect, *, opaque: bool) -> bool:
        """Whether it is drawn in this frame; `opaque`: the image so far is the camera's own, whose codes are known."""
        return not (self.straightens and opaque) and (self.when is None or self.when(effect))

    def own_shader(self, main: str) -> Shader:
        """The shader with the ending `main`; what goes into a target ends as it is."""
        assert self.build is not None
        return self.build("target" if self.target else main)

    def known_trackers(self) -> frozenset[str]:
        """The trackers whose data its shader reads."""
        return self.trackers

    def program_key(self, index: int) -> str:
        """What passes with the same shader share."""
        return f"{self.key} {bool(self.target)}"

    def builtin_values(self, effect: Effect, size: Size, samplers: Mapping[str, Size]) -> dict[str, Any]:
        """The dialect's own uniforms for the pass, drawn at `size`, whose samplers hold images of those sizes."""
        return self.builtins(effect, self.number, size, samplers) if self.builtins else {}

    @property
    def engine_writes(self) -> bool:
        """Its own text writes the result."""
        return False

    @property
    def display_codes(self) -> bool:
        """Other hosts know nothing of linear light."""
        return True

    @property
    def cacheable(self) -> bool:
        """Its shader counts frames."""
        return False

    @property
    def size_follows_parameters(self) -> bool:
        """Whether the dialect works out its target's size from inputs."""
        return bool(self.target) and self.size_of is not None

    @property
    def probe_ending(self) -> str:
        """The ending that leaves the result as the shader gives it."""
        return "probe"


RESERVED = frozenset(
    {
        *dir(Foreign),
        *("size", "seed", "shapes", "media_sizes", "frame_index", "now_s", "step_s", "fired", "firing"),
        *("use", "name"),
    }
)


def param_name(name: str) -> str:
    """The parameter for an input called `name`: the same, with `_` behind it where an effect needs the name itself."""
    return f"{name}_" if name in RESERVED or name.startswith("__") else name


def make_class(name: str, doc: str, base: type[Effect], attributes: dict[str, Any]) -> type[Effect]:
    """The Effect class with these attributes; parameters among them learn their names."""
    module = f"phosphene_user_{name.replace('-', '_')}"
    made: type[Effect] = type(name, (base,), {"__doc__": doc, "__module__": module, **attributes})
    assert all(p.name for p in made.params().values() if isinstance(p, Param))
    return made
