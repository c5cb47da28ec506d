"""Examples: rows of numbers, each with its class and the recording that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...core.errors import SourceError, UsageError
from ...core.frame import Floats, Frame
from ...core.paths import checked, is_folder, is_there, named, within
from ...trackers.custom.features import SECONDS, Extractor, of_sound

RATE_HZ = 12.0  # frames that follow each other faster than this are almost the same
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
SOUNDS = (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac")
CLIPS = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".gif", ".ogv", ".mpg")
LEAST = 4  # examples of a class
MOST_WAVES = 3000  # of one file: four minutes
SILENCE, QUIETER = 1e-4, 0.25  # root mean square; part of the loudest second
HALF = 0.7  # part of the loudest second near by: what is quieter holds only a piece of the word

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Recording:
    """What was recorded in one go: a clip, a folder of images, or while a key was held."""

    label: str
    name: str
    rows: list[Floats] = field(default_factory=list)
    frames: int = 0  # how many were looked at; those in which nobody was seen give no row


@dataclass(frozen=True, slots=True)
class Examples:
    """All rows (N, D), the class (N,) and the recording (N,) of each, and the classes' names."""

    rows: Floats
    classes: np.ndarray
    recordings: np.ndarray
    labels: tuple[str, ...]
    names: tuple[str, ...]  # of the recordings

    def of_class(self, number: int) -> int:
        """How many examples a class has."""
        return int((self.classes == number).sum())


def classes_of(texts: Sequence[str]) -> dict[str, list[Path]]:
    """`LABEL=PATH` as given on the command line, one or several for a class. Raises UsageError."""
    found: dict[str, list[Path]] = {}
    for text in texts:
        label, equals, path = text.partition("=")
        if not equals or not label.strip() or not path:
            raise UsageError(f"--class {text}", hint="write it --class LABEL=PATH, a clip or a folder")
        for part in path.split(",") if not is_there(named(path)) else [path]:
            where = named(part)
            if not is_there(where):
                raise UsageError(f"--class {label}: no file or folder '{part}'")
            found.setdefault(label.strip(), []).append(where)
    if len(found) < 2:
        raise UsageError(
            f"{len(found)} class{'' if len(found) == 1 else 'es'} given, expected at least two",
            hint="one class may show that nothing happens: --class nothing=clip.mp4",
        )
    return found


def sources_of(path: Path) -> Iterator[tuple[str, list[Path]]]:
    """The recordings at `path`: a clip is one, the images that lie in one folder are one."""
    if not is_folder(path):
        yield path.name, [checked(path, "clip or picture")]
        return
    files = [p for p in within(path) if not p.name.startswith(".")]
    for clip in files:
        if clip.suffix.lower() in (*CLIPS, *SOUNDS):
            yield str(clip.relative_to(path)), [clip]
    folders = sorted({p.parent for p in files if p.suffix.lower() in PICTURES})
    for folder in folders:
        pictures = [p for p in files if p.parent == folder and p.suffix.lower() in PICTURES]
        yield (str(folder.relative_to(path)) if folder != path else path.name), pictures


def record(classes: dict[str, list[Path]], kind: str, progress: Progress | None = None) -> list[Recording]:
    """Looks at every clip and image, or listens to it, for features of `kind`; each recording is looked at afresh, so
    that nothing is carried from one to the next. Raises UsageError, SourceError, TrackerError."""
    jobs = [
        (label, name, files) for label, paths in classes.items() for path in paths for name, files in sources_of(path)
    ]
    for label, paths in classes.items():
        if not any(job[0] == label for job in jobs):
            raise UsageError(f"class {label}: no clip or image in {', '.join(map(str, paths))}")
    found = []
    for number, (label, name, files) in enumerate(jobs):
        if progress is not None:
            progress(f"{label}: {name}", number, len(jobs))
        recording = Recording(label, name)
        if kind == "sound":
            for file in files:
                listen(recording, file)
        else:
            with Extractor(kind) as eyes:
                for frame in frames_of(files):
                    recording.frames += 1
                    row = eyes.vector(frame)
                    if row is not None:
                        recording.rows.append(row)
        found.append(recording)
    return found


def listen(recording: Recording, file: Path) -> None:
    """Adds the seconds of sound in a file; those that are far quieter than its loudest hold nothing of the class, and
    those that are quieter than others near by only the beginning or the end of a word."""
    from ...audio.file_sound import FileSound

    waves: list[Floats] = []
    end_s = SECONDS / 2
    with FileSound(file) as sound:
        while len(waves) < MOST_WAVES:
            waves.append(sound.block(end_s, SECONDS))
            if sound.over(end_s - SECONDS / 2):
                break
            end_s += 1.0 / RATE_HZ
    levels = np.array([float(np.sqrt(np.mean(wave**2))) for wave in waves])
    recording.frames += len(waves)
    loudest = float(levels.max()) if len(levels) else 0.0
    if loudest > SILENCE:
        reach = round(SECONDS * RATE_HZ)
        near = np.array([levels[max(0, i - reach) : i + reach + 1].max() for i in range(len(levels))])
        kept = np.flatnonzero((levels >= QUIETER * loudest) & (levels >= HALF * near))
        recording.rows += [of_sound(waves[i]) for i in kept]


def frames_of(files: Sequence[Path]) -> Iterator[Frame]:
    """The frames of a clip, not more than `RATE_HZ` a second, or of images, one each."""
    from ...sources import open_source

    if len(files) > 1 or files[0].suffix.lower() in PICTURES:
        for number, file in enumerate(files):
            with open_source(str(file)) as source:
                frame = source.read()
            if frame is not None:
                # A second between two images: trackers then take nothing over from one to the next.
                yield Frame(number, float(number), frame.pixels)
        return
    with open_source(str(files[0])) as source:
        if source.endless:
            raise SourceError("is a live input, which never ends", where=str(files[0]), hint="use clips or images")
        next_s = -1.0
        while (frame := source.read()) is not None:
            if frame.time_s >= next_s:
                next_s = frame.time_s + 1.0 / RATE_HZ - 1e-3
                yield frame


def gather(recordings: Sequence[Recording], what: str) -> Examples:
    """The examples of all recordings. Raises UsageError where a class has too few, saying what was seen."""
    labels = tuple(dict.fromkeys(r.label for r in recordings))
    for label in labels:
        own = [r for r in recordings if r.label == label]
        rows, frames = sum(len(r.rows) for r in own), sum(r.frames for r in own)
        if rows < LEAST:
            raise UsageError(
                f"class {label}: {what} was found in {rows} of {frames} frames, expected at least {LEAST}",
                hint="use longer clips that show it, or choose another --from",
            )
    full = [r for r in recordings if r.rows]
    return Examples(
        np.concatenate([np.stack(r.rows) for r in full]).astype(np.float32),
        np.concatenate([np.full(len(r.rows), labels.index(r.label)) for r in full]),
        np.concatenate([np.full(len(r.rows), n) for n, r in enumerate(full)]),
        labels,
        tuple(f"{r.label}: {r.name}" for r in full),
    )
