"""The outputs by name: what `--output` may say, and the one function that opens them.

Nothing heavy is imported here: each back end is loaded when it is opened. Packages add outputs by the entry points
`phosphene.sinks`: what is called with `(rest, *, size, fps)`, as `open_sink` says them, and gives a Sink. The room
imports the rooms up to renderer.
The web page's server has a thread of its own; a show writes to each sink from one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from ..core.backends import Backend, Backends, load
from ..core.errors import SinkError, UsageError
from ..core.paths import is_folder, named
from ..core.plugins import Plugins

if TYPE_CHECKING:
    from ..audio.base import Recordable
    from .base import Sink


@dataclass(frozen=True, slots=True)
class SinkBackend(Backend):
    """One kind of output, with an `example` of what to type.

    `live`: somebody sees the images as they come, so that late ones are dropped.
    """

    example: str
    live: bool = False


_HERE = __name__
SINKS = Backends(
    "output",
    (
        SinkBackend("window", "a window on the screen", f"{_HERE}.window:WindowSink", "window", live=True),
        SinkBackend(
            "virtual-camera",
            "a webcam that other programs see",
            f"{_HERE}.virtual_camera:open_virtual_camera",
            "virtual-camera:/dev/video10",
            live=True,
        ),
        SinkBackend(
            "pipewire",
            "a webcam without a kernel module (Linux), with its name",
            f"{_HERE}.pipewire:PipeWireSink",
            "pipewire:Phosphene",
            live=True,
        ),
        SinkBackend("web", "a page for browsers on this machine", f"{_HERE}.web:WebSink", "web:8765", live=True),
        SinkBackend("video", "a video file: mp4, mov, mkv, webm, gif", f"{_HERE}.video:VideoSink", "out.mp4"),
        SinkBackend("png", "numbered images", f"{_HERE}.png:PngSink", "out_%05d.png"),
        SinkBackend("exr", "numbered images in linear light", f"{_HERE}.exr:ExrSink", "out_%05d.exr"),
        SinkBackend("null", "nothing: for measuring", f"{_HERE}.null:NullSink", "null"),
    ),
)
_MATTE = f"{_HERE}.matte:MatteSink"  # a video with `?matte=1`

PLUGINS = Plugins("phosphene.sinks", "output", SINKS, SinkError)  # what other packages offer
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

    A file's name decides by its suffix; `folder/` and `name_%05d.png` are image sequences; `?alpha=1` after the name
    keeps transparency where the format has it (mov, webm, png, exr), `?matte=1` writes it into a video of its own, and
    `?codec=h265` chooses how a video is encoded. `size` is (width, height) of the images to come,
    `fps` their nominal rate; `audio_from` is the file, or the microphone, whose sound a video gets; `live` images
    cannot be made again: they take a new name where theirs is there already, while others are refused without
    `overwrite`. None of `inputs`, nor `audio_from`, is ever written to. Raises UsageError for an unknown name,
    SinkError for what cannot be written.
    """
    kind, rest, options = split_spec(spec)
    if kind not in SINKS:
        from .base import Sink

        return cast("Sink", PLUGINS.open(kind, Sink, rest, size=size, fps=fps))
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
    if options.get("matte") == "1":
        del extra["alpha"]
        return cast("Sink", load(_MATTE)(rest, size=size, fps=fps, **extra))
    return cast("Sink", SINKS.find(kind).load()(rest, size=size, fps=fps, **extra))


def check_twice(specs: Iterable[str]) -> None:
    """Raises UsageError where two outputs would write into the same file or folder, or answer at the same port."""
    from ..core.files.guard import Guard
    from .names import targets_of

    specs, seen = list(specs), set()
    for spec in specs:
        kind, rest, _ = split_spec(spec)
        if kind == "web" and (port := rest or str(DEFAULT_WEB_PORT)) in seen:
            raise UsageError(f"the output '{spec}' is given twice", hint="remove one, or choose another port")
        if kind == "web":
            seen.add(port)
    Guard().writes(targets_of(specs))


def keeping_alpha(spec: str) -> str:
    """What to write instead of `spec`, so that transparency is kept; empty where it is, or cannot be."""
    kind, rest, options = split_spec(spec)
    if kind not in SINKS or options.keys() & {"alpha", "matte"}:
        return ""
    joint = "&" if options else "?"
    if kind in ("png", "exr", "web") or rest.lower().endswith((".mov", ".webm")):
        return f"{spec}{joint}alpha=1"
    return f"{spec}{joint}matte=1" if kind == "video" and not rest.lower().endswith(".gif") else ""


def is_live(spec: str) -> bool:
    """Whether an output shows what happens now; a package's says so by `live = True` on its class. Raises as
    `split_spec` does, and SinkError where a package's cannot be imported."""
    kind = split_spec(spec)[0]
    return SINKS[kind].live if kind in SINKS else bool(getattr(PLUGINS.load(kind), "live", False))


def knows_watchers(spec: str) -> bool:
    """Whether an output tells if anyone watches it; a package's does by a property `watched`. Raises as `is_live`."""
    kind = split_spec(spec)[0]
    if kind not in SINKS:
        return hasattr(PLUGINS.load(kind), "watched")
    return kind in ("pipewire", "web") or (kind == "virtual-camera" and sys.platform.startswith("linux"))


def split_spec(spec: str) -> tuple[str, str, dict[str, str]]:
    """The kind, the path or device, and the options of an output's name; a package's has all options in the path."""
    if not spec.partition("?")[0].strip():
        raise UsageError("no output named", hint=f"write --output out.mp4, or one of {', '.join(SINKS)}")
    scheme, colon, rest = spec.partition(":")
    if (colon or not rest) and scheme not in SINKS and PLUGINS.has(scheme):
        return scheme, rest, {}
    text, _, query = spec.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    bad = [f"{key}={value}" for key, value in options.items() if value not in OPTIONS.get(key, ())]
    if bad or (query and not options):
        known = f"?alpha=1, ?matte=1, ?codec= with {', '.join(OPTIONS['codec'])}; joined by &"
        raise UsageError(f"'{spec}': '{(bad or [query])[0]}' is not an option of an output", hint=f"known: {known}")
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
        raise UsageError(
            f"'{text}' cannot keep transparency", hint="these can: .mov, .webm, PNG and EXR sequences, web"
        )
    if kind != "video" and options.keys() & {"codec", "matte"}:
        raise UsageError(f"'{spec}': codec and matte are for video files", hint="write out.mp4?codec=h265")
    if options.get("alpha") == options.get("matte") == "1":
        raise UsageError(f"'{spec}': alpha and matte exclude each other", hint="remove one of them")
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
        raise SINKS.unknown(text, PLUGINS.names())
    raise SinkError(
        f"no output format has the suffix '{path.suffix}'",
        where=text,
        hint=f"known: {', '.join(VIDEO_SUFFIXES)}, name_%05d.png, name_%05d.exr, or a folder with / at its end",
    )


def check_image(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    """Raises SinkError where an image is not `size` (width, height) with four channels."""
    if shape != (size[1], size[0], 4):
        raise SinkError(
            f"got an image of shape {shape}, expected {size[1]}×{size[0]}×4",
            hint="all images must have the same size",
        )
