"""The one queue for every change of a parameter from outside: `--set`, programs, keys, and whatever comes next.

Any thread puts changes in. The thread that draws applies them between two frames, or while it waits for one. What may
change while a show runs:

- every parameter of a layer, a matte or an effect, by its address, and the signal that it follows;
- no parameter of a tracker, and nothing that would open a running tracker otherwise (see limits.py).

What was changed by hand stays so when the scene's file is saved. Each change is reported to the scene's listeners, so
a take holds it before the frame that it was first drawn in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import UsageError
from ..core.params import plain
from ..scene.scene import Scene
from .settings import TRACKERS_AT, Setting, set_tracker, setting

log = logging.getLogger("phosphene")

MOST_WAITING = 4096  # changes, where nothing is drawn for a while
Check = Callable[[Setting], None]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change that was asked for by `origin`. `result` is its full address once applied, or the UsageError.

    `scene` is the name of the only scene that it is for, empty for every one that knows the address.
    """

    address: str
    value: Any
    origin: str
    scene: str = ""
    result: Future[str] = field(default_factory=Future)

    @property
    def key(self) -> tuple[str, str]:
        """What a newer change of the same takes the place of."""
        return self.scene, self.address

    def reject(self, error: UsageError) -> None:
        """Reports to whoever asked that it is not done."""
        self.result.set_exception(error)


class Changes:
    """A queue of changes. `put` is for any thread, everything else for the one that draws.

    Of several changes of one parameter that wait at once, the newest that is valid wins; else their order is kept.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Change] = []
        self._most_waiting = most_waiting
        self._closed = False
        self._kept: dict[tuple[str, str], Any] = {}  # what was applied while a show runs, by scene and address as given

    def put(self, address: str, value: Any, origin: str, scene: str = "") -> Future[str]:
        """Asks for a change; see `settings.setting` for values. `origin` says who asks: "--set", "script".

        It is for every scene that knows the address, or only for the one called `scene`.

        The future gives the full address, or raises the UsageError that says what is wrong with the change.

        The future is done when the change is applied, so that the next image shows it. Who cancels it before then
        takes the change back.
        """
        change = Change(address, plain(value), origin, scene)
        overtaken: list[Change] = []
        refused = ""
        with self._lock:
            if not self._closed and len(self._waiting) >= self._most_waiting:
                overtaken = self._compact()
            if self._closed:
                refused = "the show has ended"
            elif len(self._waiting) >= self._most_waiting:
                refused = f"{len(self._waiting)} changes wait already"
            else:
                self._waiting.append(change)
        for old in overtaken:  # outside the lock: whoever asked for it may put in another at once
            old.result.cancel()
        if refused:
            change.reject(UsageError(f"{address} is not changed: {refused}"))
        return change.result

    def _compact(self) -> list[Change]:
        """Leaves the newest of the changes of each address; returns the rest."""
        newest = {change.key: change for change in self._waiting}
        overtaken = [change for change in self._waiting if newest[change.key] is not change]
        self._waiting = [change for change in self._waiting if newest[change.key] is change]
        return overtaken

    def apply(self, scenes: Sequence[Scene], check: Check | None = None) -> None:
        """Applies what waits to every one of `scenes` that knows its address; what is wrong is reported to its sender.

        `check` may raise UsageError for what a running show cannot take on; without it the run has yet to begin, and
        parameters of trackers may be set as well.
        """
        if not self._waiting:
            return
        with self._lock:
            waiting, self._waiting = self._waiting, []
        valid: list[tuple[Change, list[Setting]]] = []
        for change in waiting:
            if not change.result.set_running_or_notify_cancel():
                continue
            try:
                valid.append((change, settings_of(scenes, change, check)))
            except UsageError as error:
                change.reject(error)
        newest = {(id(s.scene), s.address): s for _, found in valid for s in found}
        for change, found in valid:
            for one in found:
                if newest[id(one.scene), one.address] is one:
                    one.apply()
            if check is not None:
                self._kept.pop(change.key, None)  # so that it comes last
                self._kept[change.key] = change.value
            change.result.set_result(found[0].address if found else change.address)

    def reapply(self, scene: Scene) -> Scene:
        """Makes the changes that were applied so far to `scene`, which was loaded again; returns it."""
        for (only, address), value in self._kept.items():
            if only in ("", scene.name) and scene.knows(address):
                try:
                    setting(scene, address, value).apply()
                except UsageError as error:
                    log.warning("%s: %s", scene.name, error)
        return scene

    @property
    def closed(self) -> bool:
        """Whether the show has ended."""
        return self._closed

    def close(self) -> None:
        """The show has ended: whatever waits, or comes, is not done."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for change in waiting:
            if change.result.set_running_or_notify_cancel():
                change.reject(UsageError(f"{change.address} is not changed: the show has ended"))


def settings_of(scenes: Sequence[Scene], change: Change, check: Check | None) -> list[Setting]:
    """What a change does to each of the scenes that know its address. Raises UsageError, and then nothing is done."""
    if change.address.startswith(TRACKERS_AT):
        if check is not None:
            raise UsageError(
                f"{change.address} cannot be changed while the show runs",
                hint="set it before the show begins: in the scene, with --set, or with parameters=",
            )
        for scene in scenes:
            set_tracker(scene, change.address, change.value)
        return []
    if change.scene:
        scenes = [scene for scene in scenes if scene.name == change.scene]
    knowing = [scene for scene in scenes if scene.knows(change.address)]
    found = [setting(scene, change.address, change.value) for scene in knowing or scenes[:1]]
    if check is not None:
        for one in found:
            check(one)
    return found
