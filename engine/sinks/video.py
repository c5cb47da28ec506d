"""A video file through PyAV: every image at its own time, with the input's sound."""

from __future__ import annotations

import logging
from contextlib import nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..audio.base import Recordable
from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.files.new import NewFiles, numbered
from ..core.frame import Pixels
from ..core.paths import named
from . import check_image
from .audio_copy import SoundTrack
from .audio_live import LiveSoundTrack
from .encodings import encoding_for
from .last_frame import LastFrame, lengthen_last_frame
from .muxer import Muxer
from .scheduling import same_urgency

log = logging.getLogger("phosphene")

# An unfinished file plays up to its last whole fragment; a finished one is a usual file.
_SAFE = {
    ".mp4": {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "300000", "flush_packets": "1"},
    ".mov": {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "300000", "flush_packets": "1"},
    ".mkv": {"cluster_time_limit": "300", "flush_packets": "1"},
    ".webm": {"cluster_time_limit": "300", "flush_packets": "1"},
}
_PLAYS_CUT = (".mkv", ".webm", ".gif")  # without an end; the others have their index there
# A hidden file has another suffix until it is whole.
_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".gif": "gif"}
# H.273 code points: BT.709 primaries, transfer and matrix; studio range
_BT709, _STUDIO_RANGE = 1, 1


