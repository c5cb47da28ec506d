"""The sound of a file as samples, each at its place beside the images."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Floats
from .tracks import no_sound, open_file, packets, sound_track, video_tracks

log = logging.getLogger("phosphene")

MAX_BAD_PACKETS = 50
OVERLAP_S = 0.15  # a part that reaches further back into the one before begins anew: see FileClock
JOIN_S = 0.005  # time stamps are rounded, and parts that nearly meet are meant to


def open_sound_track(path: Path) -> tuple[InputContainer, AudioStream]:
    """A file and the track of it that is heard. Raises SourceError where there is none."""
    try:
        container = open_file(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"its audio cannot be read ({reason})", where=str(path)) from error
    track = sound_track(container, path)
    if track is None:
        reason = no_sound(container, path)
        container.close()
        raise reason
    return container, track


def first_frame_s(container: InputContainer, path: Path) -> float:
    """When the first image of an opened file is shown, on the file's own clock; 0 where it has none.

    A song's cover is an image too, but not one that the song waits for.
    """
    from .decoder import Decoder

    if not video_tracks(container):
        return 0.0
    try:
        with Decoder(path) as decoder:
            return decoder.start_s
    except SourceError:
        return 0.0  # its images cannot be decoded: the sound stands alone


class Samples(Closing):
    """Iterates over the sound of `path`: (number of the first sample, channels × n float32 from -1 to 1).

    Sample 0 lies `origin_s` after the begin of the file's own clock. Parts come one after another: of two that overlap,
    as at a join, the later one is heard, and a hole stays a hole. Damage ends the sound with a warning.
    """

    def __init__(
        self, path: Path, container: InputContainer, track: AudioStream, origin_s: float, *, rate: int, layout: str
    ) -> None:
        self.path, self.rate, self.layout = path, rate, layout
        self._container, self._track, self._origin_s = container, track, origin_s
        self._parts = self._placed()

    def __iter__(self) -> Iterator[tuple[int, Floats]]:
        return self._parts

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._parts = iter(())  # what is left of the reading holds its decoder
        self._container.close()

    def _placed(self) -> Iterator[tuple[int, Floats]]:
        held: deque[tuple[int, Floats]] = deque()  # the newest parts, which the next one may still cut
        given = -(1 << 62)  # everything before this sample was given away
        run_in = False
        for first, samples in self._resampled():
            end = _end(held[-1]) if held else given
            if abs(first - end) <= JOIN_S * self.rate:
                first = end
            if first < end and not run_in and first + samples.shape[1] <= end:
                run_in = True  # of the encoder that made the part which begins here: not yet its sound
                continue
            run_in = False
            samples, first = samples[:, max(given - first, 0) :], max(first, given)
            while held and held[-1][0] >= first:
                held.pop()
            if held and _end(held[-1]) > first:
                begin, cut = held.pop()
                held.append((begin, cut[:, : first - begin]))
            if samples.shape[1]:
                held.append((first, np.clip(np.nan_to_num(samples), -1.0, 1.0)))
            while held and _end(held[0]) < _end(held[-1]) - OVERLAP_S * self.rate:
                given = _end(held[0])
                yield held.popleft()
        yield from held

    def _resampled(self) -> Iterator[tuple[int, Floats]]:
        following = 0
        for even in self._even():
            if even.pts is not None and even.time_base is not None:
                following = round((float(Fraction(even.pts) * even.time_base) - self._origin_s) * self.rate)
            samples = np.array(even.to_ndarray(), np.float32)
            yield following, samples
            following += samples.shape[1]

    def _even(self) -> Iterator[AudioFrame]:
        """Frames of the wanted rate and layout. One resampler serves as long as like frames follow one another."""
        resampler, kind, due = self._resampler(), None, None
        try:
            for frame in self._decoded():
                begin = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
                apart = begin is not None and due is not None and abs(begin - due) > JOIN_S
                if kind is not None and (apart or kind != _kind(frame)):
                    yield from _rest(resampler)  # what it holds belongs before the hole
                    resampler = self._resampler()
                kind = _kind(frame)
                begin = due if begin is None else begin
                due = None if begin is None else begin + Fraction(frame.samples, frame.sample_rate)
                yield from resampler.resample(frame)
            if kind is not None:
                yield from _rest(resampler)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("%s: the audio is damaged and ends early (%s)", self.path.name, error)

    def _resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="fltp", layout=self.layout, rate=self.rate)

    def _decoded(self) -> Iterator[AudioFrame]:
        bad = 0
        for packet in packets(self._container, self._track):
            try:
                yield from packet.decode()
            except av.FFmpegError as error:
                bad += 1
                if bad == 1:
                    log.warning("%s: a damaged part of the audio is skipped (%s)", self.path.name, error)
                if bad >= MAX_BAD_PACKETS:
                    raise


def _end(part: tuple[int, Floats]) -> int:
    return part[0] + len(part[1][0])


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _rest(resampler: av.AudioResampler) -> Iterator[AudioFrame]:
    """What a resampler still holds; one that changes nothing answers with no frame."""
    for frame in resampler.resample(None):
        if frame is not None:
            yield frame
