"""From options to a show: opens a scene, its source, trackers and sinks, runs it, and closes everything again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..control.changes import Changes
from ..control.settings import TRACKERS_AT
from ..core.errors import UsageError, unknown_name
from ..core.paths import named
from ..scene.registry import Registry, registry_with
from . import opening
from .heap import give_back
from .interrupt import stopping
from .options import Progress, RunOptions

if TYPE_CHECKING:
    from ..control.desk import Desk
    from ..effect.effect import Effect
    from ..scene.playlist import Playlist
    from ..scene.scene import Scene
    from ..sinks.base import Sink
    from ..sources.base import Source
    from ..trackers.base import Tracker
    from .frame_hooks import FrameHook
    from .reload_transition import TransitionReloader
    from .stats import Stats
    from .takes.take import Take
    from .trial import Trial


def registry_for(options: RunOptions) -> Registry:
    """The registry with the effect folders that were named."""
    return registry_with(options.scene.effect_folders)


def open_scene(options: RunOptions, registry: Registry | None = None, name: str = "") -> Scene:
    """The scene with everything set that was asked for; of several that which is called `name`, and what fits it."""
    scene = _loaded(options, registry or registry_for(options), name or options.scene.names[0])
    _set_up([scene], options, lenient=options.scene.several)
    return scene


def with_set_list(options: RunOptions) -> RunOptions:
    """The options with the scenes of the set list that was named; as they are without one. Raises UsageError."""
    from ..scene.set_list import SetList

    path = options.scene.set_list
    if path is None:
        if not options.scene.names:
            raise UsageError("no scene named", hint="`phosphene list scenes` shows them; or name a --set-list")
        return options
    scenes = SetList(named(path)).scenes
    if options.scene.names not in ((), tuple(scenes)):
        raise UsageError("a set list names its scenes itself", hint="leave the scenes out, or --set-list")
    if options.scene.every_s is not None:
        raise UsageError("--every changes scenes by the clock, a set list by hand", hint="leave one of the two out")
    return options.changed(scenes=scenes)


def open_playlist(options: RunOptions, registry: Registry) -> Playlist:
    """Every scene that was asked for. Raises UsageError."""
    from ..scene.playlist import Playlist

    if options.scene.several and (options.input.take is not None or options.output.record_take is not None):
        raise UsageError("a take holds one scene", hint="name one scene, or leave the take out")
    if options.scene.every_s is not None and not options.scene.several:
        raise UsageError("--every needs several scenes", hint="name them: phosphene run laser-eyes teleport --every 10")
    scenes = [_loaded(options, registry, name) for name in options.scene.names]
    _set_up(scenes, options)
    return Playlist(
        scenes,
        every_s=options.scene.every_s,
        transition_s=options.scene.transition_s,
        also=opening.trackers_for_controls(options),
    )


def _loaded(options: RunOptions, registry: Registry, name: str) -> Scene:
    """The scene as its file says, with what is asked for beside its parameters."""
    from ..scene.custom_models import name_models
    from ..scene.toml_read import load_scene

    scene = load_scene(name, registry)
    name_models(scene, options.scene.models)
    if options.pace.sync is not None:
        scene.sync = options.pace.sync
    if options.scene.flash_guard is not None:
        scene.flash_guard = options.scene.flash_guard
    return scene


def _set_up(scenes: Sequence[Scene], options: RunOptions, *, lenient: bool = False) -> None:
    """Sets what was asked for, through the queue that a running show has. Raises UsageError.

    `lenient` passes over an address that none of `scenes` knows: another scene of the show does.
    """
    changes = Changes()
    asked = _preset(scenes, options, changes, lenient=lenient) + [
        changes.put(address, value, "--set")
        for address, value in (*options.scene.parameters, *options.scene.bindings)
        if not lenient or address.startswith(TRACKERS_AT) or any(scene.knows(address) for scene in scenes)
    ]
    changes.apply(scenes)
    for result in asked:
        result.result()


def _preset(scenes: Sequence[Scene], options: RunOptions, changes: Changes, *, lenient: bool) -> list[Future[str]]:
    """Asks for the preset that was named, in every one of `scenes` that has it. Raises UsageError where none has."""
    from ..scene.presets import Presets, differences

    name = options.scene.preset
    if name is None:
        return []
    presets = [Presets(scene) for scene in scenes]
    known = {found for one in presets for found in one.names}
    if name not in known and not lenient:
        raise unknown_name("preset", name, known, where=", ".join(str(one.path) for one in presets))
    return [
        changes.put(address, value, "--preset", one.scene.name)
        for one in presets
        if name in one.names
        for address, value in differences(one.state(name), one.scene.state()).items()
    ]


def play(
    options: RunOptions,
    *,
    progress: Progress | None = None,
    extra_sinks: Sequence[Sink] = (),
    on_image: FrameHook | None = None,
    changes: Changes | None = None,
    on_desk: Callable[[Desk], None] | None = None,
) -> Stats:
    """Runs a show to its end and returns its numbers. Ctrl-C ends it cleanly: files that were being written play.

    `progress` hears how many frames are done, and of how many; `extra_sinks` get the images beside the outputs;
    `on_image` is called in this thread after each image, and while one is waited for, and says whether to go on.
    What is put into `changes` meanwhile is applied between two frames. `on_desk` hears of the show's desk before the
    first frame. Raises PhospheneError for what a user can mend.
    """
    try:
        options = with_set_list(options)
        if options.input.take is None:
            return _play(options, None, progress, extra_sinks, on_image, changes, on_desk)
        from .takes.take import Take, options_for

        with Take(named(options.input.take)) as take:
            return _play(options_for(options, take), take, progress, extra_sinks, on_image, changes, on_desk)
    finally:
        give_back()


def _play(
    options: RunOptions,
    take: Take | None,
    progress: Progress | None,
    extra_sinks: Sequence[Sink],
    on_image: FrameHook | None,
    changes: Changes | None,
    on_desk: Callable[[Desk], None] | None,
) -> Stats:
    from ..audio.tapped import TappedBeat
    from ..control.desk import Desk
    from ..control.limits import Limits
    from ..scene.custom_models import settle
    from ..scene.set_list import SetList
    from ..sinks.base import ReadsKeys, ReadsMouse, WritesFiles
    from ..trackers import open_tracker, warm
    from .frame_hooks import ChangeScenes, NameWindow, ReloadFiles, ReportProgress, ShowOnDesk, title_of
    from .governor import governor_for
    from .hud import Hud
    from .loop import Show
    from .reading import checked, guard_for
    from .reload import Reloader
    from .settings import ObservedInputs, ShowParts, ShowSettings
    from .stats import Stats

    registry = registry_for(options)
    set_list = None if options.scene.set_list is None else SetList(named(options.scene.set_list))
    if set_list is not None:
        set_list.check_scenes(registry)
    playlist = open_playlist(options, registry)
    named_ways: dict[str, Effect] = {}
    if set_list is not None:
        set_list.check(playlist.scenes)
        named_ways = set_list.transitions(registry)
    transition = registry.transition(options.scene.transition)() if options.scene.several else None
    needs = playlist.needs() - (frozenset[str]() if take is None else take.trackers)
    # Loading a tracker's library takes longer than all else: it begins while the camera opens and the window appears.
    threading.Thread(target=warm, args=(sorted(needs),), name="warm", daemon=True).start()
    sinks: list[Sink] = list(extra_sinks)
    with ExitStack() as stack:
        tried = opening.start_trials(playlist, registry, [w for w in (transition, *named_ways.values()) if w], stack)
        source = take or stack.enter_context(opening.open_input(options, sinks))
        if take is not None:
            take.compare(playlist.scene)
        guard = guard_for(options, playlist, source, registry, transition)
        layer_inputs = opening.open_layer_inputs(options, playlist, source.size, stack)
        opening.fetch_models(needs, playlist.tracker_params)
        upstream: dict[str, str] = {}
        for scene in playlist.scenes:
            upstream |= settle(scene, scene.needs() & needs)
        live = opening.runs_live(options, source, replays=take is not None)
        unreadable = opening.check_files(playlist, live=live)
        fps = options.input.fps or source.fps or 30.0
        seconds = options.pace.seconds if live else length_wanted(options, source, fps)
        recorder = opening.open_recorder(options, playlist.scene, source, fps, stack, live=live)
        window = opening.open_presenting(options, source.size, fps, title_of(playlist.scene), sinks, stack)
        gpu = opening.open_gpu(stack) if window is None else window.gpu
        sound, recorded = opening.open_audio(options, source, stack)
        opening.open_sinks(options, source, fps, recorded, sinks, stack, live=live)
        opening.warn_of_black(playlist, options.output.specs)
        stats = Stats()
        stats.live = live
        watched = zip(playlist.scenes, options.scene.names, strict=True) if live and take is None else ()
        queue = changes or Changes()
        limits = Limits(playlist, needs if take is None else needs | take.trackers)

        def load(name: str) -> Scene:
            return queue.reapply(open_scene(options, registry, name))

        def opened(name: str) -> Tracker:
            params = playlist.tracker_params(name)
            limits.opened(name, params)
            return open_tracker(name, **params, **({"sound": sound} if name.startswith("model.") else {}))

        reloaders = [
            Reloader(scene, registry, checked(partial(load, name), guard), tried.trial) for scene, name in watched
        ]
        tapped = TappedBeat()
        desk = Desk(playlist, queue, tapped, set_list)
        stack.callback(desk.close)
        if on_desk is not None:
            on_desk(desk)
        opening.open_controls(options, desk, sinks, stack)
        hooks: list[FrameHook] = [ShowOnDesk(desk)]
        if progress is not None:
            hooks.append(ReportProgress(progress, frames_wanted(source, seconds, fps)))
        if live and take is None:
            hooks.append(ReloadFiles(reloaders, reloads(options, registry, transition, tried.trial)))
        if on_image is not None:
            hooks.append(on_image)
        if window is not None:
            hooks.append(NameWindow(window))
        keys = window if isinstance(window, ReadsKeys) else None
        if keys is not None:
            hooks.append(ChangeScenes(keys, desk.set_list or playlist, desk))
        governor = governor_for(options.pace.quality, playlist.whole(), fps, governs=live, replays=take is not None)
        show = Show(
            playlist,
            source,
            sinks,
            gpu=gpu,
            open_tracker=opened,
            settings=ShowSettings(live, seconds, options.scene.seed or 0, upstream),
            parts=ShowParts(
                stats=stats,
                governor=governor,
                take=take,
                recorder=recorder,
                transition=transition,
                transitions=named_ways,
                inputs=ObservedInputs(
                    sound=sound,
                    recorded_sound=None if isinstance(recorded, str) else recorded,
                    layer_inputs=layer_inputs,
                    held_keys=frozenset if keys is None else partial(getattr, keys, "held"),
                    mouse=partial(getattr, window, "mouse") if isinstance(window, ReadsMouse) else dict,
                    control=partial(queue.apply, playlist.scenes, limits.check),
                    tapped=tapped,
                ),
                hud=Hud(stats) if options.output.hud and window is not None else None,
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
    options: RunOptions, registry: Registry, transition: Effect | None, trial: Trial | None
) -> TransitionReloader | None:
    """What watches the file of the transition, where there is one."""
    from .reload_transition import TransitionReloader

    path: Path | None = getattr(transition, "shader_file", None)
    load = partial(registry.transition, options.scene.transition)
    return None if path is None else TransitionReloader(path, load, trial)


def length_wanted(options: RunOptions, source: Source, fps: float) -> float | None:
    """How long an offline run lasts; None where the input ends by itself. A still picture gives one picture.

    Raises UsageError where neither the user nor the input says when it ends.
    """
    from ..sources.image import ImageSource

    if options.pace.seconds is not None or not source.endless:
        return options.pace.seconds
    if isinstance(source, ImageSource):
        return 0.5 / fps
    raise UsageError(f"the input '{options.input.spec}' has no end", hint="say how long it shall be: --seconds 10")


def frames_wanted(source: Source, seconds: float | None, fps: float) -> int | None:
    """How many frames a run will have, as far as that is known."""
    wanted = None if seconds is None else round(seconds * fps)
    if source.frame_count is None:
        return wanted
    return source.frame_count if wanted is None else min(wanted, source.frame_count)
