"""The inputs by name: what `--input` and a layer's `source` may say, and the one function that opens them.

Nothing heavy is imported here: each back end is loaded when it is opened. Packages add inputs by the entry points
`phosphene.sources`: what is called with `(rest, *, size, fps)`, as `open_source` says them, and gives a Source. The
room imports core. A camera, a screen, a stream, a layer's input and a clip in a scene are each read by a thread that
belongs to the object that started it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..core.backends import Backend, Backends
from ..core.errors import SourceError, UsageError
from ..core.paths import in_words, is_folder, kind_of, named, own_entries
from ..core.plugins import Plugins

if TYPE_CHECKING:
    from .base import Source


@dataclass(frozen=True, slots=True)
class SourceBackend(Backend):
    """One kind of input, with an `example` of what to type.

    The class has `from_spec(rest, size=…, fps=…)`, where `rest` is what stands after the colon.
    """

    example: str


_HERE = __name__
SOURCES = Backends(
    "input",
    (
        SourceBackend("camera", "a webcam, by number or device path", f"{_HERE}.camera:CameraSource", "camera:1"),
        SourceBackend("demo", "a portrait with a gentle camera move", f"{_HERE}.demo:DemoSource", "demo"),
        SourceBackend(
            "testcard",
            "a moving test card with the frame's number",
            f"{_HERE}.testcard:TestCardSource",
            "testcard:640x480@30x100",
        ),
        SourceBackend("screen", "what a monitor shows", f"{_HERE}.screen:ScreenSource", "screen:1"),
        SourceBackend(
            "stream", "an address: RTSP, HTTP, RTMP", f"{_HERE}.stream:StreamSource", "rtsp://192.168.0.9/live"
        ),
        SourceBackend("video", "a video file or an animated GIF", f"{_HERE}.video:VideoSource", "video:clip.mp4"),
        SourceBackend("image", "a still image, for ever", f"{_HERE}.image:ImageSource", "image:photo.jpg"),
        SourceBackend("images", "a folder or numbered images", f"{_HERE}.images:ImagesSource", "images:frame_%04d.png"),
    ),
)

PLUGINS = Plugins("phosphene.sources", "input", SOURCES, SourceError)  # what other packages offer

# Content decides before the name does: the first bytes of still images, also of those that the image reader can
# only name, so that no drawing is called a broken video.
_IMAGE_STARTS = (
    b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"8BPS", b"#?RADIANCE", b"#?RGBE", b"\0\0\1\0", b"P5",
    b"P6", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51", b"/* XPM", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"<svg", b"%PDF", b"%!PS",
)  # fmt: skip
_IMAGE_BRANDS = (b"avif", b"heic", b"heix", b"heim", b"heis", b"mif1")
_DRAWING = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml.*?)?(<!--.*?)?\s*<(!DOCTYPE )?svg", re.DOTALL)
IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".psd", ".hdr", ".avif", ".ppm", ".pgm", ".jp2", ".j2k")
)
_DEVICE = re.compile(r"(/dev/video\d+|/dev/v4l/\S+)$")
_ADDRESS = re.compile(r"(rtsps?|https?|rtmps?|srt|udp)://\S+$", re.IGNORECASE)
_PATTERN = re.compile(r"%0?\d*d|[*?]")


def open_source(spec: str, *, size: tuple[int, int] | None = None, fps: float | None = None) -> Source:
    """Opens the input that `spec` names: `kind`, `kind:rest`, a device path, or the path of a file or folder.

    A kind's name, also that of a package, wins over a file of the same name (write `./demo` for the file). `size`
    (width, height): frames are scaled to fill it, keeping their shape, and cropped at the middle; a camera is asked for
    it first. `fps`: the rate of what has none of its own; a video is resampled to it by time. Raises UsageError for an
    unknown name, SourceError for an input that cannot be opened.
    """
    name, rest = split_spec(spec)
    if name in SOURCES:
        return cast("Source", SOURCES[name].load().from_spec(rest, size=size, fps=fps))
    from .base import Source

    return cast("Source", PLUGINS.open(name, Source, rest, size=size, fps=fps))


def split_spec(spec: str) -> tuple[str, str]:
    """The kind and the rest of an input's name; a bare path is looked at to tell what it is."""
    if not spec.strip():
        raise UsageError("no input named", hint=f"write --input clip.mp4, or one of {', '.join(SOURCES)}")
    name, colon, rest = spec.partition(":")
    if name in SOURCES and (colon or not rest):
        if name in ("video", "image", "images", "stream") and not rest:
            raise SourceError(f"'{spec}' needs a file", hint=f"write for example {SOURCES[name].example}")
        return name, rest
    if _DEVICE.match(spec):
        return "camera", spec
    if _ADDRESS.match(spec):
        return "stream", spec
    if (colon or not rest) and PLUGINS.has(name):
        return name, rest
    path = named(spec)
    there = kind_of(path)
    if there == "folder":
        return "images", spec
    if there == "file":
        return kind_of_file(path), spec
    if there:
        raise no_file(path, there)
    if _PATTERN.search(path.name) and is_folder(path.parent):
        return "images", spec
    if not path.suffix and len(path.parts) == 1 and not spec.startswith(("~", ".")):
        raise SOURCES.unknown(name, PLUGINS.names())
    raise missing_file(path)


