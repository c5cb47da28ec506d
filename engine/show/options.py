"""What may be asked of a show: each option once, for the command line and for Python, in four groups.

An option is a field of a group with its default, its type, its doc and its check. `OPTIONS` lists them by the name that
Python gives them; engine/commands/options.py makes the command line's of the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..core.errors import UsageError, unknown_name
from ..core.params import plain
from . import option_kinds as kinds
from .quality_levels import KEYS

if TYPE_CHECKING:
    from ..core.files.target import Target
    from ..core.frame import Pixels

WINDOW = "window"
METADATA = "option"
AnyPath: TypeAlias = str | os.PathLike[str]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `name` is its keyword in Python; `flags` are those of the command line, none where it has none.

    `group` and `field` say where RunOptions holds it.
    """

    doc: str
    kind: kinds.Kind[Any]
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    name: str = ""
    group: str = ""
    field: str = ""
    default: Any = None

    def check(self, value: Any) -> Any:
        """`value` as the options hold it. Raises UsageError."""
        if value is None and self.default is None:
            return None
        try:
            return self.kind.check(value)
        except (ValueError, TypeError):
            raise UsageError(f"{self.name}={value}", hint=f"give {self.kind.expected}") from None


def option(
    kind: kinds.Kind[Any], doc: str, *flags: str, metavar: str | None = None, name: str = ""
) -> Mapping[str, Option]:
    """What makes a field an option. `name` is its keyword, where that is not the field's own name."""
    return {METADATA: Option(doc, kind, flags, metavar, name)}


def parse_setting(text: str) -> tuple[str, str]:
    """`ADDRESS=VALUE` as it stands on a command line. Raises UsageError."""
    address, equals, value = text.partition("=")
    if not equals or not address.strip():
        raise UsageError(f"--set {text}", hint="write it --set ADDRESS=VALUE, such as --set amount=0.5")
    return address.strip(), value.strip()


def parse_model(text: str) -> tuple[str, str]:
    """`NAME=PATH` as it stands on a command line. Raises UsageError."""
    name, equals, path = text.partition("=")
    if not (equals and name and path) or "." in name or "/" in name:
        raise UsageError(f"--model {text}", hint="write it --model NAME=PATH, such as --model signs=signs.tflite")
    return name, path


@dataclass(frozen=True, slots=True)
class InputOptions:
    """Where the frames and the sound come from. `size` is (width, height)."""

    spec: str = field(
        default="camera",
        metadata=option(
            kinds.AnyText(),
            "camera, camera:1, clip.mp4, photo.jpg, folder/, screen, rtsp://…, demo, testcard",
            "--input",
            "-i",
            metavar="IN",
            name="input",
        ),
    )
    images: Iterable[Pixels] | None = field(
        default=None, metadata=option(kinds.Anything(), "images of the caller's own instead of the input")
    )
    size: tuple[int, int] | None = field(
        default=None,
        metadata=option(
            kinds.Size(),
            "size of the picture, which the input fills, cropped (default: its own)",
            "--size",
            metavar="WxH",
        ),
    )
    fps: float | None = field(default=None, metadata=option(kinds.Number(), "frames a second", "--fps", metavar="N"))
    rotate: int = field(
        default=0,
        metadata=option(
            kinds.OneOf((90, 180, 270), usual=0),
            "turn the input clockwise: 90, 180 or 270",
            "--rotate",
            metavar="DEGREES",
        ),
    )
    on_demand: bool = field(
        default=False,
        metadata=option(
            kinds.Switch(),
            "switch the camera on only while somebody watches the virtual one; until then a slate",
            "--on-demand",
        ),
    )
    sound: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "what the scene hears and a video records: a file, mic, mic:NAME, none (default: the input's own sound)",
            "--sound",
            metavar="SOUND",
        ),
    )
    take: Path | None = field(
        default=None,
        metadata=option(
            kinds.Folder(),
            "draw a recorded take again, frame for frame (without --output: into DIR/SCENE.mp4)",
            "--take",
            metavar="DIR",
        ),
    )


