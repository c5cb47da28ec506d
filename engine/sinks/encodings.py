"""How video files are encoded: which codec a container takes, with which settings, and the hardware's encoders."""

from __future__ import annotations

import logging
import os
from fractions import Fraction
from typing import NamedTuple

import av

from ..core.errors import SinkError

log = logging.getLogger("phosphene")


class Encoding(NamedTuple):
    """How one kind of file is encoded; `tick` is the finest step of time that its container keeps; `tag` is the name
    under which players look for the codec, where FFmpeg's own choice is not theirs."""

    codec: str
    pixel_format: str
    tick: Fraction
    options: dict[str, str]
    tag: str = ""


_FINE, _MILLI = Fraction(1, 90000), Fraction(1, 1000)
TICKS = {".mp4": _FINE, ".mov": _FINE, ".mkv": _MILLI, ".webm": _MILLI, ".gif": Fraction(1, 100)}
# Few threads and a short look-ahead: what an encoder holds back is lost when the machine dies.
_H264 = {"crf": "18", "preset": "veryfast", "threads": "6"}
_H265 = {"crf": "22", "preset": "veryfast", "x265-params": "log-level=error:rc-lookahead=10:frame-threads=2"}
_VP9 = {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5", "row-mt": "1", "auto-alt-ref": "0"}
_AV1 = {"crf": "30", "preset": "10", "svtav1-params": "pred-struct=1:lookahead=0"}
_CODECS: dict[str, tuple[str, str, dict[str, str], tuple[str, ...]]] = {
    "h264": ("libx264", "yuv420p", _H264, (".mp4", ".mov", ".mkv")),
    "h265": ("libx265", "yuv420p", _H265, (".mp4", ".mov", ".mkv")),
    "vp9": ("libvpx-vp9", "yuv420p", _VP9, (".webm", ".mkv", ".mp4")),
    "av1": ("libsvtav1", "yuv420p", _AV1, (".mp4", ".mkv", ".webm")),
    "prores": ("prores_ks", "yuv422p10le", {"profile": "hq"}, (".mov", ".mkv")),
    "ffv1": ("ffv1", "yuv444p", {"level": "3", "slicecrc": "1"}, (".mkv",)),
    "gif": ("gif", "pal8", {}, (".gif",)),
}
_ALPHA = {
    "prores": ("prores_ks", "yuva444p10le", {"profile": "4444"}, (".mov",)),
    "vp9": ("libvpx-vp9", "yuva420p", _VP9, (".webm",)),
}
# A graphics card's encoders: NVIDIA, Intel, AMD, macOS, Windows; and the codec that the processor makes where none
# works. Each is tried out, for being built in says nothing.
_CARDS = {
    "hardware": ("h264", ("h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox", "h264_mf")),
    "hardware-h265": ("h265", ("hevc_nvenc", "hevc_qsv", "hevc_amf", "hevc_videotoolbox", "hevc_mf")),
    "hardware-av1": ("av1", ("av1_nvenc", "av1_qsv", "av1_amf")),
}
NAMES = (*(name for name in _CODECS if name != "gif"), *_CARDS)


def encoding_for(suffix: str, codec: str, size: tuple[int, int], *, alpha: bool, where: str) -> Encoding:
    """The encoding of a file with that suffix, by the codec's name or, where it is empty, the container's first.

    `size` is the coded (width, height), for trying out hardware. Raises SinkError where they do not go together.
    """
    table = _ALPHA if alpha else _CODECS
    if suffix not in TICKS or not any(suffix in found[3] for found in table.values()):
        known = sorted({s for found in table.values() for s in found[3]})
        raise SinkError(f"'{suffix}' cannot be written here", where=where, hint=f"choose one of {', '.join(known)}")
    card = ""
    if codec in _CARDS:
        if alpha:
            raise SinkError("graphics cards cannot encode transparency", where=where, hint="remove codec=")
        codec, card = _CARDS[codec][0], hardware_encoder(codec, size, where)
    fitting = [name for name, found in table.items() if suffix in found[3]]
    if codec and codec not in fitting:
        what = "with alpha " if alpha else ""
        raise SinkError(f"'{suffix}' {what}cannot hold {codec}", where=where, hint=f"it can hold {', '.join(fitting)}")
    name, pixels, options, _ = table[codec or fitting[0]]
    quiet_libraries()
    tag = "hvc1" if codec == "h265" and suffix != ".mkv" else ""
    if card:
        return Encoding(card, "yuv420p", TICKS[suffix], {"b": "12M"}, tag)
    if name not in av.codecs_available:
        raise SinkError(f"PyAV has no encoder {name}", where=where, hint="pip install --force-reinstall av")
    return Encoding(name, pixels, TICKS[suffix], options, tag)


def quiet_libraries() -> None:
    """Encoders that print to standard error by themselves tell errors alone there, unless the user says otherwise."""
    for variable, errors in (("SVT_LOG", "1"), ("LIBVA_MESSAGING_LEVEL", "1")):
        os.environ.setdefault(variable, errors)


def hardware_encoder(kind: str, size: tuple[int, int], where: str) -> str:
    """The first encoder of a graphics card that encodes an image of `size`; empty, and said, where there is none."""
    quiet_libraries()
    codec, names = _CARDS[kind]
    tried = [name for name in names if name in av.codecs_available]
    for name in tried:
        if works(name, size):
            log.info("%s: encoded by %s", where, name)
            return name
    log.warning(
        "%s: no graphics card can encode %s (tried %s), using the processor",
        where,
        codec,
        ", ".join(tried) or "none",
    )
    return ""


def works(name: str, size: tuple[int, int]) -> bool:
    """Whether an encoder can be opened and takes an image."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    try:
        context = av.VideoCodecContext.create(name, "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height = size
        context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 30)
        context.framerate = Fraction(30)
        frame = av.VideoFrame(*size, "yuv420p")
        frame.pts = 0
        context.encode(frame)
    except (av.FFmpegError, ValueError) as error:
        log.debug("%s: %s", name, error)
        return False
    finally:
        logging.getLogger("libav").setLevel(logging.WARNING)
    return True
