"""The thread that reads the source, watches over it, and opens it again where it fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from ..core import awake
from ..core.errors import SourceError, SourceRests, SourceSilent
from ..core.frame import Frame
from ..core.mailbox import Mailbox
from ..sources.base import Source
from ..sources.fit import cover
from .settings import ShowSettings
from .stats import Stats
from .worker import Worker

log = logging.getLogger("phosphene")

LONG = 1.5  # of a source's nominal frame time: what is shown longer counts as a long frame where a show is cut


class CaptureThread(Worker):
    """Reads the source: at its own pace where the show is live, else as fast as the frames are taken."""

    def __init__(self, source: Source, outbox: Mailbox[Frame], stats: Stats, settings: ShowSettings) -> None:
        super().__init__("capture")
        self._source, self._outbox, self._stats = source, outbox, stats
        self._paced, self._until_s = settings.live and not source.live, settings.until_s
        self._timeouts = settings.timeouts
        self._halt = threading.Event()
        self._begin_s = 0.0
        self._problem = ""  # why a live source delivers nothing at the moment
        self._asked_s: float | None = None  # since when it has owed a frame
        self._size = source.size
        self._last_s: float | None = None  # the time of the newest frame
        self._end_s: float | None = None  # when the last one ends, where it is no usual one

    @property
    def stalled(self) -> str:
        """Why a live source delivers nothing at the moment; empty while it does."""
        if self._problem or not self._source.live or self._asked_s is None:
            return self._problem
        if awake.since(self._asked_s) < self._timeouts.source_silent_s:
            return ""
        if not self.hangs:
            self.hangs = True
            log.warning("the input has delivered no frame for %g s", self._timeouts.source_silent_s)
        return "the input delivers no frames"

    def run(self) -> None:
        try:
            for frame in self._frames():
                self._stats.frames_in += 1
                if self._outbox.put(frame) is frame:
                    break
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = error
        finally:
            self._outbox.close()

    def _frames(self) -> Iterator[Frame]:
        begin = self._begin_s = time.perf_counter()
        while not self._halt.is_set():
            frame = self._read()
            if frame is None or (self._until_s is not None and frame.time_s >= self._until_s - 1e-6):
                if not self._halt.is_set():
                    self._end(None if frame is None else self._until_s)
                if self._paced and self._end_s is not None:
                    self._halt.wait(max(0.0, self._end_s - (time.perf_counter() - begin)))
                return
            self._last_s = frame.time_s
            if self._paced:
                if self._halt.wait(max(0.0, frame.time_s - (time.perf_counter() - begin))):
                    return
                frame = replace(frame, captured_s=time.perf_counter())
            yield frame

    def _end(self, cut_s: float | None) -> None:
        """The source has ended, or was cut at `cut_s`, in a frame that is shown for longer than others."""
        if cut_s is None:
            end_s: float | None = getattr(self._source, "end_s", None)
            self._end_s = end_s if end_s is None or self._until_s is None else min(end_s, self._until_s)
        elif (
            not self._source.live
            and self._last_s is not None
            and cut_s - self._last_s > LONG * (1.0 / (self._source.fps or 30.0))
        ):
            self._end_s = cut_s

    def end_after(self, drawn_s: float) -> float | None:
        """When the frame at `drawn_s` ends, where it is the source's last one and lasts for a time of its own."""
        return self._end_s if drawn_s == self._last_s else None

    def _read(self) -> Frame | None:
        """The next frame. A live source that delivers nothing is asked again until it does; `stalled` says why."""
        while not self._halt.is_set():
            self._asked_s = time.perf_counter()
            try:
                with self._stats.timed("capture"):
                    frame = self._source.read()
                self._problem, self.hangs, self._asked_s = "", False, None
                return None if frame is None else self._fitted(frame)
            except Exception as error:
                if not self._source.live:
                    raise
                problem = error.message if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
                if problem != self._problem:
                    quiet = isinstance(error, SourceRests) or (self.hangs and isinstance(error, SourceSilent))
                    log.log(logging.INFO if quiet else logging.WARNING, "%s", error or problem)
                self._problem = problem
                self._halt.wait(self._timeouts.source_retry_s)
                if self._until_s is not None and time.perf_counter() - self._begin_s >= self._until_s:
                    return None
        return None

    def _fitted(self, frame: Frame) -> Frame:
        """The frame at the show's size, whatever size the input has changed to."""
        wanted = self._source.size
        if frame.size not in (self._size, wanted):
            log.warning("the input changed its size to %d×%d: it is fitted to %d×%d", *frame.size, *wanted)
        self._size = frame.size
        return frame if frame.size == wanted else replace(frame, pixels=cover(frame.pixels, wanted))

    def stop(self) -> None:
        """Ends the reading after the frame that is being read."""
        self._halt.set()
        self._outbox.close()
