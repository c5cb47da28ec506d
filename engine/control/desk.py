"""The desk: what every way in (the page, OSC, MIDI, a script) sees of a running show, and what it may ask of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..audio.tapped import TappedBeat
from ..core.errors import UsageError
from .changes import Changes
from .learning import Learning
from .presets import LivePresets
from .sets import LiveSet

if TYPE_CHECKING:
    from ..core.observation import Observation
    from ..core.params import Param
    from ..core.problem import Problem
    from ..scene.binding import Binding
    from ..scene.playlist import Playlist
    from ..scene.scene import Scene
    from ..scene.set_list import SetList


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter at one moment: its full `address`, its descriptor, its `value`, and the signal that it follows."""

    address: str
    param: Param[Any]
    value: Any
    binding: Binding | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A show at one moment; `number` rises with each.

    `parameters` are those of the scene that is on, by address. `numbers` are the run's: `fps`, `lag_ms`, `frames`,
    `dropped`. `problems` are shown in the image, by address. `observation` is what was known of the frame drawn last.
    """

    number: int = 0
    scene: str = ""
    scenes: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    observation: Observation | None = None

    @property
    def signals(self) -> Mapping[str, float]:
        """Every signal by name."""
        return {} if self.observation is None else self.observation.signals


class Desk:
    """What may be seen and asked of a show, by any thread; `update` alone belongs to the thread that draws.

    While nobody waits in `look` no snapshot is made. `presets` are those of the scene that is on. `set_list` goes
    through the cues of a set list; None without one. `learning` gives targets to controls that are moved.
    """

    def __init__(
        self,
        playlist: Playlist,
        changes: Changes,
        tapped: TappedBeat | None = None,
        set_list: SetList | None = None,
    ) -> None:
        self._playlist, self._changes = playlist, changes
        self._tapped = tapped or TappedBeat()
        self._seen: Observation | None = None
        self._snapshot = Snapshot()
        self._news = threading.Condition()
        self._lookers = 0
        self._actions: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._ended = False
        self.presets = LivePresets(playlist, changes, self.ask)
        self.learning = Learning()
        self.set_list = None if set_list is None else LiveSet(set_list, playlist, self.presets)
        self._stopping = False

    # For any thread

    @property
    def ended(self) -> bool:
        """Whether the show has ended."""
        return self._ended

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end of the show."""
        return self._stopping

    @property
    def titles(self) -> dict[str, tuple[str, str]]:
        """The title and the doc of each scene, by its name."""
        return {scene.name: (scene.title, scene.doc) for scene in self._playlist.scenes}

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot; an empty one before the first, and an old one where nobody looks."""
        return self._snapshot

    def look(self, after: int = 0, timeout_s: float | None = None) -> Snapshot:
        """Waits for a snapshot that is newer than number `after`, `timeout_s` seconds at most; returns the newest.

        Snapshots are made once a frame while somebody waits here.
        """
        with self._news:
            self._lookers += 1
            try:
                self._news.wait_for(lambda: self._snapshot.number > after or self._ended, timeout_s)
            finally:
                self._lookers -= 1
            return self._snapshot

    def set(self, address: str, value: Any, origin: str) -> Future[str]:
        """Asks for a change of a parameter: see Changes.put. `origin` says who asks, as messages name it."""
        return self._changes.put(address, value, origin)

    def go(self, scene: str) -> Future[None]:
        """Asks for the scene of that name. The future raises UsageError for a name that is not in the show."""

        return self.ask(lambda: self._playlist.go(self._playlist.number(scene)))

    def step(self, count: int) -> Future[None]:
        """Asks for the next cue of the set list, or scene where there is none; with -1 for the one before."""
        return self.ask(lambda: (self.set_list or self._playlist).step_by(count))

    def go_to_cue(self, number: int) -> Future[None]:
        """Asks for cue `number` of the set list, counted from 0. The future raises UsageError where there is none."""

        def change() -> None:
            if self.set_list is None or not 0 <= number < self.set_list.count:
                raise UsageError(f"there is no cue {number + 1}", hint="--set-list FILE brings cues")
            self.set_list.go(number)

        return self.ask(change)

    def check_address(self, address: str) -> None:
        """Raises UsageError for an address that no scene of the show has."""
        if not any(scene.knows(address) for scene in self._playlist.scenes):
            self._playlist.scene.find(address)

    def stop(self) -> None:
        """Asks for the end of the show, after the frame that is being drawn."""
        self._stopping = True

    def tap(self) -> Future[float]:
        """Taps the beat, now: from the second tap on `audio.beat` and its like follow the taps, not the sound.

        The future gives the tempo in beats a minute, 0 while it is not known.
        """
        moment_s = time.perf_counter()
        return self.ask(lambda: self._tapped.tap(self._on_frames_clock(moment_s)))

    def clear_taps(self) -> Future[None]:
        """Forgets the taps: the beat is that of the sound again."""
        return self.ask(self._tapped.clear)

    def ask(self, action: Callable[[], Any]) -> Future[Any]:
        """Has the thread that draws do something between two frames; the future gives what it returns or raises."""
        result: Future[Any] = Future()
        with self._news:
            if not self._ended:
                self._actions.append((action, result))
                return result
        result.set_exception(UsageError("the show has ended"))
        return result

    # For the thread that draws

    @property
    def scene(self) -> Scene:
        """The scene that is on."""
        return self._playlist.scene

    def _on_frames_clock(self, moment_s: float) -> float:
        """`moment_s` of time.perf_counter as a time of frames: that of the last one where nobody knows when it was
        captured."""
        if self._seen is None:
            return 0.0
        frame = self._seen.frame
        return frame.time_s + (moment_s - frame.captured_s if frame.captured_s else 0.0)

    def update(
        self, observation: Observation | None, numbers: Mapping[str, float], problems: Mapping[str, Problem]
    ) -> None:
        """Does what was asked for, and lets everybody who looks see the moment. Called between two frames."""
        self._seen = observation or self._seen
        while self._actions:
            action, result = self._actions.popleft()
            if not result.set_running_or_notify_cancel():
                continue
            try:
                result.set_result(action())
            except Exception as error:  # noqa: BLE001 (whoever asked hears of it; the show goes on)
                result.set_exception(error)
        if observation is not None:
            self.presets.move(observation.frame.time_s)
        with self._news:
            if not self._lookers:
                return
            scene = self._playlist.scene
            self._snapshot = Snapshot(
                self._snapshot.number + 1,
                scene.name,
                tuple(one.name for one in self._playlist.scenes),
                {
                    address: Parameter(address, param, getattr(owner, param.name), scene.bindings.get(address))
                    for address, (owner, param) in scene.addresses().items()
                },
                dict(numbers),
                dict(problems),
                observation,
            )
            self._news.notify_all()

    def close(self) -> None:
        """The show has ended: whoever waits goes on, and whatever is asked for is refused."""
        with self._news:
            self._ended = True
            left = list(self._actions)
            self._actions.clear()
            self._news.notify_all()
        for _, result in left:
            if result.set_running_or_notify_cancel():
                result.set_exception(UsageError("the show has ended"))
