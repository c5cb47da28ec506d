"""Every file that a show reads: none of its outputs may touch one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.files.guard import Guard
from ..core.files.target import Target
from ..core.param_types import File
from ..core.params import Param
from ..core.paths import is_folder, named, within
from ..sinks.names import targets_of
from ..sources import split_spec
from ..sources.base import ReadsFiles

if TYPE_CHECKING:
    from ..effect.effect import Effect
    from ..scene.playlist import Playlist
    from ..scene.registry import Registry
    from ..scene.scene import Scene
    from ..sources.base import Source
    from .options import RunOptions

WORDS = (".toml", ".json", ".txt")  # what may say more of a model, beside it


def guard_for(
    options: RunOptions, playlist: Playlist, source: Source, registry: Registry, transition: Effect | None
) -> Guard:
    """What the show reads and will write, before anything is written; parameters that are set later heed it too.

    Raises SinkError where an output would touch what is read, UsageError where two would write one file.
    """
    guard = Guard()
    if isinstance(source, ReadsFiles):
        guard.reads(source.files)
    if sound := options.input.sound or getattr(source, "audio_path", None):
        guard.reads([sound])
    for _, path in options.scene.models:
        guard.reads(tree(named(path)))
    if transition is not None:
        guard.reads(effect_files(transition))
    for scene in playlist.scenes:
        guard.reads(scene_files(scene, registry))
    guard.writes([*targets_of(options.output.specs), *options.output.reports, *take_files(options)])
    for scene in playlist.scenes:
        heed(scene, guard)
    return guard


def heed(scene: Scene, guard: Guard) -> None:
    """From now on no parameter of `scene` can be set to a file that is being written."""

    def ask(param: Param[Any], value: Any) -> None:
        if isinstance(param, File) and value:
            guard.check(value)

    scene.guards.append(ask)


def checked(load: Callable[[], Scene], guard: Guard) -> Callable[[], Scene]:
    """`load`, which refuses a scene that shows a file that is being written. Raises UsageError too."""

    def loaded() -> Scene:
        scene = load()
        for path in shown_files(scene):
            guard.check(path)
        return scene

    return loaded


def shown_files(scene: Scene) -> Iterator[Path]:
    """The images, videos and other files that parameters name."""
    for owner, param in scene.addresses().values():
        if isinstance(param, File) and (value := getattr(owner, param.name)):
            yield Path(value)


def scene_files(scene: Scene, registry: Registry) -> Iterator[Path]:
    """The scene's own file, what its parameters name, its effects' files and its models'."""
    if scene.path is not None:
        yield scene.path
    yield from shown_files(scene)
    entries = registry.effects()
    for layer in scene.layers:
        for name, effect in layer.effects.items():
            yield from effect_files(effect)
            if (entry := entries.get(layer.uses.get(name, name))) is not None:
                yield from tree(entry.path.parent) if entry.path.name == "__init__.py" else [entry.path]
    for params in scene.trackers.values():
        if (file := getattr(params.get("spec"), "file", None)) is not None:
            yield from tree(file)
            yield from (path for path in file.parent.glob("*") if path.suffix in WORDS)


def effect_files(effect: Effect) -> Iterator[Path]:
    """The author's file of a shader that is an effect by itself, and the images that it brings."""
    if (file := getattr(effect, "shader_file", None)) is not None:
        yield file
    yield from getattr(effect, "fixed", {}).values()


def input_files(spec: str) -> list[Path]:
    """The files that an input of that name reads. Raises UsageError and SourceError."""
    kind, rest = split_spec(spec)
    if kind == "images":
        from ..sources.images import find_images

        return find_images(rest).all
    return [named(rest)] if kind in ("video", "image") else []


def tree(path: Path) -> Iterator[Path]:
    """The file, or every file in the folder."""
    yield from within(path) if is_folder(path) else [path]


def take_files(options: RunOptions) -> list[Target]:
    """The files of the take that is to be recorded."""
    if options.output.record_take is None:
        return []
    from .takes.files import FRAMES, TRACKS
    from .takes.take import HEADER, SCENE

    folder = named(options.output.record_take)
    return [Target(folder / name) for name in (HEADER, SCENE, FRAMES, TRACKS)]
