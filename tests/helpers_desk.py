"""A desk whose frames are drawn by a thread of the test, as a show draws them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from phosphene.engine.audio.tapped import TappedBeat
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.core.observation import Observation
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene


class DrawnDesk:
    """Scenes at a `desk`, and a thread that goes from frame to frame until the block ends. `scene` is the one that is
    on; `observation` is what it shows."""

    def __init__(self, *names: str) -> None:
        registry = Registry()
        self.playlist = Playlist([load_scene(name, registry) for name in names or ("duotone",)], transition_s=0.0)
        self.changes = Changes()
        self.tapped = TappedBeat()
        self.desk = Desk(self.playlist, self.changes, self.tapped)
        self.observation: Observation | None = None
        self._end = threading.Event()

    @property
    def scene(self) -> str:
        return self.playlist.scene.name

    def get(self, address: str) -> object:
        return self.playlist.scene.get(address)

    def draw(self) -> None:
        """One frame."""
        self.changes.apply(self.playlist.scenes, lambda setting: None)
        self.playlist.move(0.0, ("face", "pose", "person", "hands"))
        self.desk.update(self.observation, {"fps": 30.0}, {})

    def _run(self) -> None:
        while not self._end.wait(0.002):
            self.draw()

    @contextmanager
    def drawing(self) -> Iterator[Desk]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self.desk
        finally:
            self._end.set()
            thread.join()
            self.desk.close()
