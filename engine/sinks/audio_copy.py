"""Takes the sound of one file along into another, in sync."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Self

import av
from av.container import OutputContainer

from ..core.closing import Closing
from ..core.errors import SourceError
from ..sources.samples import first_frame_s, open_sound_track
from .audio_copied import CopiedSound
from .audio_encoded import EncodedSound
from .muxer import Muxer

log = logging.getLogger("phosphene")

MOST_LOST_S = 0.025  # of the begin, for the sake of copying
# What each container takes as it is; anything else is re-encoded. None: anything.
_COPIED: dict[str, frozenset[str] | None] = {
    ".mp4": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac")),
    ".mov": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le", "pcm_s16be")),
    ".mkv": None,
    ".webm": frozenset(("opus", "vorbis")),
}


class SoundTrack(Closing):
    """Writes the sound that lies in a file, as far as `advance` has come.

    Copied packet by packet, without loss, where the container takes the codec, else encoded anew. It begins where it
    begins beside the images, and what is encoded anew ends with the last one to the sample. Sound that cannot be read
    or that the container refuses ends early with a warning: it never costs the image. Raises OSError where the file
    can no longer be written.
    """

    def __init__(self, way: CopiedSound | EncodedSound, name: str) -> None:
        self._way, self._name = way, name
        self._ended = False

    @classmethod
    def open(cls, path: Path, target: OutputContainer, muxer: Muxer, suffix: str, start_s: float) -> Self | None:
        """The sound of `path` from `start_s` after its first image; None, which is said, where there is none."""
        try:
            source, track = open_sound_track(path)
        except SourceError as error:
            log.warning("%s: its audio is skipped (%s)", path.name, error.message)
            return None
        origin_s = first_frame_s(source, path) + start_s
        copied = _COPIED[suffix]
        if copied is None or track.codec_context.name in copied:
            way = CopiedSound(path, source, track, target, muxer, suffix, origin_s)
            if way.lost_s <= MOST_LOST_S:
                with contextlib.suppress(av.FFmpegError, ValueError):  # a codec that the container does not know
                    way.begin()
                    return cls(way, path.name)
            way.close()
            source, track = open_sound_track(path)
        try:
            return cls(EncodedSound(path, source, track, target, muxer, suffix, origin_s), path.name)
        except (av.FFmpegError, ValueError) as error:
            source.close()
            log.warning("%s: its audio is skipped (%s)", path.name, error)
            return None

    def advance(self, until_s: float) -> None:
        """Writes the sound up to `until_s` of the new file."""
        self._do(until_s, last=False)

    def finish(self, until_s: float) -> None:
        """Writes the sound to its end at `until_s`, and what the encoder still holds."""
        self._do(until_s, last=True)

    def close(self) -> None:
        """Closes the file that the sound comes from."""
        self._ended = True
        self._way.close()

    def _do(self, until_s: float, *, last: bool) -> None:
        if self._ended:
            return
        try:
            self._way.advance(until_s)
            if last:
                self._way.finish()
        except (av.FFmpegError, ValueError) as error:
            if not isinstance(error, av.ArgumentError | av.InvalidDataError | ValueError):
                raise  # the disk is full or gone: that is not the sound's fault
            self._ended = True
            log.warning("%s: its audio ends early at %.2f s, the video goes on (%s)", self._name, until_s, error)
