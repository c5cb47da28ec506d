"""A stream from the network, by the address that the user gave: RTSP cameras, HTTP, RTMP."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from ..core.errors import SourceError
from ..core.frame import Pixels
from .decoder import BT709
from .polled import PolledSource

log = logging.getLogger("phosphene")

OPEN_S, READ_S = 10.0, 5.0
RETRY_S = 1.0
# An address leads to the network, never from there to a file of this machine.
_PROTOCOLS = "http,https,tls,tcp,udp,rtp,rtsp,rtsps,srtp,rtmp,rtmps,srt,hls,crypto,httpproxy"
# TCP where the server offers it: UDP loses parts of images.
_OPTIONS = {"protocol_whitelist": _PROTOCOLS, "rtsp_flags": "prefer_tcp", "flags": "low_delay"}
_PROBE = {"rtmp": {"analyzeduration": "1000000"}}  # else it waits 5 s for a sound that does not come
_MOST_PIXELS = 100_000_000
_UNTAGGED = (2, 3)


class StreamSource(PolledSource):
    """Plays an address at its own pace, the newest frame first; where it breaks off it is opened again every second.

    An address that ends, such as that of a file, begins anew. Raises SourceError where it cannot be opened at first.
    """

    def __init__(self, address: str, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self.where = address
        self.reconnected = 0
        container = self._open()
        stream = container.streams.video[0]
        rate = float(stream.average_rate) if stream.average_rate else None
        super().__init__(size or (stream.width, stream.height), fps or rate)
        self._container: InputContainer | None = container
        self.begin()

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is the address."""
        return cls(rest, size=size, fps=fps)

    def drain(self) -> None:
        """Reads, and opens it again, until the source is closed."""
        container, self._container = self._container, None
        problem = ""
        while not self.ended.is_set():
            try:
                if container is None:
                    container = self._open()
                    self.reconnected += 1
                    log.warning("%s: reconnected", self.where)
                for rgb in self._images(container):
                    self.deliver(rgb)
                    problem = ""
                problem = problem or "the stream has ended"
            except (av.FFmpegError, OSError, ValueError) as error:
                problem = problem or f"the stream was interrupted ({_reason(error)})"
            except SourceError as error:
                problem = problem or error.message  # the first is what is reported, as long as it is away
            finally:
                if container is not None:
                    container.close()
            container = None
            self.fail(problem)
            self.ended.wait(RETRY_S)

    def _open(self) -> InputContainer:
        try:
            options = _OPTIONS | _PROBE.get(self.where.partition(":")[0].lower(), {})
            container = av.open(self.where, "r", options=options, timeout=(OPEN_S, READ_S))
        except av.ProtocolNotFoundError as error:
            kind = self.where.partition(":")[0]
            hint = f"use ffmpeg in between: ffmpeg -i '{self.where}' -c copy -f mpegts -listen 1 http://127.0.0.1:8090"
            raise SourceError(f"PyAV was built without {kind}", where=self.where, hint=hint) from error
        except (av.FFmpegError, OSError, ValueError) as error:
            text = f"cannot be opened ({_reason(error)})"
            raise SourceError(text, where=self.where, hint="check the address") from error
        if not container.streams.video or max(container.streams.video[0].width, 0) == 0:
            container.close()
            raise SourceError("has no video", where=self.where, hint="check the address")
        stream = container.streams.video[0]
        if stream.width * stream.height > _MOST_PIXELS:
            container.close()
            raise SourceError("the video has more than 100 megapixels", where=self.where, hint="request a smaller one")
        return container

    def _images(self, container: InputContainer) -> Iterator[Pixels]:
        """Each image: of what is live at once, of a file on a server when its time has come."""
        offset_s: float | None = None
        paced = bool(container.duration) or container.format.name == "hls"
        for frame in container.decode(video=0):
            if self.ended.is_set():
                return
            if paced and frame.time is not None:
                now = time.perf_counter()
                if offset_s is None or abs(frame.time + offset_s - now) > 2.0:
                    offset_s = now - frame.time
                self.ended.wait(max(0.0, frame.time + offset_s - now))
            yield self._rgb(frame)

    def _rgb(self, frame: VideoFrame) -> Pixels:
        if frame.colorspace in _UNTAGGED and frame.height > 576:
            frame.colorspace = BT709
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _reason(error: Exception) -> object:
    """Why, in words: what FFmpeg calls an exit is our own limit of time."""
    if isinstance(error, av.ExitError):
        return f"no data for {READ_S:g} s"
    return getattr(error, "strerror", None) or error
