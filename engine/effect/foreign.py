"""What every foreign shader file becomes: an Effect whose passes bring their own way to be compiled and fed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.observation import Observation
from ..core.params import Param
from ..core.results import AudioFeatures
from .effect import Effect, Pass

if TYPE_CHECKING:
    from .shader import Shader

Size = tuple[int, int]


class Foreign(Effect):
    """An effect made from a foreign shader file.

    `kind` is the dialect, `role` generator, filter or transition, `shader_file` the author's file, `fixed` the pictures
    that the file itself brings (sampler name to path), `warnings` what is odd about it, in the author's lines,
    `identity` the values at which it says that it leaves the picture alone.
    """

    kind: ClassVar[str] = ""
    role: ClassVar[str] = "filter"
    shader_file: ClassVar[Path] = Path()
    inputs: ClassVar[tuple[Given, ...]] = ()
    fixed: ClassVar[dict[str, Path]] = {}
    repeats: ClassVar[bool] = False  # whether its pictures go on beyond their edges
    warnings: ClassVar[tuple[str, ...]] = ()
    identity: ClassVar[dict[str, Any]] = {}

    def __init__(self, **values: Any) -> None:
        self.frame_index = -1
        self.now_s = 0.0
        self.step_s = 0.0
        self.audio: AudioFeatures | None = None
        self.opaque = False  # whether the picture so far is the camera's own: set by who draws
        self.pictures: dict[str, Size] = {}  # sizes of what its samplers hold: set by who draws
        self.fired: dict[str, bool] = {}  # events: whether each was on in the last frame
        self.firing: frozenset[str] = frozenset()
        super().__init__(**values)

    def update(self, observation: Observation, dt: float) -> None:
        """Notes the moment that is drawn; an event fires in the frame in which it is switched on."""
        self.audio = observation.audio
        self.moment(observation.frame.time_s, dt)

    def moment(self, time_s: float, dt: float) -> None:
        """Moves on to the frame at `time_s`."""
        self.frame_index += 1
        self.now_s, self.step_s = time_s, dt
        now = {given.name: bool(getattr(self, given.params[0])) for given in self.inputs if given.event}
        self.firing = frozenset(n for n, on in now.items() if on and not self.fired.get(n, False))
        self.fired = now

    def values(self, step: ForeignPass, size: Size) -> dict[str, Any]:
        """The uniforms of one pass that is drawn at `size`: the inputs, and what the dialect gives by itself."""
        built = step.builtins(self, step.number, size) if step.builtins else {}
        return {**{given.name: given.value(self) for given in self.inputs}, **built}

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

    def value(self, effect: Foreign) -> Any:
        """What the uniform holds now."""
        return self.name in effect.firing if self.event else self.read(effect)


@dataclass(frozen=True, slots=True)
class ForeignPass(Pass):
    """A pass of a foreign shader. Its targets hold what the shader writes: display codes, straight alpha.

    `build` makes the shader for one ending (a key of glsl_prelude.MAIN, `target` or `probe`); passes with the same
    `key` share it. `number` is the dialect's own number of the pass. `size_of` gives the target's size, which depends
    on the inputs `sized_by`; `precise` targets hold 32-bit floats; `trackers` are those whose data the shader reads;
    `builtins` gives the dialect's own uniforms for the effect, the pass's number and the size that is drawn.
    """

    build: Callable[[str], Shader] | None = None
    key: str = ""
    number: int = 0
    size_of: Callable[[Any, Size], Size] | None = None
    precise: bool = False
    sized_by: frozenset[str] = frozenset()
    trackers: frozenset[str] = frozenset()
    builtins: Callable[[Foreign, int, Size], dict[str, Any]] | None = None

    def target_size(self, effect: Effect, size: Size) -> Size:
        """The size of this pass's target where the picture has `size`."""
        return size if self.size_of is None else self.size_of(effect, size)

    def shader_for(self, main: str) -> Shader:
        """The shader with the ending `main`; what goes into a target ends as it is."""
        assert self.build is not None
        return self.build("target" if self.target else main)


RESERVED = frozenset(
    {
        *dir(Foreign),
        *("size", "seed", "shapes", "media_sizes", "frame_index", "now_s", "step_s", "opaque", "pictures", "fired"),
        *("firing", "heard", "use", "name"),
    }
)


def param_name(name: str) -> str:
    """The parameter for an input called `name`: the same, with `_` behind it where an effect needs the name itself."""
    return f"{name}_" if name in RESERVED or name.startswith("__") else name


def make_class(name: str, doc: str, base: type[Effect], attributes: dict[str, Any]) -> type[Effect]:
    """The Effect class with these attributes; parameters among them are told their names."""
    module = f"phosphene_user_{name.replace('-', '_')}"
    made: type[Effect] = type(name, (base,), {"__doc__": doc, "__module__": module, **attributes})
    assert all(p.name for p in made.params().values() if isinstance(p, Param))
    return made
