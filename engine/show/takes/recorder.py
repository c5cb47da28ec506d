"""Writes a take while the show runs: in a thread of its own, never in the show's way."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import SinkError
from ...core.frame import Frame
from ...core.observation import Observation
from ...core.paths import in_words, named
from ...scene.binding import Binding
from ...scene.scene import Scene
from .files import FRAMES, TRACKS, FrameWriter, TrackWriter
from .take import DERIVED, FORMAT, HEADER, SCENE, About

if TYPE_CHECKING:
    from ...sources.base import Source
    from ..options import RunOptions

log = logging.getLogger("phosphene")

CAPACITY_BYTES = 256_000_000  # how much may wait for the encoder and the disk before a live show gives the recording up
LOST = "the disk or the encoder could not keep up"


class TakeRecorder(threading.Thread):
    """Writes a take in a thread of its own. `add` never waits in a live show: where the disk cannot follow, the
    recording ends with an error in the log, the take is good up to there, and the show goes on.

    Raises SinkError where the folder cannot be made or is not empty.
    """

    def __init__(
        self, folder: Path, about: About, scene: Scene, *, waits: bool, capacity_bytes: int = CAPACITY_BYTES
    ) -> None:
        super().__init__(name="take", daemon=True)
        self.folder, self.about, self.waits = folder, about, waits
        self.written = 0
        self._cpu_s = 0.0
        self.ended = ""
        self._added = 0
        self._end_s: float | None = None
        self._events: list[tuple[str, Any]] = []
        self._last: dict[str, tuple[Any, int]] = {}
        frame_bytes = about.size[0] * about.size[1] * 3
        capacity = min(max(capacity_bytes // frame_bytes, 2), 600)
        self._queue: queue.Queue[tuple[Frame, dict[str, Any], frozenset[str]] | None] = queue.Queue(capacity)
        self._make_folder(scene)
        scene.listeners.append(self._note_change)
        self._scene = scene
        self.start()

    def _make_folder(self, scene: Scene) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise FileExistsError
            text = scene.path.read_text(encoding="utf-8-sig") if scene.path is not None else ""
            with (self.folder / SCENE).open("x", encoding="utf-8") as made:  # of two that begin at once one is first
                made.write(text)
            self._write_header()
            self._tracks = TrackWriter(self.folder / TRACKS)
        except FileExistsError:
            hint = "a take needs a folder of its own: name a new one"
            wrong = "is not empty" if self.folder.is_dir() else "is a file"
            raise SinkError(wrong, where=str(self.folder), hint=hint) from None
        except OSError as error:
            explained = in_words(error, self.folder)
            raise SinkError(explained.message, where=explained.where, hint=explained.hint) from error

    def _write_header(self) -> None:
        """Writes `take.json`, whole or not at all."""
        header = {"format": FORMAT, **asdict(self.about)}
        part = self.folder / (HEADER + ".part")
        part.write_text(json.dumps(header, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
        part.replace(self.folder / HEADER)

    def _note_change(self, address: str, value: Any) -> None:
        """The scene was changed: it belongs to the next frame that is drawn."""
        self._events.append((address, value.table() if isinstance(value, Binding) else value))

    def add(
        self, observation: Observation, dt: float, asked: Collection[str], held: Collection[str] = (), quality: str = ""
    ) -> None:
        """Takes down one frame as it is about to be drawn, after everything that changes the image was applied."""
        if self.ended:
            return
        frame = observation.frame
        events, self._events = self._events, []
        record = {
            "id": frame.id,
            "image_id": frame.image_id,
            "time_s": frame.time_s,
            "dt": dt,
            "results": dict(observation.results),
            "held": sorted(held),
            "events": [list(event) for event in events],
            "signals": {n: observation.signals[n] for n in observation.signals if n.partition(".")[0] not in DERIVED},
            "quality": quality,
        }
        try:
            self._queue.put((frame, record, frozenset(asked)), block=self.waits)
            self._added += 1
        except queue.Full:
            self._give_up(f"{LOST}: it holds the first {self._added} frames")

    def _give_up(self, why: str) -> None:
        self.ended = why
        log.error("the take in %s ends here, the show goes on: %s", self.folder, why)

    def run(self) -> None:
        """Writes until `close`."""
        frames: FrameWriter | None = None
        try:
            while (item := self._queue.get()) is not None:
                frame, record, asked = item
                if not asked <= set(self.about.trackers):
                    self.about = replace(self.about, trackers=sorted(asked | set(self.about.trackers)))
                    self._write_header()  # before the first result, so that a take that is cut off knows it too
                if frames is None:
                    frames = FrameWriter(self.folder / FRAMES, self.about.size, self.about.fps)
                check = frames.write(frame.pixels, frame.time_s)
                self._tracks.write({**self._short(record), "check": check})
                self.written += 1
        except Exception as error:  # noqa: BLE001 (whatever goes wrong with a recording, the show goes on)
            self._give_up(f"{getattr(error, 'strerror', None) or error}")
            while self._queue.get() is not None:
                pass  # nobody must wait for a recording that has ended
        try:
            if frames is not None:
                frames.close()
            self._tracks.close()
        except Exception as error:  # noqa: BLE001 (as above)
            log.error("the take in %s could not be finished: %s", self.folder, error)
        self._cpu_s = time.thread_time()

    def _short(self, record: dict[str, Any]) -> dict[str, Any]:
        """`record` with the results that are those of an earlier frame named instead of repeated."""
        results = {}
        for name, result in record["results"].items():
            before = self._last.get(name)
            if before is not None and before[0] is result:
                results[name] = {"same_as": before[1]}
            else:
                results[name] = result
                self._last[name] = (result, self.written)
        return {**record, "results": results}

    def summary(self) -> dict[str, Any]:
        """What was written, for the numbers of the run."""
        size = sum(entry.stat().st_size for entry in self.folder.iterdir() if entry.is_file())
        return {
            "folder": str(self.folder),
            "frames": self.written,
            "bytes": size,
            "cpu_ms_per_frame": round(1e3 * self._cpu_s / max(self.written, 1), 2),
            "ended": self.about.ended,
        }

    def end(self, time_s: float | None) -> None:
        """The last frame that was added ends at `time_s`, None where it lasts as long as any; called before `close`."""
        self._end_s = time_s

    def close(self) -> None:
        """Writes what is left and says in `take.json` how it ended; harmless when called twice."""
        if self._note_change in self._scene.listeners:
            self._scene.listeners.remove(self._note_change)
        if not self.is_alive():
            return
        self._queue.put(None)
        self.join()
        self.about = replace(self.about, frames=self.written, end_s=self._end_s, ended=self.ended or "whole")
        try:
            self._write_header()
        except OSError as error:
            log.error("the take in %s could not be finished: %s", self.folder, error)


def record(options: RunOptions, scene: Scene, source: Source, fps: float, *, live: bool) -> TakeRecorder:
    """The recorder that `options.output.record_take` asks for. Raises SinkError where the folder cannot be used."""
    from ...control.settings import TRACKERS_AT, media_path

    def as_found(address: str, value: Any) -> Any:
        return value if address.startswith(TRACKERS_AT) else media_path(scene, address, value)

    assert options.output.record_take is not None
    about = About(
        scene.name,
        source.size,
        fps,
        seed=options.scene.seed or 0,
        sync=scene.sync,
        pace="live" if live else "exact",
        input=options.input.spec,
        scene_path="" if scene.path is None else str(scene.path.resolve()),
        settings=[(address, as_found(address, value)) for address, value in options.scene.parameters],
        bindings=list(options.scene.bindings),
        effect_folders=[str(folder) for folder in options.scene.effect_folders],
    )
    return TakeRecorder(named(options.output.record_take), about, scene, waits=not live)
