"""What the tests of the page share: a show without pictures, which takes changes and lets others look."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any

from helpers import plain
from helpers_waiting import PATIENCE_S
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.panel import PanelControl
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.problem import Problem
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.signals import Signals
from phosphene.engine.scene.toml_read import load_scene

FRAME_S = 0.005
AMOUNT = "camera/duotone.amount"


class Played(threading.Thread):
    """A show of these scenes that draws nothing; with a page."""

    def __init__(self, *names: str) -> None:
        super().__init__(name="played", daemon=True)
        registry = Registry()
        self.playlist = Playlist([load_scene(name, registry) for name in names], transition_s=0.0)
        self.changes = Changes()
        self.desk = Desk(self.playlist, self.changes)
        self.panel = PanelControl("0", self.desk)
        self.problems: dict[str, Problem] = {}
        self.frames = 0
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        signals = Signals()
        while not self._over.wait(FRAME_S):
            time_s = self.frames / 30
            self.changes.apply(self.playlist.scenes, lambda _: None)
            self.playlist.move(time_s, self.playlist.needs())
            observation = signals.observe(Observation(Frame(self.frames, time_s, plain((32, 18)))))
            self.playlist.scene.apply(observation.signals, 1 / 30)
            self.desk.update(observation, {"fps": 30.0, "lag_ms": 20.0}, self.problems)
            self.frames += 1

    def amount(self) -> float:
        """The parameter that most tests change."""
        return float(self.playlist.scenes[0].get(AMOUNT))

    def goes_on(self) -> bool:
        """Whether frames still follow one another, and the page answers."""
        before = self.frames
        try:
            answered = self.ask("GET", "/api/scenes")[0] == 200
        except (OSError, http.client.HTTPException):
            return False  # it has too many connections as yet
        return answered and self.frames > before

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The status of an answer, and its JSON, or its bytes where it is none. `body` is bytes, or becomes JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.panel.port, timeout=PATIENCE_S)
        given = self.panel.guard.token if token is None else token
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, sent, {"Authorization": f"Bearer {given}", **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data

    def end(self) -> None:
        """Ends all of it."""
        self.panel.close()
        self._over.set()
        self.join()
        self.desk.close()