class VideoSink(Closing):
    """Writes H.264 (mp4, mov, mkv), VP9 (webm) or GIF; with `alpha` ProRes 4444 (mov) or VP9 (webm), straight alpha.

    `codec` names another (see encodings.NAMES). What is `live` cannot be written again: where the process is killed or
    the machine dies its file plays up to the last second, and its index stands at the end instead of the begin.

    Times are kept as given, from the first image on, to the container's tick (GIF: 10 ms). Where the format needs
    even sides, an odd side is lengthened by repeating its last row or column. Sound of `audio_from` is copied where the
    container takes its codec, else re-encoded, starts where the first image's time lies in that file, and ends with
    the last image, which lasts as `end` says, else as long as `fps` says; a microphone's is encoded. `close` finishes
    the file and puts it in its place, also after an error; without an image there is none. `overwrite` and what is
    there already: see NewFiles. `place` is a file among several that somebody else puts in their places: these, and
    which.
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
        overwrite: bool = False,
        place: tuple[NewFiles, int] | None = None,
    ) -> None:
        self.path = named(name)
        self.size, self.fps, self.alpha = size, fps, alpha
        self.frames = 0
        self._live = live
        suffix = self.path.suffix.lower()
        coded = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self._encoding = encoding_for(suffix, codec, coded, alpha=alpha, where=str(self.path))
        self._audio_from = audio_from if suffix != ".gif" else None
        self._owns = place is None
        self._new, self._at = place or (one_file(self.path, live=live, overwrite=overwrite), 0)
        self._part = self.path  # where it is written
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._graph: Any = None
        self._sound: SoundTrack | LiveSoundTrack | None = None
        self._origin_s = 0.0
        self._last_tick = -1
        self._end_s: float | None = None
        self._muxer: Muxer | None = None
        self._last: LastFrame | None = None
        self._failed = False
        self._whole = True
        self._closed = False

    @property
    def files(self) -> list[Path]:
        """The file that was written, where it is now; none without an image."""
        return [self._new.paths[self._at]] if self.frames else []

    def cut_short(self) -> None:
        """Says that there would have been more: such a file replaces no older one."""
        self._whole = False

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one image. Raises SinkError where the file can no longer be written."""
        if self._closed or self._failed:
            raise SinkError("the file is closed" if self._closed else "an earlier image failed", where=str(self.path))
        check_image(image.shape, self.size)
        try:
            if self._container is None:
                self._origin_s = time_s
                self._open()
            tick = max(round(Fraction(time_s - self._origin_s) / self._encoding.tick), self._last_tick + 1)
            with nullcontext() if self.frames else same_urgency():  # the first image opens the encoder
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
                hint=_next_step(error) + ("; what was written so far is kept" if self._live else ""),
            ) from error

    def end(self, time_s: float) -> None:
        """The last image is shown until `time_s`."""
        self._end_s = time_s

    def close(self) -> None:
        """Finishes the file, so that it plays up to the last whole image; harmless when called twice."""
        if self._closed:
            return
        self._closed = True
        if self._container is None:
            self._end()
            return
        try:
            self._flush()
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("%s: the last frames were lost (%s)", self.path, error)
        finally:
            try:
                if self._sound:
                    self._sound.close()
            finally:
                self._finish_file()

    @property
    def complete(self) -> bool:
        """Whether everything was written that there was."""
        return self._whole and not self._failed

    # -- inside ------------------------------------------------------------------------------------------------------

    def _finish_file(self) -> None:
        container, self._container = self._container, None
        self._stream = self._graph = self._sound = self._muxer = self._last = (
            None  # the encoder's threads and images live as long as these
        )
        try:
            if container is not None:
                container.close()
                if self._end_s is not None and self.path.suffix.lower() == ".gif":
                    lasts = round((self._until_s()[0] - self._begin_s()) * 100)
                    lengthen_last_frame(self._part, lasts)
            self._end()
        except (av.FFmpegError, OSError, ValueError) as error:
            already_reported, self._failed = self._failed, True
            kept = "what was written so far is kept" if self._keeps_rest() else "nothing playable could be kept"
            if already_reported:  # why, but not what became of it
                log.warning("%s: %s", self.path, kept)
            raise SinkError(
                f"the file could not be finished ({getattr(error, 'strerror', None) or error})",
                where=str(self.path),
                hint=f"{_next_step(error)}; {kept}",
            ) from error

    def _keeps_rest(self) -> bool:
        """Whether what cannot be finished plays nevertheless, and is kept."""
        if not self._owns:
            return False
        if self.frames and not self._live and self.path.suffix.lower() in _PLAYS_CUT:
            with suppress(OSError):
                return bool(self._new.land(whole=False))
        self._new.drop()
        return self._live

    def _end(self) -> None:
        """Puts the file in its place, or takes away what was begun without an image. Raises OSError."""
        if self._owns and self.frames:
            self._new.land(whole=self.complete)
        elif self._owns:
            self._new.drop()

    def _open(self) -> None:
        encoding = self._encoding
        suffix = self.path.suffix.lower()
        flags = _SAFE.get(suffix, {}) if self._live else {"movflags": "faststart"} if suffix in (".mp4", ".mov") else {}
        path = self._part = self._new.begin()[self._at]
        self.path = self._new.paths[self._at]
        container = av.open(str(path.absolute()), "w", format=_FORMATS[suffix], options=flags)
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
        self._muxer = muxer = Muxer(container, self.path.name)
        self._last = LastFrame(muxer, suffix, live=self._live)
        if isinstance(self._audio_from, str):
            self._sound = SoundTrack.open(Path(self._audio_from), container, muxer, suffix, self._origin_s)
        elif self._audio_from is not None:
            self._sound = LiveSoundTrack(self._audio_from, container, muxer, suffix, self._origin_s)

    def _coded_size(self) -> tuple[int, int]:
        width, height = self.size
        if "420" not in self._encoding.pixel_format:
            return width, height
        return width + width % 2, height + height % 2

    def _frame(self, image: Pixels) -> VideoFrame:
        """The image in the encoder's own format."""
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
        assert self._last is not None
        frame.pts, frame.time_base = tick, self._encoding.tick
        frame.duration = max(1, round(1 / Fraction(self.fps) / self._encoding.tick))
        if self._graph is not None:
            self._graph.push(frame)
            duration = frame.duration
            frame = self._graph.pull()
            frame.pts, frame.time_base, frame.duration = tick, self._encoding.tick, duration
        self._last.add(self._stream.encode(frame))

    def _begin_s(self) -> Fraction:
        """When the last image begins in the file."""
        return self._last_tick * self._encoding.tick

    def _until_s(self) -> tuple[Fraction, bool]:
        """When the last image ends in the file, and whether that is not after one at the nominal rate."""
        usual = self._begin_s() + 1 / Fraction(self.fps)
        if self._end_s is None:
            return usual, False
        end = Fraction(self._end_s - self._origin_s)
        if abs(end - usual) <= self._encoding.tick:
            return usual, False
        return max(end, self._begin_s() + self._encoding.tick), True

    def _flush(self) -> None:
        if self._stream is None or self._last is None or not self.frames:
            return
        end_s, own = self._until_s()
        self._last.finish(self._stream.encode(None), end_s, own=own)
        if self._sound:
            self._sound.finish(float(end_s))


def _next_step(error: Exception) -> str:
    """What to do about a failure: only the system's own errors are the disk's."""
    if isinstance(error, OSError):
        return "check the disk's space"
    return "the encoder or the container rejected it: try another, such as out.mkv or ?codec=h264"


def _palette_graph(width: int, height: int) -> Any:
    """A filter that gives each image its own 256 colours, with ordered dither (it does not crawl)."""
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


def one_file(path: Path, *, live: bool, overwrite: bool) -> NewFiles:
    """The file of an output that writes one. Raises SinkError."""
    return NewFiles(lambda number: [numbered(path, number)], live=live, overwrite=overwrite)
