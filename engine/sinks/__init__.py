"""The outputs by name: what `--output` may say, and the one function that opens them.

Nothing heavy is imported here: each back end is loaded when it is opened. The room imports the rooms up to renderer.
The web page's server has a thread of its own; a show writes to each sink from one.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qsl

from ..core.errors import SinkError, UsageError, unknown_name
from ..core.paths import is_folder, named

if TYPE_CHECKING:
    from ..audio.base import Recordable
    from .base import Sink


class SinkKind(NamedTuple):
    """One kind of output: `doc` in a line, an `example` of what to type, and `target` ("module:Class").

    `live`: somebody sees the pictures as they come, so that late ones are dropped.
    """

    name: str
    doc: str
    example: str
    target: str
    live: bool = False


SINKS: dict[str, SinkKind] = {
    kind.name: kind
    for kind in (
        SinkKind("window", "a window on the screen", "window", "phosphene.engine.sinks.window:WindowSink", True),
        SinkKind(
            "virtual-camera",
            "a webcam that other programs see",
            "virtual-camera:/dev/video10",
            "phosphene.engine.sinks.virtual_camera:open_virtual_camera",
            True,
        ),
        SinkKind(
            "pipewire",
            "a webcam without a kernel module (Linux), with its name",
            "pipewire:Phosphene",
            "phosphene.engine.sinks.pipewire:PipeWireSink",
            True,
        ),
        SinkKind("web", "a page for browsers on this machine", "web:8765", "phosphene.engine.sinks.web:WebSink", True),
        SinkKind(
            "video", "a video file: mp4, mov, mkv, webm, gif", "out.mp4", "phosphene.engine.sinks.video:VideoSink"
        ),
        SinkKind("png", "numbered pictures", "out_%05d.png", "phosphene.engine.sinks.png:PngSink"),
        SinkKind("exr", "numbered pictures in linear light", "out_%05d.exr", "phosphene.engine.sinks.exr:ExrSink"),
        SinkKind("null", "nothing: for measuring", "null", "phosphene.engine.sinks.null:NullSink"),
    )
}

FILES = ("video", "png", "exr")
OPTIONS = {
    "alpha": ("0", "1"),
    "matte": ("0", "1"),
    "codec": ("h264", "h265", "vp9", "av1", "prores", "ffv1", "hardware", "hardware-h265", "hardware-av1"),
}
DEFAULT_WEB_PORT = 8765
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".gif")
_DEVICE = re.compile(r"/dev/video\d+$")


def open_sink(
    spec: str,
    *,
    size: tuple[int, int],
    fps: float,
    audio_from: str | Recordable | None = None,
    inputs: Iterable[str | Path] = (),
    live: bool = False,
    overwrite: bool = False,
) -> Sink:
    """Opens the output that `spec` names.

    A file's name decides by its suffix; `folder/` and `name_%05d.png` are picture sequences; `?alpha=1` after the name
    keeps transparency where the format has it (mov, webm, png, exr), `?matte=1` writes it into a video of its own, and
    `?codec=h265` chooses how a video is encoded. `size` is (width, height) of the pictures to come,
    `fps` their nominal rate; `audio_from` is the file, or the microphone, whose sound a video gets; `live` pictures
    cannot be made again: they take a new name where theirs is there already, while others are refused without
    `overwrite`. None of `inputs`, nor `audio_from`, is ever written to. Raises UsageError for an unknown name,
    SinkError for what cannot be written.
    """
    kind, rest, options = split_spec(spec)
    if kind in FILES:
        from ..core.files.guard import Guard
        from .names import targets_of

        Guard([*inputs, *([audio_from] if isinstance(audio_from, str) else [])]).writes(targets_of([spec]))
    extra: dict[str, Any] = {"audio_from": audio_from} if kind == "video" else {}
    if kind in ("png", "exr", "web", "video"):
        extra["alpha"] = options.get("alpha", "0") == "1"
    if kind == "video":
        extra["codec"] = options.get("codec", "")
    if kind in FILES:
        extra |= {"live": live, "overwrite": overwrite}
    target = SINKS[kind].target
    if options.get("matte") == "1":
        target = "phosphene.engine.sinks.matte:MatteSink"
        del extra["alpha"]
    module, _, attribute = target.partition(":")
    backend = getattr(importlib.import_module(module), attribute)
    return cast("Sink", backend(rest, size=size, fps=fps, **extra))


def check_twice(specs: Iterable[str]) -> None:
    """Raises UsageError where two outputs would write into the same file or folder, or answer at the same port."""
    from ..core.files.guard import Guard
    from .names import targets_of

    specs, seen = list(specs), set()
    for spec in specs:
        kind, rest, _ = split_spec(spec)
        if kind == "web" and (port := rest or str(DEFAULT_WEB_PORT)) in seen:
            raise UsageError(f"the output '{spec}' is there twice", hint="leave one out, or choose another port")
        if kind == "web":
            seen.add(port)
    Guard().writes(targets_of(specs))


def keeping_alpha(spec: str) -> str:
    """What to write instead of `spec`, so that transparency is kept; empty where it is, or cannot be."""
    kind, rest, options = split_spec(spec)
    if options.keys() & {"alpha", "matte"}:
        return ""
    joint = "&" if options else "?"
    if kind in ("png", "exr", "web") or rest.lower().endswith((".mov", ".webm")):
        return f"{spec}{joint}alpha=1"
    return f"{spec}{joint}matte=1" if kind == "video" and not rest.lower().endswith(".gif") else ""


def is_live(spec: str) -> bool:
    """Whether an output shows what happens now. Raises as `split_spec` does."""
    return SINKS[split_spec(spec)[0]].live


def knows_watchers(spec: str) -> bool:
    """Whether an output tells if anyone watches it. Raises as `split_spec` does."""
    kind = split_spec(spec)[0]
    return kind in ("pipewire", "web") or (kind == "virtual-camera" and sys.platform.startswith("linux"))


def split_spec(spec: str) -> tuple[str, str, dict[str, str]]:
    """The kind, the path or device, and the options of an output's name."""
    if not spec.partition("?")[0].strip():
        raise UsageError("an output without a name", hint=f"write --output out.mp4, or one of {', '.join(SINKS)}")
    text, _, query = spec.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    bad = [f"{key}={value}" for key, value in options.items() if value not in OPTIONS.get(key, ())]
    if bad or (query and not options):
        known = f"?alpha=1, ?matte=1, ?codec= with {', '.join(OPTIONS['codec'])}; joined by &"
        raise UsageError(f"'{spec}': '{(bad or [query])[0]}' is no option of an output", hint=f"known: {known}")
    name, _, rest = text.partition(":")
    if text in ("window", "null"):
        kind, rest = text, ""
    elif name in ("virtual-camera", "pipewire", "web"):
        kind = name
    elif _DEVICE.match(text):
        kind, rest = "virtual-camera", text
    else:
        kind, rest = _kind_of_path(text), text
    if options.get("alpha") == "1" and not (kind in ("png", "exr", "web") or text.lower().endswith((".mov", ".webm"))):
        raise UsageError(f"'{text}' cannot keep transparency", hint="what can: .mov, .webm, PNG and EXR sequence, web")
    if kind != "video" and options.keys() & {"codec", "matte"}:
        raise UsageError(f"'{spec}': codec and matte are for video files", hint="write out.mp4?codec=h265")
    if options.get("alpha") == options.get("matte") == "1":
        raise UsageError(f"'{spec}': either alpha or a matte of its own", hint="leave one of them out")
    return kind, rest, options


def _kind_of_path(text: str) -> str:
    path = named(text)
    if text.endswith(("/", "\\")) or is_folder(path) or path.suffix.lower() == ".png":
        return "png"
    if path.suffix.lower() == ".exr":
        return "exr"
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return "video"
    if not path.suffix and len(path.parts) == 1:
        raise unknown_name("output", text, SINKS)
    raise SinkError(
        f"no output format has the suffix '{path.suffix}'",
        where=text,
        hint=f"known: {', '.join(VIDEO_SUFFIXES)}, name_%05d.png, name_%05d.exr, or a folder with / at its end",
    )


def check_picture(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    """Raises SinkError where a picture is not `size` (width, height) with four channels."""
    if shape != (size[1], size[0], 4):
        raise SinkError(
            f"got a picture of shape {shape}, expected {size[1]}×{size[0]}×4",
            hint="every picture must have the same size",
        )
