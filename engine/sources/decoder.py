"""Decodes a video file into upright RGB images with honest times. Used by the video source and by media in scenes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Pixels
from ..core.timestamps import FrameTimes
from . import motion_jpeg as jpeg
from .extent import UNSEEKABLE, CodedEnd, Extent, Stamps, extent, stamps_of
from .fit import cover
from .read_image import MAX_PIXELS
from .tracks import may_restart, open_file, packets, report_mute, sound_track, video_track

log = logging.getLogger("phosphene")

BT709 = 1  # AVCOL_SPC_BT709, ITU-T H.273
_BT601 = (5, 6)
_UNTAGGED_COLORSPACES = (2, 3)
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_MAX_BAD_PACKETS = 50


class Decoder(Closing):
    """One video file, decoded from its start or from any moment.

    `size`: (width, height) of the images, upright and with square pixels; `rate`: nominal frames per second;
    `frame_count`: as the file's header says, or None; `start_s`: the first image's time on the file's own clock;
    `has_audio`: whether it has sound that can be decoded. Images come as (seconds since the first image, H×W×3
    uint8 sRGB); see phosphene.engine.core.timestamps for times that step back, jump or lack. Raises SourceError where
    nothing can be decoded; damage further on is skipped or ends them, with a warning in the log. Files cannot reach a
    network.
    """

    def __init__(self, path: Path, *, max_pixels: int = MAX_PIXELS) -> None:
        self.path = path
        self._max_pixels = max_pixels
        self._opened: tuple[InputContainer, VideoStream] | None = None
        self._warned = False
        self._rest: Iterator[tuple[float, Pixels]] = iter(())
        self._first: tuple[float, Pixels] | None = None
        self._jpeg: tuple[tuple[int, int], int] | None = None  # size and rotation of Motion JPEG, once they are known
        self.size = (0, 0)
        self._open()
        container, stream = self._container, self._stream
        self.has_audio = sound_track(container, path) is not None
        report_mute(container, path)
        self.frame_count: int | None = stream.frames or None
        self._rest = self._frames()
        self._first = next(self._rest, None)
        if self._first is None:
            self.close()
            raise self._unreadable("no frame could be decoded")
        self.start_s = self._first[0]
        height, width = self._first[1].shape[:2]
        self.size = (width, height)
        self.rate = self._nominal_rate()

    def __iter__(self) -> Iterator[tuple[float, Pixels]]:
        return self

    def __next__(self) -> tuple[float, Pixels]:
        found = self._first or next(self._rest)
        self._first = None
        return round(found[0] - self.start_s, 9), found[1]

    @property
    def end_s(self) -> float | None:
        """Seconds from the first image's begin to the end of the newest that was given; None before the first.

        After the last image it is the end of the whole.
        """
        end = self._times.end_s if self._coded_end_s is None else self._coded_end_s
        return None if end is None else round(end - self.start_s, 9)

    def seek(self, time_s: float) -> None:
        """Goes to the image shown at `time_s`: the next are it and those after (some before it may come first)."""
        if time_s > 0 and self._jump(time_s + self.start_s):
            return
        self.close()
        self._open()
        self._first, self._rest = None, self._frames()

    def length(self) -> float | None:
        """Seconds from the first image's begin to the last one's end, by the packets; None where these have no times.

        A header's own length is not taken: it may count the sound, or end before the last image is shown.
        """
        end = self._extent.end_s
        return round(end - self.start_s, 9) if end is not None and end > self.start_s else None

    @cached_property
    def _extent(self) -> Extent:
        return extent(self.path, 1 / self.rate)

    def _jump(self, moment: float) -> bool:
        """Seeks to the key frame before `moment` of the file's clock; False where that does not work in this file."""
        if self._container.format.name in UNSEEKABLE or not self._stream.time_base or self._extent.mended:
            return False
        try:
            self._container.seek(int(moment / self._stream.time_base), stream=self._stream, backward=True)
        except av.FFmpegError:
            return False  # a format that cannot seek is read from its start
        self._rest = self._frames()
        self._first = next(self._rest, None)
        return self._first is not None and self._stamped and self._first[0] <= moment + 1e-6

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        opened, self._opened = self._opened, None
        # FFmpeg's threads and images live as long as the stream, which what is left of a reading would hold on to
        self._first, self._rest = None, iter(())
        if opened is not None:
            opened[0].close()

    # -- inside ------------------------------------------------------------------------------------------------------

    @property
    def _container(self) -> InputContainer:
        return self._both[0]

    @property
    def _stream(self) -> VideoStream:
        return self._both[1]

    @property
    def _both(self) -> tuple[InputContainer, VideoStream]:
        if self._opened is None:
            raise SourceError("is already closed", where=str(self.path))
        return self._opened

    def _open(self) -> None:
        if not self.path.stat().st_size:
            raise SourceError("the file is empty", where=str(self.path), hint="copy or download it again")
        try:
            container = open_file(self.path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._unreadable(error) from error
        try:
            stream = video_track(container, self.path)
        except SourceError:
            container.close()
            raise
        if stream.width * stream.height > self._max_pixels:
            container.close()
            raise SourceError(
                f"the video has more than {self._max_pixels / 1e6:g} megapixels",
                where=str(self.path),
                hint="scale it down",
            )
        self._opened = container, stream
        # Motion JPEG is mostly decoded without FFmpeg; what is left to it must come at once.
        stream.thread_type = "SLICE" if stream.codec_context.name == "mjpeg" else "AUTO"

    def _unreadable(self, why: object) -> SourceError:
        reason = getattr(why, "strerror", None) or why
        return SourceError(
            f"cannot be read as a video ({reason})",
            where=str(self.path),
            hint="check that other programs play it; a recording that was cut off may need repair",
        )

    def _frames(self) -> Iterator[tuple[float, Pixels]]:
        """Decoded images from where the file stands, times filled in and strictly rising."""
        self._times = FrameTimes(self._header_rate(), float(self._stream.time_base or 0))
        self._coded_end_s: float | None = None
        for stamps, pixels in self._decoded():
            self._stamped = stamps.pts is not None or stamps.dts is not None
            yield self._times.at(*stamps), pixels

    def _decoded(self) -> Iterator[tuple[Stamps, Pixels]]:
        """Upright images with their time stamps, where they have any."""
        bad = 0
        read = packets(self._container, self._stream)
        coded_end = CodedEnd(self._container, self._stream)
        while True:
            try:
                packet = next(read, None)
            except (av.FFmpegError, OSError) as error:
                log.warning("%s: the file is damaged or cut off here and ends early (%s)", self.path.name, error)
                yield from self._held_back()
                return
            if packet is None:
                self._coded_end_s = coded_end.end_s
                return
            coded_end.add(packet)
            try:
                # where parts of a transport stream were joined the last packet of each is whole, though marked
                if packet.is_corrupt and packet.size and not may_restart(self._container):
                    raise ValueError("cut off or lost")
                yield from self._of_packet(packet)
                bad = 0
            except (av.FFmpegError, ValueError) as error:
                bad += 1
                if not self._warned:
                    self._warned = True
                    log.warning("%s: a damaged part is skipped (%s)", self.path.name, error)
                if bad >= _MAX_BAD_PACKETS:
                    log.warning("%s: too much damage, the file ends early", self.path.name)
                    yield from self._held_back()
                    return

    def _held_back(self) -> Iterator[tuple[Stamps, Pixels]]:
        """What the decoder still holds where a file ends early."""
        with contextlib.suppress(av.FFmpegError):  # the damage was reported already
            for frame in self._stream.codec_context.decode(None):
                yield stamps_of(frame, frame.time_base), self._upright(frame)

    def _of_packet(self, packet: Packet[VideoStream]) -> Iterator[tuple[Stamps, Pixels]]:
        base = self._stream.time_base
        if self._jpeg is not None and base is not None and packet.pts is not None:
            size, rotation = self._jpeg
            quick = jpeg.decode(bytes(packet), size)
            if quick is not None:
                yield stamps_of(packet, base), self._turned(quick, rotation)
                return
        for frame in packet.decode():
            if frame.width * frame.height > self._max_pixels:  # a stream may grow midway
                raise ValueError(f"an image of more than {self._max_pixels / 1e6:g} megapixels")
            if self._stream.codec_context.name == "mjpeg" and frame.pts == packet.pts:
                self._jpeg = (frame.width, frame.height), frame.rotation
            yield stamps_of(frame, frame.time_base), self._upright(frame)

    def _upright(self, frame: VideoFrame) -> Pixels:
        """RGB by the frame's own colour tags, square pixels, turned as its display matrix says."""
        if frame.colorspace in _UNTAGGED_COLORSPACES and (frame.width >= 1280 or frame.height > 576):
            frame.colorspace = BT709  # the usual guess for HD; smaller untagged images are taken as BT.601
        if any(component.is_alpha for component in frame.format.components) or frame.format.name == "pal8":
            rgba = frame.to_ndarray(format="rgba")
            rgb = cv2.multiply(rgba[..., :3], cv2.merge([rgba[..., 3]] * 3), scale=1 / 255)
        elif _is_plain_bt601(frame):
            rgb = cv2.cvtColor(
                frame.to_ndarray(), cv2.COLOR_YUV2RGB_I420
            )  # as quick as swscale, without its bias of -1
        else:
            rgb = frame.to_ndarray(format="rgb24")
        return self._turned(rgb, frame.rotation)

    def _turned(self, rgb: Pixels, rotation: int) -> Pixels:
        """The image with square pixels, turned, in the size of the first."""
        height, width = rgb.shape[:2]
        wide = _square_size(width, height, self._stream.sample_aspect_ratio)
        if wide != (width, height):
            rgb = cv2.resize(rgb, wide, interpolation=cv2.INTER_LINEAR)
        quarter_turns = round(rotation / 90) % 4  # PyAV: counter-clockwise degrees to make it upright
        if quarter_turns:
            rgb = np.rot90(rgb, quarter_turns)
        upright: Pixels = np.ascontiguousarray(rgb)
        return cover(upright, self.size) if self.size != (0, 0) else upright

    def _header_rate(self) -> float:
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(rate) if rate and 0 < rate <= 1000 else 30.0

    def _nominal_rate(self) -> float:
        """The header's rate, or the middle distance of the first hundred time stamps where the header says nonsense."""
        rate = self._stream.average_rate
        if rate and 0.1 <= rate <= 240:
            return float(rate)
        try:
            with open_file(self.path) as container:
                stream = video_track(container, self.path)
                stamps = []
                for packet in packets(container, stream):
                    if packet.pts is not None and stream.time_base is not None:
                        stamps.append(float(packet.pts * stream.time_base))
                    if len(stamps) >= 100:
                        break
        except (av.FFmpegError, OSError):
            stamps = []  # damaged before the hundredth image: the usual rate is as good a guess as any
        gaps = np.diff(sorted(stamps))
        middle = float(np.median(gaps)) if gaps.size else 0.0
        return min(1 / middle, 1000.0) if middle > 1e-4 else 30.0


def _is_plain_bt601(frame: VideoFrame) -> bool:
    """Whether OpenCV's I420 conversion (BT.601, studio range) is the right one for this frame."""
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    tagged = frame.colorspace in (*_UNTAGGED_COLORSPACES, *_BT601) and frame.color_range != _FULL_RANGE
    return even and tagged and frame.format.name == "yuv420p"


def _square_size(width: int, height: int, ratio: Fraction | None) -> tuple[int, int]:
    """(width, height) with square pixels: the side that is too short is stretched, so that no detail is lost."""
    if not ratio or not Fraction(1, 8) <= ratio <= 8:
        return width, height
    if ratio >= 1:
        return round(width * ratio), height
    return width, round(height / ratio)