@dataclass(frozen=True, slots=True)
class SceneOptions:
    """What is drawn: the scenes, one after another, and everything that is set in them."""

    names: tuple[str, ...] = field(
        default=(),
        metadata=option(
            kinds.Several("names of scenes, or paths of .toml files", str, kinds.path_text),
            "a scene's name (`phosphene list scenes`) or the path of a .toml file; of several the first is shown, and "
            "in the window N, P and 1 to 9 change it",
            name="scenes",
        ),
    )
    parameters: tuple[tuple[str, Any], ...] = field(
        default=(),
        metadata=option(
            kinds.Pairs("values by their addresses", parse_setting, plain),
            "set a parameter: person/duotone.amount=0.7, or just amount=0.7 where only one fits",
            "--set",
            metavar="ADDRESS=VALUE",
        ),
    )
    bindings: tuple[tuple[str, Mapping[str, Any]], ...] = field(
        default=(),
        metadata=option(
            kinds.Pairs("bindings by the addresses of parameters", parse_setting, dict),
            "signals that parameters follow, each as a scene's file writes it",
        ),
    )
    preset: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "begin in this preset of the scene; what --set says comes after it",
            "--preset",
            metavar="NAME",
        ),
    )
    effect_folders: tuple[Path, ...] = field(
        default=(),
        metadata=option(
            kinds.Several("a folder, or several", kinds.typed_folder, Path),
            "a folder with effects and scenes of your own",
            "--effects",
            metavar="DIR",
            name="effects",
        ),
    )
    models: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=option(
            kinds.Pairs("paths by name", parse_model, kinds.path_text),
            "a model of your own, whose classes the scene follows as class.NAME.label",
            "--model",
            metavar="NAME=PATH",
        ),
    )
    seed: int | None = field(
        default=None,
        metadata=option(kinds.Seed(), "seed of everything random (default 0, or the take's)", "--seed", metavar="N"),
    )
    flash_guard: bool | None = field(
        default=None,
        metadata=option(
            kinds.OnOff(),
            "on: flashes are kept under three a second (default: as the scene says, which is on)",
            "--flash-guard",
        ),
    )
    every_s: float | None = field(
        default=None,
        metadata=option(kinds.Number(), "with several scenes: the next one every S seconds", "--every", metavar="S"),
    )
    set_list: Path | None = field(
        default=None,
        metadata=option(
            kinds.Folder(),
            "a .toml file with the scenes, presets and transitions of an evening; N and P go to the next cue and back",
            "--set-list",
            metavar="FILE",
        ),
    )
    transition: str = field(
        default="fade",
        metadata=option(
            kinds.AnyText(),
            "how one scene changes into another: a name (`phosphene list transitions`) or a file (default: fade)",
            "--transition",
            metavar="NAME",
        ),
    )
    transition_s: float = field(
        default=1.0,
        metadata=option(
            kinds.Number(zero=True), "how long that takes; 0 cuts (default: 1)", "--transition-time", metavar="S"
        ),
    )

    @property
    def several(self) -> bool:
        """Whether more than one scene is named."""
        return len(self.names) > 1


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where the images go. `reports` are files that whoever asks for the show writes beside the outputs."""

    specs: tuple[str, ...] = field(
        default=(WINDOW,),
        metadata=option(
            kinds.Several("an output's name, or several", str, kinds.path_text),
            "window (default), virtual-camera, pipewire, web, out.mp4, frames/, null; repeat it for several at once",
            "--output",
            "-o",
            metavar="OUT",
            name="outputs",
        ),
    )
    overwrite: bool = field(
        default=False,
        metadata=option(
            kinds.Switch(),
            "replace files that are there already (else they are left alone, and the run is refused; what is recorded "
            "live takes a new name)",
            "--overwrite",
        ),
    )
    record_take: Path | None = field(
        default=None,
        metadata=option(
            kinds.Folder(), "write the show down in DIR, to be drawn again by --take", "--record-take", metavar="DIR"
        ),
    )
    hud: bool = field(
        default=False, metadata=option(kinds.Switch(), "numbers over the window, and a table at the end", "--stats")
    )
    reports: tuple[Target, ...] = field(
        default=(), metadata=option(kinds.Anything(), "files that are written beside the outputs")
    )


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """How long and how fast. `pace` is live, exact or None for what fits the outputs."""

    seconds: float | None = field(
        default=None, metadata=option(kinds.Number(), "stop after S seconds of input", "--seconds", metavar="S")
    )
    sync: str | None = field(
        default=None,
        metadata=option(
            kinds.OneOf(("frame", "latest")),
            "frame: each picture with its own masks and landmarks (default); latest: newest picture, newest results",
            "--sync",
        ),
    )
    pace: str | None = field(
        default=None,
        metadata=option(
            kinds.OneOf(("live", "exact")),
            "live drops late frames, exact draws every one (default: by output)",
            "--pace",
        ),
    )
    quality: str = field(
        default="auto",
        metadata=option(
            kinds.AnyText(),
            "auto: give up what is missed least to hold --fps in a live show; fixed: never; or a step to hold: "
            + ", ".join(KEYS),
            "--quality",
            metavar="Q",
        ),
    )


@dataclass(frozen=True, slots=True)
class ControlOptions:
    """What may change the show from outside while it runs; each field is called as its way in among CONTROLS.

    `learn` is what they are to learn.
    """

    midi: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "a MIDI device, by a part of its name, or the path of a map of its controls",
            "--midi",
            metavar="NAME",
        ),
    )
    learn: tuple[str, ...] = field(
        default=(),
        metadata=option(
            kinds.Several("what a control may do, or several of them", str, str),
            "the next control moved on the MIDI device does this from then on: an ADDRESS, scene:NAME, preset:NAME, "
            "morph:FIRST,SECOND, cue:NUMBER, next, previous or tap; repeat it for several",
            "--learn",
            metavar="TARGET",
        ),
    )

    osc: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "listen for OSC at this UDP port of this machine (HOST:PORT: for others too), and answer",
            "--osc",
            metavar="PORT",
        ),
    )
    tracks: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "send what is tracked to osc:HOST:PORT, or serve it as JSON at ws:PORT; ?with=face+pose tracks more",
            "--tracks",
            metavar="WHERE",
        ),
    )
    vmc: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "send bones and expressions to an avatar program there (VSeeFace, Warudo, VNyan): 127.0.0.1:39539",
            "--vmc",
            metavar="HOST:PORT",
        ),
    )

    panel: str | None = field(
        default=None,
        metadata=option(
            kinds.AnyText(),
            "a page of this machine from which everything is controlled; 8770:browser opens it as well",
            "--panel",
            metavar="PORT",
        ),
    )


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Everything that is asked of one run. `changed` makes others of them."""

    input: InputOptions = InputOptions()
    scene: SceneOptions = SceneOptions()
    output: OutputOptions = OutputOptions()
    pace: PaceOptions = PaceOptions()
    control: ControlOptions = ControlOptions()

    def changed(self, **values: Any) -> RunOptions:
        """These options with others, given by their names in Python. Raises UsageError for one that cannot be."""
        groups: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if name not in OPTIONS:
                raise unknown_name("option", name, OPTIONS)
            found = OPTIONS[name]
            groups.setdefault(found.group, {})[found.field] = found.check(value)
        return replace(self, **{name: replace(getattr(self, name), **given) for name, given in groups.items()})


def _all_options() -> dict[str, Option]:
    found = {}
    for group in fields(RunOptions):
        for part in fields(GROUPS[group.name]):
            made: Option = part.metadata[METADATA]
            name = made.name or part.name
            found[name] = replace(made, name=name, group=group.name, field=part.name, default=part.default)
    return found


GROUPS: Mapping[str, type[InputOptions | SceneOptions | OutputOptions | PaceOptions | ControlOptions]] = {
    "input": InputOptions,
    "scene": SceneOptions,
    "output": OutputOptions,
    "pace": PaceOptions,
    "control": ControlOptions,
}
OPTIONS: Mapping[str, Option] = _all_options()


def run_options(
    scenes: AnyPath | Sequence[AnyPath], input: str = "camera", outputs: Sequence[str] = (WINDOW,), **more: Any
) -> RunOptions:
    """The options of a run; `more` are those of OPTIONS, by name. Raises UsageError."""
    return RunOptions().changed(scenes=scenes, input=input, outputs=outputs, **more)
