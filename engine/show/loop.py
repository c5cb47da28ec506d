"""The show: frames are captured, tracked, drawn and handed to the sinks, each step in a thread of its own.

`live` draws the newest frame and drops late ones; otherwise every frame is drawn in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from ..renderer.gpu import Gpu
from ..renderer.renderer import Renderer
from ..renderer.stage import Stage
from ..scene.playlist import Playlist
from ..scene.scene import Scene
from ..sinks.base import Sink
from ..sources.base import Source
from ..trackers.base import Tracker
from .capture import CaptureThread
from .context_recovery import LOST, ContextRecovery
from .frame_costs import FrameCosts
from .frame_hooks import Drawn
from .heap import keep_freed
from .observing import Observing
from .outputs import Outputs
from .pairing import Pairing
from .settings import ShowParts, ShowSettings
from .stats import Stats
from .ticket import Ticket
from .tracking import TrackerThreads
from .worker import raise_errors


class Show:
    """One run of a scene, or of several; `run` blocks until the source ends, `stop` is called, or something fails.

    `open_tracker` opens a tracker by its name, in that tracker's own thread. The source is closed at the end, and so
    are the sinks, but for those that present: who opened them closes them, after everything that was drawn in them.
    """

    def __init__(
        self,
        scene: Scene | Playlist,
        source: Source,
        sinks: Sequence[Sink],
        *,
        gpu: Gpu,
        open_tracker: Callable[[str], Tracker],
        settings: ShowSettings,
        parts: ShowParts | None = None,
    ) -> None:
        parts = parts or ShowParts()
        self.playlist = scene if isinstance(scene, Playlist) else Playlist([scene])
        self.stats = parts.stats
        self.stage: Stage | None = None
        self._source, self._gpu, self._settings, self._parts = source, gpu, settings, parts
        take = parts.take
        recorded = frozenset[str]() if take is None else take.trackers
        self._trackers = TrackerThreads(open_tracker, self.stats, settings, recorded)
        self._pairing = Pairing(self.playlist, self._trackers, settings, parts.governor, take)
        self._capture = CaptureThread(source, self._pairing.frames, self.stats, settings)
        self._observing = Observing(self.playlist, parts, self._trackers, settings.seed)
        self._outputs = Outputs(sinks, source.size, self.stats, settings)
        self._costs = FrameCosts(gpu, self.stats, parts.governor, live=settings.live)
        self._recovery = ContextRecovery(gpu, live=settings.live)
        self._stopping = False
        self._idled_s = 0.0  # when the window was last looked after without a frame

    @property
    def scene(self) -> Scene:
        """The scene that is on."""
        return self.playlist.scene

    def stop(self) -> None:
        """Ends the show after the frame that is being drawn; may be called from any thread or signal handler."""
        self._stopping = True

    def save(self) -> None:
        """Finishes what the sinks were given, for a caller that ends a show which does not come back."""
        self._outputs.close()

    def run(self) -> Stats:
        """Runs to the end; raises the first error of any part, after every part was closed."""
        keep_freed()
        self._capture.start()
        self._outputs.start()
        self._trackers.needed(self.playlist.needs())
        try:
            with self.stats.timed("compile"):  # shaders compile while the trackers load their models
                stage = self._set_stage()
            self._draw_all(stage)
        finally:
            self._close()
        raise_errors([self._capture, *self._trackers.threads, *self._outputs.threads])
        return self.stats

    def _set_stage(self) -> Stage:
        transition, named = self._parts.transition, self._parts.transitions
        self.stage = Stage(self._gpu, self.playlist, self._source.size, self._settings.seed, transition, named)
        return self.stage

    def _draw_all(self, stage: Stage) -> None:
        """Draws to the end, and goes on in another graphics context where one is lost."""
        while True:
            try:
                self._walk(stage)
                return
            except Exception as error:  # noqa: BLE001 (raised again where the graphics context is not lost)
                self._recovery.begin(error, stage)
                stage = self._set_stage()
                stage.renderer.slate(LOST)
                self._outputs.put(stage.renderer, self._observing.last_s)

    def _walk(self, stage: Stage) -> None:
        """One frame after another, from its tracker results to the sinks."""
        goes_on = partial(self._goes_on, stage)
        while (ticket := self._pairing.next(goes_on)) is not None:
            observation, dt = self._observing.at(ticket)
            stage.set_quality(self._observing.quality)
            with self._costs.measured():
                image = stage.render(observation, dt)
                stage.prepare_next(self._pairing.upcoming)
                self._outputs.put(image, ticket.frame.time_s)
            self._costs.report(stage, self._trackers.slowest_s)
            wanted = self._after(stage, image)
            self._count(ticket)
            if not wanted:
                return
        if self._pairing.exhausted and not (self._stopping or self._capture.error):
            self._outputs.complete()

    def _goes_on(self, stage: Stage, waited_s: float) -> bool:
        """Looks after the window while no frame comes, and shows a slate while the camera delivers nothing; returns
        whether the show goes on."""
        if self._stopping or self._outputs.failed:
            return False
        now, idle_s = time.perf_counter(), self._settings.timeouts.idle_s
        if waited_s < idle_s or now - self._idled_s < idle_s:
            return True
        self._idled_s = now
        self._observing.take_changes()
        if stalled := self._capture.stalled:
            stage.renderer.slate(stalled)
            self._outputs.put(stage.renderer, self._observing.last_s + waited_s)
        return self._after(stage, stage.renderer)

    def _after(self, stage: Stage, image: Renderer) -> bool:
        """Presents the image where that is done in this thread, and calls the hooks; returns whether all go on."""
        hud, governor = self._parts.hud, self._parts.governor
        over = () if hud is None else hud.shapes(image.size, () if governor is None else governor.traded)
        shown = self._outputs.present(image, over)
        drawn = Drawn(image, stage, self._observing.last, self.stats, self._settings.live)
        wanted = [hook(drawn) for hook in self._parts.hooks]
        return shown and all(wanted)

    def _count(self, ticket: Ticket) -> None:
        """Notes a finished frame, and how old its image is."""
        captured_s = (ticket.frame.held_from or ticket.frame).captured_s or ticket.born_s
        self.stats.add("lag", time.perf_counter() - captured_s)
        self.stats.dropped = self._pairing.frames.dropped + self._outputs.dropped
        self.stats.frame_done()

    def _close(self) -> None:
        """Ends every thread and releases everything; sinks finish what they were given."""
        self._capture.stop()
        self._pairing.close()
        self._trackers.stop()
        for thread in (self._capture, *self._trackers.threads):
            thread.end_within(self._settings.timeouts)
        self._outputs.close(end_s := self._capture.end_after(self._observing.last_s))
        if self._parts.recorder is not None:
            self._parts.recorder.end(end_s)
        self._source.close()
        if self._parts.governor is not None:
            self.stats.extra["governor"] = {
                **self._parts.governor.table(),
                "reused_results": self._pairing.reused,
            }
        if self.stage is not None:
            self.stage.release()
