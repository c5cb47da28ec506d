"""The show: capture, trackers, drawing and sinks, each in its own thread, frames handed on by mailboxes.

`live` draws the newest frame, `exact` every one in order. By default (`sync = "frame"`) a ticket goes with a frame to
every tracker, and it is drawn when all have answered, while they look at the next one already. With `sync = "latest"`
a live show draws the newest frame at once, with the newest results carried on to its time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..audio.analysis import AudioAnalyzer
from ..core.awake import since
from ..core.frame import Frame
from ..core.mailbox import Mailbox
from ..core.observation import RESULT, Observation
from ..renderer.gpu import Gpu
from ..renderer.gpu_timer import GlTime
from ..renderer.renderer import Renderer
from ..renderer.stage import Stage
from ..scene.playlist import Playlist
from ..scene.scene import Scene
from ..scene.signals import Signals
from ..sinks.base import Sink
from ..sources.base import Source
from ..sources.layer_input import LayerInputSource
from ..trackers.base import Tracker
from .capture import CaptureThread
from .context_recovery import SAID, ContextRecovery
from .heap import keep_freed
from .outputs import Outputs
from .pairing import Pairing
from .quality_levels import quality_of, steps_of
from .slow_effects import SlowEffectGuard
from .stats import Stats
from .tracking import IN_FLIGHT, Ticket, TrackerThread
from .worker import raise_errors

if TYPE_CHECKING:
    from ..audio.base import Recordable, Sound
    from ..effect.effect import Effect
    from .governor import Governor
    from .takes.recorder import TakeRecorder
    from .takes.take import Take

log = logging.getLogger("phosphene")

TRACKER_PATIENCE_S = 20.0  # a tracker that needs longer for one frame counts as hung
LIVE_PATIENCE_S = 2.0  # in a live show, for one that has answered before
STUCK_S = 1.0  # how long the end waits for what hangs anyway
PATIENCE_S = 0.1  # how long the window waits for a frame before it is looked after


class Show:
    """One run of a scene, or of several; `run` blocks until the source ends, `stop` is called, or something fails."""

    def __init__(
        self,
        scene: Scene | Playlist,
        source: Source,
        sinks: Sequence[Sink],
        *,
        gpu: Gpu,
        open_tracker: Callable[[str], Tracker],
        live: bool,
        until_s: float | None = None,
        seed: int = 0,
        stats: Stats | None = None,
        on_frame: Callable[[Renderer], bool] | None = None,
        governor: Governor | None = None,
        control: Callable[[], None] | None = None,
        take: Take | None = None,
        recorder: TakeRecorder | None = None,
        shown: bool = False,
        transition: Effect | None = None,
        sound: Sound | None = None,
        recorded: Recordable | None = None,
        layer_inputs: Mapping[str, LayerInputSource] | None = None,
        feeds: Mapping[str, str] | None = None,
    ) -> None:
        self.playlist = scene if isinstance(scene, Playlist) else Playlist([scene])
        self.source, self.gpu, self.live = source, gpu, live
        self.stats, self.signals = stats or Stats(), Signals()
        self.renderer: Renderer | None = None  # the one whose canvas holds the picture
        self.stage: Stage | None = None  # all renderers
        self.seen: Observation | None = None  # what is known of the frame that is in the picture
        self._transition, self._seed, self._on_frame = transition, seed, on_frame
        self._take, self._recorder = take, recorder
        self._control = control  # applies the changes that wait, between two frames
        self._audio_analyzer = None if sound is None else AudioAnalyzer(sound)
        self._recorded, self._layer_inputs = recorded, layer_inputs or {}
        self._feeds = feeds or {}  # the tracker whose results another one takes
        self.governor = governor
        self._sent = 0
        self._asked: set[str] = set()  # the trackers that have been sent a frame
        self._wake = threading.Condition()
        self._stopping = False
        self._in_flight = IN_FLIGHT if live else IN_FLIGHT + 1  # where nobody waits, the rate alone counts
        self._frames: Mailbox[Frame] = Mailbox(1 if live else IN_FLIGHT, drops=live, wake=self._wake)
        self._capture = CaptureThread(source, self._frames, self.stats, live and not source.live, until_s)
        self._open_tracker = open_tracker
        self._trackers: dict[str, TrackerThread] = {}
        self._outputs = Outputs(sinks, source.size, self.stats, live=live, shown=shown)
        self._pairing = Pairing(self.playlist)
        self._gl_time, self._revival, self._budget = GlTime(gpu), ContextRecovery(gpu, live=live), SlowEffectGuard()
        self._last_s = self._idled_s = 0.0  # the time of the frame drawn last, and when the window was looked after

    @property
    def scene(self) -> Scene:
        """The scene that is on."""
        return self.playlist.scene

    def stop(self) -> None:
        """Ends the show after the frame that is being drawn; may be called from any thread or signal handler."""
        self._stopping = True

    def save(self) -> None:
        """Finishes what the sinks were given; for who ends a show that does not come back."""
        self._outputs.close()

    def run(self) -> Stats:
        """Runs to the end; raises the first error of any part, after every part was closed."""
        keep_freed()
        self._capture.start()
        self._outputs.start()
        self._needed_trackers(self.playlist.needs())
        try:
            with self.stats.timed("compile"):  # shaders compile while the trackers load their models
                self._set_stage()
            self._draw_all()
        finally:
            self._close()
        raise_errors([self._capture, *self._trackers.values(), *self._outputs.threads])
        return self.stats

    def _set_stage(self) -> Renderer:
        self.stage = Stage(self.gpu, self.playlist, self.source.size, self._seed, self._transition)
        self.renderer = self.stage.renderer
        return self.renderer

    def _draw_all(self) -> None:
        tickets: deque[Ticket] = deque()
        first = True
        while not self._stopping and self.stage is not None:
            try:
                if (ticket := self._next(tickets)) is None:
                    if not (tickets or self._stopping or self._capture.error) and self._frames.ended:
                        self._outputs.complete()
                    return
                dt = 0.0 if first else max(0.0, ticket.frame.time_s - self._last_s)
                self._last_s, first = ticket.frame.time_s, False
                self.gpu.meanwhile = partial(self._ahead, self.stage, tickets)
                if not self._draw(self.stage, ticket, dt):
                    return
            except Exception as error:  # noqa: BLE001 (raised again where the graphics context is not lost)
                self._revival.begin(error, self.stage)
                renderer = self._set_stage()
                renderer.slate(SAID)
                self._hand_out(renderer, self._last_s)

    def _needed_trackers(self, names: frozenset[str]) -> dict[str, TrackerThread]:
        """The trackers of these names and those that feed them, but for what a take answers for; new ones start."""
        needed = {}
        names |= {self._feeds[name] for name in names if name in self._feeds}
        known = self._take.trackers if self._take is not None else frozenset()
        for name in sorted(names - known):
            if name not in self._trackers:
                self._trackers[name] = TrackerThread(
                    name, partial(self._open_tracker, name), self.stats, self._feeds.get(name, "")
                )
                self._trackers[name].start()
            needed[name] = self._trackers[name]
        return needed

    def _next(self, tickets: deque[Ticket]) -> Ticket | None:
        """The next frame to draw, with its results, or None at the end; meanwhile new frames go to the trackers."""
        begin = time.perf_counter()
        latest = self.live and self.scene.sync == "latest"
        while not self._stopping:
            with self._wake:
                if self._outputs.failed or any(thread.error for thread in self._trackers.values()):
                    return None
                found = self._newest(tickets) if latest else self._oldest(tickets)
                if found is not None:
                    return found
                if not tickets and self._frames.ended:
                    return None
                if tickets and since(max(begin, tickets[0].born_s)) > self._patience_s(tickets[0]):
                    late = self._give_up(tickets.popleft())
                    if not latest:
                        return late
                self._wake.wait(0.05)
            if not self._while_waiting(time.perf_counter() - begin):
                return None
        return None

    def _patience_s(self, ticket: Ticket) -> float:
        """How long a frame waits for its trackers; the first answer, which loads the model, may take longest."""
        warm = all(self._trackers[name].took_s for name in ticket.waiting_for)
        return min(LIVE_PATIENCE_S, TRACKER_PATIENCE_S) if self.live and warm else TRACKER_PATIENCE_S

    def _give_up(self, ticket: Ticket) -> Ticket:
        """Waits no longer for the trackers that have not answered."""
        for name in sorted(ticket.waiting_for):
            self._trackers[name].give_up(ticket.frame)
        return ticket

    def _oldest(self, tickets: deque[Ticket]) -> Ticket | None:
        """`sync = "frame"`: the oldest frame that every tracker has answered for."""
        while len(tickets) < self._in_flight and (frame := self._frames.pop()) is not None:
            self._send(frame, tickets)
        if not tickets or not tickets[0].done:
            return None
        ticket = tickets.popleft()
        self._pairing.add(ticket)
        if ticket.resting:
            self._pairing.fill(ticket)
        return ticket

    def _newest(self, tickets: deque[Ticket]) -> Ticket | None:
        """`sync = "latest"`: the newest frame at once, with the newest results carried on to its time."""
        while tickets and tickets[0].done:
            self._pairing.add(tickets.popleft())
        if (frame := self._frames.pop()) is None:
            return None
        if not tickets:
            self._send(frame, tickets)
        drawn = Ticket(frame, (), self._wake)
        self._pairing.fill(drawn)
        return drawn

    def _send(self, frame: Frame, tickets: deque[Ticket]) -> None:
        """Hands a frame to every tracker that the scene needs, and that neither hangs nor rests in its turn."""
        wanted = self._needed_trackers(self.playlist.needs(frame.time_s))
        needed = {name: thread for name, thread in wanted.items() if not thread.hangs}
        every = 1 if self.governor is None else self.governor.quality.every
        self._sent += 1
        # Where the picture rests with them all take the same turns; else in turn, who is fed with who feeds it.
        together = every > 1 and self._pairing.holds
        turns = {name: self._sent + (0 if together else i) for i, name in enumerate(needed)}
        resting = {n for n in needed if turns.get(self._feeds.get(n, n), turns[n]) % every and n in self._asked}
        if together and len(resting) < len(needed):
            resting = set()
        self._asked |= set(needed)
        ticket = Ticket(frame, [name for name in needed if name not in resting], self._wake)
        ticket.resting = tuple(resting)
        if self._take is not None:
            ticket.results.update(self._take.results(frame))
        tickets.append(ticket)
        for name, thread in needed.items():
            if name not in resting:
                thread.send(ticket)

    def _while_waiting(self, waited_s: float) -> bool:
        """Keeps the window alive, and shows a slate while the camera delivers nothing; returns whether to go on."""
        renderer = self.renderer
        if renderer is None or waited_s < PATIENCE_S or time.perf_counter() - self._idled_s < PATIENCE_S:
            return True
        self._idled_s = time.perf_counter()
        if self._control is not None:
            self._control()
        if stalled := self._capture.stalled:
            renderer.slate(stalled)
            self._hand_out(renderer, self._last_s + waited_s)
        return self._on_frame is None or self._on_frame(renderer)

    def _draw(self, stage: Stage, ticket: Ticket, dt: float) -> bool:
        """Draws one frame and hands it to the sinks; returns whether the show goes on."""
        observation, dt = self._observe(stage, ticket, dt)
        self.seen = observation
        begin = time.perf_counter()
        with self.stats.timed("draw"), self._gl_time:
            self.renderer = renderer = stage.render(observation, dt)
            self._hand_out(renderer, ticket.frame.time_s)
        if self._gl_time.seconds is not None:
            self.stats.add("gl", self._gl_time.seconds)
        if self.live:
            shown = self.playlist.shown
            self._budget.frame(since(begin), [stage.renderers[number] for number in shown])
        if self.governor is not None:
            now, every = time.perf_counter(), self.governor.quality.every
            slowest_s = max((thread.took_s for thread in self._trackers.values()), default=0.0)
            self.governor.frame(now, (now - begin) * 1e3, slowest_s * 1e3 / every)
        goes_on = True if self._on_frame is None else self._on_frame(renderer)
        captured_s = (ticket.frame.held_from or ticket.frame).captured_s or ticket.born_s
        self.stats.add("lag", time.perf_counter() - captured_s)
        self.stats.dropped = self._frames.dropped + self._outputs.dropped
        self.stats.frame_done()
        return goes_on

    def _ahead(self, stage: Stage, tickets: deque[Ticket]) -> None:
        """Makes ready what is known of the next frame, while the drawing of this one is waited for."""
        if tickets and tickets[0].done and not tickets[0].resting and self.scene.sync == "frame":
            stage.ahead(Observation(tickets[0].frame, tickets[0].results))

    def _observe(self, stage: Stage, ticket: Ticket, dt: float) -> tuple[Observation, float]:
        """Everything known of a frame, parameters following their signals, and the time since the last one."""
        moment = None if self._take is None else self._take.begin(ticket.frame, self.scene)
        if moment is not None:
            dt, self.signals.held = moment.dt, set(moment.held)
        if self._control is not None:
            self._control()
        self.playlist.move(ticket.frame.time_s, ticket.results)
        if self._recorded is not None:
            self._recorded.picture(ticket.frame.time_s, ticket.frame.captured_s or ticket.born_s)
        for name, side in self._layer_inputs.items():
            if (picture := side.at(ticket.frame.time_s)) is not None:
                ticket.results[f"{RESULT}{name}"] = picture
        if self._audio_analyzer is not None and self.playlist.uses_audio():
            with self.stats.timed("sound"):
                ticket.results["sound"] = self._audio_analyzer.analyze(ticket.frame)
        observation = self.signals.observe(Observation(ticket.frame, ticket.results))
        if moment is not None:
            observation = moment.complete(observation)
        for number in self.playlist.shown:
            self.playlist.scenes[number].apply(observation.signals, dt)
        if self._recorder is not None:
            keys = "" if self.governor is None else self.governor.keys
            self._recorder.add(observation, dt, self._trackers, self.signals.held, keys)
        if self.governor is not None:
            stage.set_quality(self.governor.quality)
        elif moment is not None:
            stage.set_quality(quality_of(steps_of(moment.quality)))
        return observation, dt

    def _hand_out(self, renderer: Renderer, time_s: float) -> None:
        """Waits until the picture is drawn and hands it to the sinks."""
        if self._outputs.threads:
            self._outputs.put(renderer.read, time_s)
        else:
            self.gpu.finish()

    def _close(self) -> None:
        """Ends every thread and releases everything; sinks finish what they were given."""
        self._capture.stop()
        for tracker in self._trackers.values():
            tracker.inbox.close()
        for thread in (self._capture, *self._trackers.values()):
            thread.join(STUCK_S if thread.hangs else TRACKER_PATIENCE_S)
            if thread.is_alive():
                log.warning("%s does not end", thread.name)
        self._outputs.close(end_s := self._capture.end_after(self._last_s))
        if self._recorder is not None:
            self._recorder.end(end_s)
        self.source.close()
        if self.governor is not None:
            self.stats.extra["governor"] = {**self.governor.table(), "reused_results": self._pairing.reused}
        if self.stage is not None:
            self.stage.release()