def kind_of_file(path: Path) -> str:
    """`image` or `video`, by the file's first bytes; what says nothing is left to the video reader's own probing."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise in_words(error, path) from error
    if start.startswith((b"\x89PNG", b"RIFF", b"GIF8")):
        return "video" if _is_animated(path, start) else "image"
    if (
        start.startswith(_IMAGE_STARTS)
        or _DRAWING.match(start)
        or (start[4:8] == b"ftyp" and start[8:12] in _IMAGE_BRANDS)
    ):
        return "image"
    known_video = start[4:8] == b"ftyp" or start.startswith(b"\x1aE\xdf\xa3")
    return "image" if path.suffix.lower() in IMAGE_SUFFIXES and not known_video else "video"


def _is_animated(path: Path, start: bytes) -> bool:
    """Whether a GIF, PNG or WebP has more than one image."""
    if start[:4] == b"RIFF" and start[8:12] != b"WEBP":
        return True  # AVI is a RIFF file too
    if start[:4] == b"RIFF":
        return len(start) > 20 and start[12:16] == b"VP8X" and bool(start[20] & 2)
    if start.startswith(b"\x89PNG"):
        with path.open("rb") as file:  # the animation chunk must stand before the first image
            head = file.read(4096)
        return -1 < head.find(b"acTL") < (head.find(b"IDAT") % 4097)
    from PIL import Image  # a GIF tells only when it is walked through

    try:
        with Image.open(path) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, Image.DecompressionBombError):
        return False  # the image reader says what is wrong with it


def missing_file(path: Path) -> SourceError:
    """The error for a file that is not there, naming the nearest one in that folder."""
    if not is_folder(path.parent):
        return SourceError("folder not found", where=str(path.parent), hint="check the path")
    names = [entry.name for entry in own_entries(path.parent)]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean '{path.parent / near[0]}'?"
    else:
        hint = f"check the path; it was looked for in {path.parent.resolve()}"
    return SourceError("file not found", where=str(path), hint=hint)


def checked_file(path_text: str) -> Path:
    """The path of an existing regular file, `~` expanded; anything else (a pipe could block for ever) is refused."""
    path = named(path_text)
    there = kind_of(path)
    if not there:
        raise missing_file(path)
    if there != "file":
        raise no_file(path, there)
    return path


def no_file(path: Path, there: str) -> SourceError:
    """The error for a path at which a pipe, say, is `there`: reading one may never end."""
    return SourceError(f"is a {there}, not a file", where=str(path), hint="name a file, or a folder of images")
