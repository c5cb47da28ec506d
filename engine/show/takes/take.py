"""Takes: a show written down while it runs, so that it can be drawn again, frame for frame the same.

A take is a folder: `take.json` (what was asked for), `scene.toml` (the scene as it was), `frames.nut` (the drawn
frames, lossless) and `tracks.bin` (for each drawn frame: its exact time, what the
trackers found, keys, changed parameters).
"""

from __future__ import annotations

import json
import logging
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.closing import Closing
from ...core.errors import SourceError, UsageError
from ...core.frame import Frame
from ...core.observation import Observation
from ...core.paths import checked, kind_of, named
from ...core.version import __version__
from ...scene.binding import Binding
from ...scene.scene import Scene
from .files import FRAMES, TRACKS, TrackReader, read_frames

if TYPE_CHECKING:
    from ..options import RunOptions

log = logging.getLogger("phosphene")

FORMAT = 1
HEADER, SCENE = "take.json", "scene.toml"
MAX_HEADER = 4_000_000
# Signals that follow from results, pixels, keys, time and seed; only others (the mouse …) have to be written down.
DERIVED = frozenset((
    "face", "pose", "person", "hands", "class", "voice", "gesture", "object", "motion", "audio", "time", "key", "lfo",
    "random",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What `take.json` says. `size` is (width, height); `ended` is empty while a take is being recorded."""

    scene: str
    size: tuple[int, int]
    fps: float
    seed: int = 0
    sync: str = "frame"
    pace: str = "exact"
    input: str = ""
    scene_path: str = ""
    settings: Sequence[tuple[str, Any]] = ()  # as they were typed, or values as JSON knows them
    bindings: Sequence[tuple[str, Mapping[str, Any]]] = ()
    effect_folders: Sequence[str] = ()
    trackers: Sequence[str] = ()
    engine: str = __version__
    frames: int | None = None
    end_s: float | None = None  # when the last frame ends, where it does not last as long as others
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was known of one drawn frame besides its pixels; `image_id` is that of the frame which they are of."""

    id: int
    image_id: int
    time_s: float
    dt: float
    results: Mapping[str, Any]
    held: tuple[str, ...] = ()
    events: tuple[tuple[str, Any], ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)
    quality: str = ""

    def complete(self, observation: Observation) -> Observation:
        """`observation` with the signals that cannot be found again from what was recorded."""
        if not self.signals:
            return observation
        return replace(observation, signals=ChainMap(dict(self.signals), observation.signals))  # type: ignore[arg-type]


NAMES = frozenset((*(f.name for f in fields(Moment)), "check"))
LATER = frozenset(("image_id",))  # which records of earlier versions do not have


class Take(Closing):
    """A recorded take. `trackers` are those that were asked for while it was recorded; they need not run again.

    It is a source too: `read` gives the recorded frames with their own numbers and times. Raises SourceError where the
    folder holds no take, or one of another version.
    """

    live = False
    endless = False
    audio_path: str | None = None

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, tuple(folder / name for name in (HEADER, SCENE, FRAMES, TRACKS))
        self.about = read_about(folder)
        self.size = self.about.size
        self.fps: float | None = self.about.fps
        self._tracks = TrackReader(folder / TRACKS)
        self.frame_count: int | None = self._tracks.count
        self.end_s: float | None = None
        self._whole = self.about.frames is not None and self._tracks.count >= self.about.frames
        if not self._tracks.count:
            self.close()
            raise SourceError("the take holds not one whole frame", where=str(folder), hint="record it again")
        if not self._whole:
            log.warning("%s: the take was cut off; its first %d frames are played", folder, self._tracks.count)
        self._frames = read_frames(folder / FRAMES, self.size)
        self._next = 0
        self._moments: dict[int, Moment] = {}
        self._kept: dict[str, tuple[int, Any]] = {}
        self._reported: set[str] = set()
        self.trackers = frozenset(self.about.trackers)

    def _record(self, index: int) -> dict[str, Any]:
        record = self._tracks.read(index)
        if not isinstance(record, dict) or frozenset(record) | LATER != NAMES:
            raise SourceError(f"record {index} is not that of a frame", where=str(self._tracks.path))
        return record

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Raises SourceError where it is damaged."""
        if self._next >= self._tracks.count:
            self.end_s = self.about.end_s if self._whole else None
            return None
        index, self._next = self._next, self._next + 1
        record = self._record(index)
        try:
            moment = Moment(
                int(record["id"]),
                int(record.get("image_id", record["id"])),
                float(record["time_s"]),
                float(record["dt"]),
                {name: self._result(name, result, index) for name, result in record["results"].items()},
                tuple(str(n) for n in record["held"]),
                tuple((str(address), value) for address, value in record["events"]),
                {str(n): float(v) for n, v in record["signals"].items()},
                str(record["quality"]),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise SourceError(f"record {index} is damaged ({error})", where=str(self._tracks.path)) from error
        pixels, check = next(self._frames, (None, None))
        if pixels is None or check != record["check"]:
            log.warning("%s: frame %d of %d is cut off or damaged", self.folder, index + 1, self._tracks.count)
            self._next = self._tracks.count
            return None
        self._moments[moment.id] = moment
        held_from = None if moment.image_id == moment.id else Frame(moment.image_id, moment.time_s, pixels)
        return Frame(moment.id, moment.time_s, pixels, held_from=held_from)

    def _result(self, name: str, recorded: Any, index: int) -> Any:
        """A result, or the earlier one that it is the same as."""
        if isinstance(recorded, dict) and "same_as" in recorded:
            held = self._kept.get(name)
            if held is None or held[0] != recorded["same_as"]:
                raise ValueError(f"{name} is that of record {recorded['same_as']}, which does not exist")
            return held[1]
        self._kept[name] = index, recorded
        return recorded

    def results(self, frame: Frame) -> Mapping[str, Any]:
        """What the trackers found in `frame`, which `read` gave and `begin` was not called for."""
        return self._moments[frame.id].results

    def begin(self, frame: Frame, scene: Scene) -> Moment:
        """Does to `scene` what was done to it before `frame` was drawn; its moment is let go."""
        moment = self._moments.pop(frame.id)
        for address, value in moment.events:
            try:
                if isinstance(value, dict):
                    scene.bind(address, Binding.parse(value))
                else:
                    scene.set(address, value)
            except UsageError as error:
                if address not in self._reported:
                    log.warning("frame %d of the take: %s", frame.id, error)
                    self._reported.add(address)
        return moment

    def is_of(self, scene: str) -> bool:
        """Whether `scene`, a name or path as the user gave it, is the one that was recorded."""
        path = named(scene)
        if path.suffix == ".toml" and path.resolve() == (self.folder / SCENE).resolve():
            return True
        return path.stem == self.about.scene

    def compare(self, scene: Scene) -> None:
        """Warns where `scene` is the one that was recorded but its file says something else now."""
        if scene.name != self.about.scene:
            return
        try:
            then = (self.folder / SCENE).read_text(encoding="utf-8")
            now = then if scene.path is None else scene.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            log.warning("%s: the recorded scene cannot be compared (%s)", self.folder, error)
            return
        if then != now:
            log.warning("%s has changed since the take was recorded; %s is how it was", scene.name, self.folder / SCENE)

    def close(self) -> None:
        """Closes the files; harmless when called twice."""
        self._tracks.close()
        frames = getattr(self, "_frames", None)
        if frames is not None:
            frames.close()


def read_about(folder: Path) -> About:
    """What the take in `folder` says of itself. Raises SourceError."""
    path = folder / HEADER
    try:
        if kind_of(path) and checked(path, "take").stat().st_size > MAX_HEADER:
            raise SourceError(f"more than {MAX_HEADER} bytes", where=str(path))
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "give the folder that --record-take wrote"
        raise SourceError("no take found here", where=str(folder), hint=hint) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        found = header.get("format") if isinstance(header, dict) else None
        hint = f"it was recorded by version {header.get('engine', '?')}" if isinstance(header, dict) else ""
        raise SourceError(f"format {found!r}: this version reads format {FORMAT}", where=str(path), hint=hint)
    try:
        known = {f.name for f in fields(About)}
        values = {key: value for key, value in header.items() if key in known}
        width, height = (int(n) for n in values.pop("size"))
        values["settings"] = [(str(a), setting_value(v)) for a, v in values.get("settings", [])]
        values["trackers"] = [str(n) for n in values.get("trackers", [])]
        values["bindings"] = [(str(a), dict(t)) for a, t in values.get("bindings", [])]
        about = About(**{**values, "size": (width, height)})
        if about.end_s is not None and not 0.0 < float(about.end_s) < 1e9:
            raise ValueError("an end that cannot be")
        usual = 16 <= width <= 16384 and 16 <= height <= 16384 and 0.0 < float(about.fps) < 1e4
        if not usual or not isinstance(about.seed, int) or not isinstance(about.frames, int | None):
            raise ValueError("a size, rate, seed or count that cannot be")
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise SourceError(f"does not say what a take must say ({error})", where=str(path)) from error
    return about


def setting_value(value: Any) -> Any:
    """The value of a recorded setting. Raises TypeError for what nobody sets."""
    if not isinstance(value, str | int | float | list | dict):
        raise TypeError(f"a setting of {value!r}")
    return value


def options_for(options: RunOptions, take: Take) -> RunOptions:
    """`options` with what was asked for when `take` was recorded, where the same scene is wanted; new ones come last.

    Raises UsageError for what a take cannot do.
    """
    for name, given in (("--size", options.input.size), ("--fps", options.input.fps)):
        if given is not None:
            raise UsageError(f"a take has its own size and rate: leave {name} out", where=str(take.folder))
    if options.input.spec != "camera":
        raise UsageError("--take is the input: leave --input out", where=str(take.folder))
    if options.output.record_take is not None or options.pace.pace == "live":
        other = "--record-take" if options.output.record_take is not None else "--pace live"
        raise UsageError(f"a take is drawn frame by frame: leave {other} out", where=str(take.folder))
    about, asked = take.about, options.scene
    same = take.is_of(asked.names[0])
    return options.changed(
        seed=about.seed if asked.seed is None else asked.seed,
        parameters=[*(about.settings if same else ()), *asked.parameters],
        bindings=[*(about.bindings if same else ()), *asked.bindings],
    )
