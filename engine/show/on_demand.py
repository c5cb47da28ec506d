"""A camera that is switched on only while somebody watches what is made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ..core.closing import Closing
from ..core.errors import SourceRests, UsageError
from ..core.frame import Frame
from ..sinks import knows_watchers
from ..sinks.base import ReportsWatched, Sink
from ..sources import open_source, split_spec
from ..sources.base import Source

LINGER_S = 3.0  # programs open a camera, look at it, and open it again


def open_on_demand(
    outputs: Sequence[str], sinks: Sequence[Sink], spec: str, *, size: tuple[int, int] | None, fps: float | None
) -> Source:
    """The camera `spec`, on only while one of `sinks` (filled later, as `outputs` say) is watched; 1280×720 by default.

    Raises UsageError where an output cannot tell that, and where the input is no camera.
    """
    if deaf := [output for output in outputs if not knows_watchers(output)]:
        raise UsageError(
            f"--on-demand: '{deaf[0]}' does not know whether anyone watches",
            hint="outputs that know: virtual-camera (Linux), pipewire, web",
        )
    if split_spec(spec)[0] != "camera":
        raise UsageError(f"--on-demand is for cameras, not for '{spec}'", hint="leave --on-demand out")
    size, fps = size or (1280, 720), fps or 30.0
    return OnDemandSource(
        partial(open_source, spec, size=size, fps=fps),
        lambda: any(isinstance(sink, ReportsWatched) and sink.watched for sink in sinks),
        size=size,
        fps=fps,
    )


class OnDemandSource(Closing):
    """Opens the camera by `open_camera` when `watched` becomes true, and closes it `linger_s` after it became false.

    While it is closed `read` raises SourceRests, which a live show answers with a slate. Frames are numbered on, and
    their times are those since the source was made, however often the camera was opened. `size` and `fps` must be known
    before the camera is: it delivers that size.
    """

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None

    def __init__(
        self,
        open_camera: Callable[[], Source],
        watched: Callable[[], bool],
        *,
        size: tuple[int, int],
        fps: float,
        linger_s: float = LINGER_S,
    ) -> None:
        self.size = size
        self.fps: float | None = fps
        self.opened = 0
        self._open, self._watched, self._linger_s = open_camera, watched, linger_s
        self._camera: Source | None = None
        self._start_s = self._seen_s = time.perf_counter()
        self._next = 0
        self._closed = False

    def read(self) -> Frame | None:
        """The camera's newest frame. Raises SourceRests while nobody watches, SourceError where the camera fails."""
        if self._closed:
            return None
        if self._watched():
            self._seen_s = time.perf_counter()
        elif self._camera is None or time.perf_counter() - self._seen_s > self._linger_s:
            self._switch_off()
            raise SourceRests("the camera is off until somebody watches")
        if self._camera is None:
            self._camera = self._open()
            self.opened += 1
        frame = self._camera.read()
        if frame is None:
            return None
        captured_s = frame.captured_s or time.perf_counter()
        number, self._next = self._next, self._next + 1
        return replace(frame, id=number, time_s=captured_s - self._start_s)

    def close(self) -> None:
        """Gives the camera back; harmless when called twice."""
        self._closed = True
        self._switch_off()

    def _switch_off(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
