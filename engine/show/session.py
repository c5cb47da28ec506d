"""From words to a show: opens a scene, its source, trackers and sinks, runs it, and closes everything again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError, unknown_name
from ..core.paths import named
from ..scene.registry import Registry, registry_with
from . import opening
from .heap import give_back
from .interrupt import stopping
from .options import TRACKERS_AT, Progress, Wishes, media_path

if TYPE_CHECKING:
    from ..effect.effect import Effect
    from ..scene.playlist import Playlist
    from ..scene.scene import Scene
    from ..sinks.base import Sink
    from ..sources.base import Source
    from .frame_hooks import FrameHook
    from .reload_transition import TransitionReloader
    from .stats import Stats
    from .takes.take import Take
    from .trial import Trial


def registry_for(wishes: Wishes) -> Registry:
    """The registry with the effect folders that were named."""
    return registry_with(wishes.effect_folders)


def open_scene(wishes: Wishes, registry: Registry | None = None, name: str = "") -> Scene:
    """The scene with everything set that was asked for; of several that which is called `name`, and what fits it."""
    from ..scene.binding import Binding
    from ..scene.custom_models import name_models
    from ..scene.toml_read import load_scene

    scene = load_scene(name or wishes.scene, registry or registry_for(wishes))
    name_models(scene, wishes.models)
    for address, value in wishes.settings:
        if address.startswith(TRACKERS_AT):
            set_tracker(scene, address, value)
        elif not wishes.then or scene.knows(address):
            scene.set(address, media_path(scene, address, value))
    for address, table in wishes.bindings:
        if not wishes.then or scene.knows(address):
            scene.bind(address, Binding.parse(table))
    if wishes.sync is not None:
        scene.sync = wishes.sync
    if wishes.flash_guard is not None:
        scene.flash_guard = wishes.flash_guard
    return scene


def open_playlist(wishes: Wishes, registry: Registry) -> Playlist:
    """Every scene that was asked for. Raises UsageError."""
    from ..scene.playlist import Playlist

    if wishes.then and (wishes.take is not None or wishes.record_take is not None):
        raise UsageError("a take holds one scene", hint="name one scene, or leave the take out")
    if wishes.every_s is not None and not wishes.then:
        raise UsageError("--every needs several scenes", hint="name them: phosphene run laser-eyes teleport --every 10")
    scenes = [open_scene(wishes, registry, name) for name in wishes.scenes]
    for address in (address for address, _ in wishes.settings):
        if not address.startswith(TRACKERS_AT) and not any(scene.knows(address) for scene in scenes):
            scenes[0].find(address)  # says what is wrong with it
    return Playlist(scenes, every_s=wishes.every_s, transition_s=wishes.transition_s)


def set_tracker(scene: Scene, address: str, value: Any) -> None:
    """Sets a tracker's parameter, `trackers/face.max_faces`, for the run that begins. Raises UsageError."""
    from ..trackers import tracker_class
    from ..trackers.names import TRACKERS

    name, _, key = address.removeprefix(TRACKERS_AT).partition(".")
    if name not in TRACKERS:
        raise unknown_name("tracker", name, TRACKERS)
    params = tracker_class(name).params()
    if key not in params:
        raise unknown_name(f"parameter of tracker {name}", key, params)
    try:
        param = params[key]
        scene.trackers.setdefault(name, {})[key] = param.parse(value) if isinstance(value, str) else param.check(value)
    except UsageError as error:
        raise UsageError(f"{address}: {error.message}", hint=error.hint) from None


def play(
    wishes: Wishes,
    *,
    progress: Progress | None = None,
    extra_sinks: Sequence[Sink] = (),
    on_picture: FrameHook | None = None,
) -> Stats:
    """Runs a show to its end and returns its numbers. Ctrl-C ends it cleanly: files that were being written play.

    `progress` is told how many frames are done, and of how many; `extra_sinks` get the pictures beside the outputs;
    `on_picture` is called in this thread after each picture, and while one is waited for, and says whether to go on.
    Raises PhospheneError for what a user can mend.
    """
    try:
        if wishes.take is None:
            return _play(wishes, None, progress, extra_sinks, on_picture)
        from .takes.take import Take, wishes_for

        with Take(named(wishes.take)) as take:
            return _play(wishes_for(wishes, take), take, progress, extra_sinks, on_picture)
    finally:
        give_back()


