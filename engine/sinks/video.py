"""A video file through PyAV: every picture at its own time, with the input's sound."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from engine.audio import Recordable
from engine.closing import Closing
from engine.data import Pixels
from engine.errors import SinkError
from engine.paths import kind_of, named
from engine.scheduling import same_urgency
from engine.sinks import check_folder, check_picture
from engine.sinks.encodings import encoding_for
from engine.sinks.live_sound import LiveSoundTrack
from engine.sinks.sound import SoundTrack

log = logging.getLogger("phosphene")

# An unfinished file plays up to its last whole fragment; a finished one is a usual file.
_SAFE = {
    ".mp4": {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "300000", "flush_packets": "1"},
    ".mov": {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "300000", "flush_packets": "1"},
    ".mkv": {"cluster_time_limit": "300", "flush_packets": "1"},
    ".webm": {"cluster_time_limit": "300", "flush_packets": "1"},
}
# H.273 code points: BT.709 primaries, transfer and matrix; studio range
_BT709, _STUDIO_RANGE = 1, 1


class VideoSink(Closing):
    """Writes H.264 (mp4, mov, mkv), VP9 (webm) or GIF; with `alpha` ProRes 4444 (mov) or VP9 (webm), straight alpha.

    `codec` names another (see encodings.NAMES). What is `live` cannot be written again: where the process is killed or
    the machine dies its file plays up to the last second, and its index stands at the end instead of the begin.

    Times are kept as given, from the first picture on, to the container's tick (GIF: 10 ms). Where the format needs
    even sides, an odd side is lengthened by repeating its last row or column. Sound of `audio_from` is copied where the
    container takes its codec, else re-encoded, starts where the first picture's time lies in that file, and ends with
    the last picture; a microphone's is encoded. Nothing is created before the first picture. `close` finishes the file,
    also after an error.
    """

    def __init__(
        self,
        name: str,
        *,
        size: tuple[int, int],
        fps: float,
        audio_from: str | Recordable | None = None,
        alpha: bool = False,
        codec: str = "",
        live: bool = False,
    ) -> None:
        self.path = named(name)
        self.size, self.fps, self.alpha = size, fps, alpha
        self.frames = 0
        self._live = live
        suffix = self.path.suffix.lower()
        coded = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self._encoding = encoding_for(suffix, codec, coded, alpha=alpha, where=str(self.path))
        self._audio_from = audio_from if suffix != ".gif" else None
        _check_writable(self.path)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._graph: Any = None
        self._sound: SoundTrack | LiveSoundTrack | None = None
        self._origin_s = 0.0
        self._last_tick = -1
        self._first_dts: int | None = None
        self._failed = False
        self._closed = False

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one picture. Raises SinkError where the file can no longer be written."""
        if self._closed or self._failed:
            raise SinkError("the file is closed" if self._closed else "an earlier picture failed", where=str(self.path))
        check_picture(image.shape, self.size)
        try:
            if self._container is None:
                self._origin_s = time_s
                self._open()
            tick = max(round(Fraction(time_s - self._origin_s) / self._encoding.tick), self._last_tick + 1)
            with nullcontext() if self.frames else same_urgency():  # the first picture opens the encoder
                self._encode(self._frame(image), tick)
            self._last_tick = tick
            self.frames += 1
            if self._sound:
                self._sound.advance(float(tick * self._encoding.tick))
        except (av.FFmpegError, OSError, ValueError) as error:
            self._failed = True
            raise SinkError(
                f"the video cannot be written ({getattr(error, 'strerror', None) or error})",
                where=str(self.path),
                hint="check the disk's space; what was written so far is kept",
            ) from error

    def close(self) -> None:
        """Finishes the file, so that it plays up to the last whole picture; harmless when called twice."""
        if self._closed:
            return
        self._closed = True
        if self._container is None:
            return
        try:
            self._flush()
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("%s: the last pictures were lost (%s)", self.path, error)
        finally:
            try:
                if self._sound:
                    self._sound.close()
            finally:
                self._finish_file()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _finish_file(self) -> None:
        container, self._container = self._container, None
        self._stream = self._graph = self._sound = None  # the encoder's threads and pictures live as long as these
        try:
            if container is not None:
                container.close()
        except (av.FFmpegError, OSError) as error:
            raise SinkError(
                f"the file could not be finished ({getattr(error, 'strerror', None) or error})",
                where=str(self.path),
                hint="check the disk's space",
            ) from error

    def _open(self) -> None:
        encoding = self._encoding
        suffix = self.path.suffix.lower()
        flags = _SAFE.get(suffix, {}) if self._live else {"movflags": "faststart"} if suffix in (".mp4", ".mov") else {}
        container = av.open(str(self.path.absolute()), "w", options=flags)
        self._container = container
        stream = container.add_stream(encoding.codec, rate=Fraction(self.fps).limit_denominator(1001))
        assert isinstance(stream, VideoStream)
        width, height = self._coded_size()
        stream.width, stream.height, stream.pix_fmt = width, height, encoding.pixel_format
        stream.time_base = encoding.tick
        context = stream.codec_context
        context.time_base = encoding.tick
        context.options = encoding.options
        if encoding.tag:
            context.codec_tag = encoding.tag
        if encoding.codec != "gif":
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = _STUDIO_RANGE
        else:
            self._graph = _palette_graph(width, height)
        self._stream = stream
        if isinstance(self._audio_from, str):
            self._sound = SoundTrack.open(Path(self._audio_from), container, suffix, self._origin_s)
        elif self._audio_from is not None:
            self._sound = LiveSoundTrack(self._audio_from, container, suffix, self._origin_s)

    def _coded_size(self) -> tuple[int, int]:
        width, height = self.size
        if "420" not in self._encoding.pixel_format:
            return width, height
        return width + width % 2, height + height % 2

    def _frame(self, image: Pixels) -> VideoFrame:
        """The picture in the encoder's own format."""
        width, height = self._coded_size()
        if (width, height) != self.size:
            image = np.pad(image, ((0, height - self.size[1]), (0, width - self.size[0]), (0, 0)), mode="edge")
        source = VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), "rgba")
        if self._graph is not None:
            return source.reformat(format="rgb24")
        return source.reformat(
            format=self._encoding.pixel_format, dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG"
        )

    def _encode(self, frame: VideoFrame, tick: int) -> None:
        assert self._stream is not None
        assert self._container is not None
        frame.pts, frame.time_base = tick, self._encoding.tick
        frame.duration = max(1, round(1 / Fraction(self.fps) / self._encoding.tick))
        if self._graph is not None:
            self._graph.push(frame)
            duration = frame.duration
            frame = self._graph.pull()
            frame.pts, frame.time_base, frame.duration = tick, self._encoding.tick, duration
        packets = list(self._stream.encode(frame))
        if packets and self._first_dts is None:
            self._first_dts = packets[0].dts
        self._container.mux(packets)

    def _flush(self) -> None:
        if self._stream is None or self._container is None or not self.frames:
            return
        end_s = self._last_tick * self._encoding.tick + 1 / Fraction(self.fps)
        packets = list(self._stream.encode(None))
        if packets and self._first_dts is None:
            self._first_dts = packets[0].dts
        if packets and self._first_dts is not None and packets[-1].dts is not None and packets[-1].time_base:
            # mp4 counts a track's length in decoding time, which may end well before the last picture is shown; of what
            # was written in fragments readers leave out what is shown later than that
            end = round(end_s / packets[-1].time_base) + (0 if self._live else min(self._first_dts, 0))
            packets[-1].duration = max(1, end - packets[-1].dts)
        self._container.mux(packets)
        if self._sound:
            self._sound.finish(float(end_s))


def _palette_graph(width: int, height: int) -> Any:
    """A filter that gives each picture its own 256 colours, with ordered dither (it does not crawl)."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, 100))
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=3")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


def _check_writable(path: Path) -> None:
    """Fails early where the file could not be written, without touching what is there."""
    check_folder(path)
    existed = kind_of(path)
    if existed not in ("", "file"):
        raise SinkError(f"is a {existed}, no file", where=str(path), hint="choose another name")
    try:
        path.open("ab").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise SinkError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            hint="check the permissions, or choose another place",
        ) from error
