"""A file's tracks: which of them can be decoded, and their packets with time stamps that go on.

Every reader of a file, of its images or its sound, takes its packets from here, so that all have the same clock.
"""

from __future__ import annotations

import logging
import mmap
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from ..core.errors import SourceError
from ..core.timestamps import FileClock

log = logging.getLogger("phosphene")

_ONLY_FILES = {"protocol_whitelist": "file"}
_MAY_RESTART = 0x0200  # AVFMT_TS_DISCONT
_UNKNOWN = re.compile(r"stream (\d+) \((?:Video|Audio): (\w+)(?: \((.+?) / 0x)?")
_MATROSKA_ID = re.compile(r"AVCodecID (\S+?)\.?\s")
_reported: set[tuple[Path, str]] = set()  # a file is opened several times in a run, and spoken of once

_Track = TypeVar("_Track", VideoStream, AudioStream)


def open_file(path: Path) -> InputContainer:
    """Opens a media file, never an address. Raises av.FFmpegError, OSError or ValueError where it is none."""
    # absolute, so that no name is taken for a protocol; only plain files, whatever a playlist inside says
    return av.open(str(path.absolute()), "r", options=_ONLY_FILES, metadata_errors="replace")


def video_tracks(container: InputContainer) -> list[VideoStream]:
    """The tracks of video; a song's cover is none."""
    return [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]


def video_track(container: InputContainer, path: Path) -> VideoStream:
    """The first track of video that can be decoded; others before it are named in the log.

    Raises SourceError where there is none, naming the codec.
    """
    tracks = video_tracks(container)
    if not tracks:
        has_sound = (
            "a song and its cover are not a video" if container.streams.video else "audio alone cannot be an input"
        )
        raise SourceError("has no video", where=str(path), hint=f"expected a video file; {has_sound}")
    found = _first_decodable(tracks, path, "video")
    if found is None:
        raise SourceError(
            f"its video cannot be decoded: {_codec(path, tracks[0])}",
            where=str(path),
            hint="convert it to H.264 with a program that plays it",
        )
    return found


def sound_track(container: InputContainer, path: Path) -> AudioStream | None:
    """The first sound track that can be decoded, or None; others before it are named in the log."""
    return _first_decodable(container.streams.audio, path, "audio")


def no_sound(container: InputContainer, path: Path) -> SourceError:
    """Why `sound_track` finds nothing in a file."""
    tracks = container.streams.audio
    if not tracks:
        return SourceError("has no audio", where=str(path), hint="name a file with audio, or mic")
    return SourceError(
        f"its audio cannot be decoded: {_codec(path, tracks[0])}",
        where=str(path),
        hint="convert it to AAC with a program that plays it, or name another file",
    )


def may_restart(container: InputContainer) -> bool:
    """Whether time stamps may begin anew in such a container, as in a transport stream."""
    return bool(container.format.flags & _MAY_RESTART)


def packets(container: InputContainer, wanted: _Track) -> Iterator[Packet[_Track]]:
    """The packets of one track from where the file stands on; see FileClock for what becomes of their time stamps.

    The last one is empty, for the decoder's sake. Raises av.FFmpegError and OSError where the file is damaged.
    """
    for packet in clocked(container, FileClock(restarts=may_restart(container))):
        if packet.stream.index == wanted.index:  # `stream_index` is none of the last, empty ones
            yield packet


def clocked(container: InputContainer, clock: FileClock) -> Iterator[Packet[Any]]:
    """The packets of every track of images or sound, mended by `clock`."""
    tracks: Sequence[Any] = [*video_tracks(container), *container.streams.audio]
    steps = {track.index: _step(track) for track in tracks}
    for packet in container.demux(*tracks):
        base = packet.time_base
        if not packet.size or not base:
            yield packet
            continue
        dts, pts = (None if stamp is None else stamp * base for stamp in (packet.dts, packet.pts))
        is_sound = packet.stream.type == "audio"
        if dts is None and is_sound:  # sound is decoded in the order in which it is heard
            dts = pts
            if dts is None and (due := clock.expected(packet.stream.index)) is not None:
                packet.dts = packet.pts = round(due / base)
                yield packet
                continue
        step = steps[packet.stream.index]
        stated = (packet.duration or 0) * base
        lasts = (step or stated) if is_sound else (stated or step)
        shift = clock.shift(packet.stream.index, dts, pts, lasts, is_video=not is_sound)
        if shift:
            ticks = round(shift / base)
            if packet.pts is not None:
                packet.pts += ticks
            if packet.dts is not None:
                packet.dts += ticks
        yield packet


def _step(track: Any) -> Fraction:
    """How long a packet lasts that does not say so; for sound what the codec says, which is not rounded to ticks."""
    if track.type == "video":
        rate = track.average_rate or track.guessed_rate
        return 1 / Fraction(rate) if rate else Fraction(1, 30)
    context = track.codec_context
    if context is None or not context.frame_size or not context.sample_rate:
        return Fraction(0)
    return Fraction(context.frame_size, context.sample_rate)


def _first_decodable(tracks: Sequence[_Track], path: Path, what: str) -> _Track | None:
    for number, track in enumerate(tracks):
        if _has_decoder(track):
            if number:
                _report(path, f"{what} track {number + 1} is used: {_codec(path, tracks[0])}")
            return track
    return None


def report_mute(container: InputContainer, path: Path) -> None:
    """Says that the sound of a file is left out, where it has some that cannot be decoded."""
    if container.streams.audio and sound_track(container, path) is None:
        _report(path, f"its audio is skipped: {_codec(path, container.streams.audio[0])}")


def _has_decoder(track: Any) -> bool:
    return track.codec_context is not None


def _report(path: Path, words: str) -> None:
    if (path, words) not in _reported:
        _reported.add((path, words))
        log.warning("%s: %s", path.name, words)


def _codec(path: Path, track: Any) -> str:
    """The words for a codec that cannot be decoded. FFmpeg says its name in its log alone, or the file does."""
    name = _name_in_log(path, track) or _name_in_sample_table(path, track.index)
    return f"no decoder for {name}" if name else "no decoder for its codec, which FFmpeg does not name"


def _name_in_log(path: Path, track: Any) -> str:
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.INFO)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as said, open_file(path):
            pass
    except (av.FFmpegError, OSError, ValueError):
        return ""
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    text = "".join(entry[2] for entry in said)
    for match in _UNKNOWN.finditer(text):
        if int(match[1]) == track.index and (match[3] or match[2] != "none"):
            return f"the codec '{match[3] or match[2]}'"
    named = [name for name in _MATROSKA_ID.findall(text) if name.startswith("V" if track.type == "video" else "A")]
    return f"the codec '{named[0]}'" if named else ""


def _name_in_sample_table(path: Path, index: int) -> str:
    """The four letters of a track's codec in an MP4 or QuickTime file (ISO/IEC 14496-12, `stsd`)."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[4:8] != b"ftyp":
            return ""
        at = -1
        for _ in range(index + 1):
            at = data.find(b"stsd", at + 1)
            if at < 0:
                return ""
        letters = data[at + 16 : at + 20].decode("latin-1")
    return f"the codec '{letters}'" if letters.isprintable() else ""