def _play(
    wishes: Wishes,
    take: Take | None,
    progress: Progress | None,
    extra_sinks: Sequence[Sink],
    on_picture: FrameHook | None,
) -> Stats:
    from ..scene.custom_models import settle
    from ..sinks.base import ReadsKeys, WritesFiles
    from ..trackers import open_tracker, warm
    from .frame_hooks import ChangeScenes, NameWindow, ReloadFiles, ReportProgress, title_of
    from .governor import governor_for
    from .hud import Hud
    from .loop import Show
    from .observing import ObservedInputs
    from .reading import checked, guard_for
    from .reload import Reloader
    from .settings import ShowParts, ShowSettings
    from .stats import Stats

    registry = registry_for(wishes)
    playlist = open_playlist(wishes, registry)
    transition = registry.transition(wishes.transition)() if wishes.then else None
    needs = playlist.needs() - (frozenset[str]() if take is None else take.trackers)
    # Loading a tracker's library takes longer than all else: it begins while the camera opens and the window appears.
    threading.Thread(target=warm, args=(sorted(needs),), name="warm", daemon=True).start()
    sinks: list[Sink] = list(extra_sinks)
    with ExitStack() as stack:
        tried = opening.start_trials(playlist, registry, transition, stack)
        source = take or stack.enter_context(opening.open_input(wishes, sinks))
        if take is not None:
            take.compare(playlist.scene)
        guard = guard_for(wishes, playlist, source, registry, transition)
        layer_inputs = opening.open_layer_inputs(wishes, playlist, source.size, stack)
        opening.fetch_models(needs, playlist.tracker_params)
        upstream: dict[str, str] = {}
        for scene in playlist.scenes:
            upstream |= settle(scene, scene.needs() & needs)
        live = opening.runs_live(wishes, source, replays=take is not None)
        unreadable = opening.check_files(playlist, live=live)
        fps = wishes.fps or source.fps or 30.0
        seconds = wishes.seconds if live else length_wanted(wishes, source, fps)
        recorder = opening.open_recorder(wishes, playlist.scene, source, fps, stack, live=live)
        window = opening.open_presenting(wishes, source.size, fps, title_of(playlist.scene), sinks, stack)
        gpu = opening.open_gpu(stack) if window is None else window.gpu
        sound, recorded = opening.open_audio(wishes, source, stack)
        opening.open_sinks(wishes, source, fps, recorded, sinks, stack, live=live)
        opening.tell_black(playlist, wishes.outputs)
        stats = Stats()
        stats.live = live
        watched = zip(playlist.scenes, wishes.scenes, strict=True) if live and take is None else ()
        reloaders = [
            Reloader(scene, registry, checked(partial(open_scene, wishes, registry, name), guard), tried.trial)
            for scene, name in watched
        ]
        hooks: list[FrameHook] = []
        if progress is not None:
            hooks.append(ReportProgress(progress, stats, frames_wanted(source, seconds, fps)))
        if live and take is None:
            hooks.append(ReloadFiles(reloaders, reloads(wishes, registry, transition, tried.trial)))
        if on_picture is not None:
            hooks.append(on_picture)
        if window is not None:
            hooks.append(NameWindow(window))
        keys = window if isinstance(window, ReadsKeys) else None
        if keys is not None:
            hooks.append(ChangeScenes(keys, playlist))
        show = Show(
            playlist,
            source,
            sinks,
            gpu=gpu,
            open_tracker=lambda name: open_tracker(
                name, **playlist.tracker_params(name), **({"sound": sound} if name.startswith("model.") else {})
            ),
            settings=ShowSettings(live, seconds, wishes.seed or 0, upstream),
            parts=ShowParts(
                stats=stats,
                governor=governor_for(wishes.quality, playlist.whole(), fps, governs=live, replays=take is not None),
                take=take,
                recorder=recorder,
                transition=transition,
                inputs=ObservedInputs(
                    sound=sound,
                    recorded_sound=None if isinstance(recorded, str) else recorded,
                    layer_inputs=layer_inputs,
                    held_keys=frozenset if keys is None else partial(getattr, keys, "held"),
                ),
                hud=Hud(stats) if wishes.hud and window is not None else None,
                hooks=hooks,
            ),
        )
        tried.refuse()
        opening.watch(gpu, show, recorder, stack, live=live)
        with stopping(show.stop, stats):
            show.run()
    stats.files = [path for sink in sinks if isinstance(sink, WritesFiles) for path in sink.files]
    stats.problems = {**unreadable, **({} if show.stage is None else show.stage.problems)}
    stats.reports = {name: found for scene in playlist.scenes for name, found in scene.reports(stats.problems).items()}
    if recorder is not None:
        stats.extra["take"] = recorder.summary()
    return stats


def reloads(
    wishes: Wishes, registry: Registry, transition: Effect | None, trial: Trial | None
) -> TransitionReloader | None:
    """What watches the file of the transition, where there is one."""
    from .reload_transition import TransitionReloader

    path: Path | None = getattr(transition, "shader_file", None)
    return None if path is None else TransitionReloader(path, partial(registry.transition, wishes.transition), trial)


def length_wanted(wishes: Wishes, source: Source, fps: float) -> float | None:
    """How long an offline run lasts; None where the input ends by itself. A still picture gives one picture.

    Raises UsageError where neither the user nor the input says when it ends.
    """
    from ..sources.image import ImageSource

    if wishes.seconds is not None or not source.endless:
        return wishes.seconds
    if isinstance(source, ImageSource):
        return 0.5 / fps
    raise UsageError(f"the input '{wishes.input}' has no end", hint="say how long it shall be: --seconds 10")


def frames_wanted(source: Source, seconds: float | None, fps: float) -> int | None:
    """How many frames a run will have, as far as that is known."""
    wanted = None if seconds is None else round(seconds * fps)
    if source.frame_count is None:
        return wanted
    return source.frame_count if wanted is None else min(wanted, source.frame_count)
