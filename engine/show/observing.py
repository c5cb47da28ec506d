"""What is known at the moment in which a frame is drawn, and the parameters that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..audio.analysis import AudioAnalyzer, with_beat
from ..core.observation import RESULT, Observation
from ..renderer.quality import FULL, Quality
from ..scene.playlist import Playlist
from ..scene.signals import Signals
from .quality_levels import quality_of, steps_of
from .stats import Stats

if TYPE_CHECKING:
    from .settings import ShowParts
    from .takes.take import Moment
    from .ticket import Ticket
    from .tracking import TrackerThreads


class Observing:
    """Completes each ticket to an observation, moves the playlist on, and applies the parameters.

    `quality` is the quality that the observed frame is to be drawn with, `last` the observation itself, and `last_s`
    the time of its frame; 0 before the first.
    """

    def __init__(self, playlist: Playlist, parts: ShowParts, trackers: TrackerThreads, seed: int = 0) -> None:
        self.last: Observation | None = None
        self.last_s = 0.0
        self.quality: Quality = FULL
        self._playlist, self._trackers = playlist, trackers
        self._stats: Stats = parts.stats
        self._inputs, self._governor = parts.inputs, parts.governor
        self._take, self._recorder = parts.take, parts.recorder
        self._signals = Signals(seed)
        self._audio = None if parts.inputs.sound is None else AudioAnalyzer(parts.inputs.sound)

    def at(self, ticket: Ticket) -> tuple[Observation, float]:
        """Everything known of the frame of `ticket`, and the seconds since the frame before; 0 for the first.

        The parameters of every scene that is shown follow their signals, and the recorder has taken the moment down.
        """
        frame = ticket.frame
        moment = None if self._take is None else self._take.begin(frame, self._playlist.scene)
        dt = self._seconds_since_last(frame.time_s) if moment is None else moment.dt
        held = self._inputs.held_keys() if moment is None else moment.held
        mouse = self._inputs.mouse() if moment is None else None  # what a take wrote down comes with its moment
        self.last_s = frame.time_s
        self.take_changes()
        self._playlist.move(frame.time_s, ticket.results)
        observation = self._signals.observe(Observation(frame, self._results(ticket)), held, mouse)
        if moment is not None:
            observation = moment.complete(observation)
        for number in self._playlist.shown:
            self._playlist.scenes[number].apply(observation.signals, dt)
        if self._recorder is not None:
            steps = "" if self._governor is None else self._governor.keys
            self._recorder.add(observation, dt, self._trackers.names, held, steps)
        self.quality = self._quality_of(moment)
        self.last = observation
        return observation, dt

    def take_changes(self) -> None:
        """Applies the changes of parameters that came from outside; before each frame, and while none comes."""
        if self._inputs.control is not None:
            self._inputs.control()

    def _seconds_since_last(self, time_s: float) -> float:
        return 0.0 if self.last is None else max(0.0, time_s - self.last_s)

    def _results(self, ticket: Ticket) -> dict[str, Any]:
        """What the trackers found, with the frames of the layers' own inputs and the sound of this moment."""
        frame, results = ticket.frame, dict(ticket.results)
        if self._inputs.recorded_sound is not None:
            self._inputs.recorded_sound.frame_drawn(frame.time_s, frame.captured_s or ticket.born_s)
        for name, layer_input in self._inputs.layer_inputs.items():
            if (found := layer_input.at(frame.time_s)) is not None:
                results[f"{RESULT}{name}"] = found
        if not self._playlist.uses_audio():
            return results
        if self._audio is not None:
            with self._stats.timed("sound"):
                results["sound"] = self._audio.analyze(frame)
        if self._inputs.tapped.known and self._take is None:
            results["sound"] = with_beat(frame, results.get("sound"), self._inputs.tapped.at(frame.time_s))
        return results

    def _quality_of(self, moment: Moment | None) -> Quality:
        """The governor's quality, else that with which the take was recorded, else the full one."""
        if self._governor is not None:
            return self._governor.quality
        return FULL if moment is None else quality_of(steps_of(moment.quality))
