"""From words to a show: opens a scene, its source, trackers and sinks, runs it, and closes everything again."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError, unknown_name
from engine.registry import Registry, is_file
from engine.sinks import is_live

if TYPE_CHECKING:
    from engine.audio import Sound
    from engine.renderer import Renderer
    from engine.scene import Scene
    from engine.sinks.base import Sink
    from engine.sinks.window import WindowSink
    from engine.sources.base import Source
    from engine.stats import Stats
    from engine.take import Take

WINDOW = "window"
TRACKERS_AT = "trackers/"


@dataclass(slots=True)
class Wishes:
    """What the user asked for. `size` is (width, height); `pace` is live, exact or None for what fits the outputs."""

    scene: str
    input: str = "camera"
    outputs: Sequence[str] = (WINDOW,)
    size: tuple[int, int] | None = None
    fps: float | None = None
    seconds: float | None = None
    pace: str | None = None
    sync: str | None = None
    seed: int | None = None
    flash_guard: bool | None = None
    hud: bool = False
    settings: Sequence[tuple[str, str]] = ()
    bindings: Sequence[tuple[str, Mapping[str, Any]]] = ()
    effect_folders: Sequence[Path] = field(default_factory=tuple)
    quality: str = "auto"
    take: Path | None = None
    record_take: Path | None = None
    sound: str | None = None
    on_demand: bool = False


Progress = Callable[[int, int | None], None]


def registry_for(wishes: Wishes) -> Registry:
    """The registry with the effect folders that were named."""
    registry = Registry()
    registry.effect_folders[:0] = [Path(f).expanduser() for f in wishes.effect_folders]
    return registry


def open_scene(wishes: Wishes, registry: Registry | None = None) -> Scene:
    """The scene with everything set that was asked for."""
    from engine.scene_file import load_scene
    from engine.signals import Binding

    scene = load_scene(wishes.scene, registry or registry_for(wishes))
    for address, value in wishes.settings:
        if address.startswith(TRACKERS_AT):
            set_tracker(scene, address, value)
        else:
            scene.set(address, media_path(scene, address, value))
    for address, table in wishes.bindings:
        scene.bind(address, Binding.parse(table))
    if wishes.sync is not None:
        scene.sync = wishes.sync
    if wishes.flash_guard is not None:
        scene.flash_guard = wishes.flash_guard
    return scene


def set_tracker(scene: Scene, address: str, value: str) -> None:
    """Sets a tracker's parameter, `trackers/face.max_faces`, for the run that begins. Raises UsageError."""
    from engine.trackers import KINDS, tracker_class

    name, _, key = address.removeprefix(TRACKERS_AT).partition(".")
    if name not in KINDS:
        raise unknown_name("tracker", name, KINDS)
    params = tracker_class(name).params()
    if key not in params:
        raise unknown_name(f"parameter of tracker {name}", key, params)
    try:
        scene.trackers.setdefault(name, {})[key] = params[key].parse(value)
    except UsageError as error:
        raise UsageError(f"{address}: {error.message}", hint=error.hint) from None


def media_path(scene: Scene, address: str, value: str) -> str:
    """A media path from the command line is relative to the working folder; it must exist."""
    from engine.params import Media

    param = scene.find(address)[2]
    if not isinstance(param, Media) or not param.parse(value):
        return value
    path = Path(value).expanduser()
    if not is_file(path):
        raise UsageError(f"{address}: no file '{value}'", hint="give the path of a picture or video")
    return str(path.resolve())


def play(wishes: Wishes, *, progress: Progress | None = None, extra_sinks: Sequence[Sink] = ()) -> Stats:
    """Runs a show to its end and returns its numbers. Ctrl-C ends it cleanly: files that were being written play.

    `progress` is told how many frames are done, and of how many; `extra_sinks` get the pictures beside the outputs.
    Raises PhospheneError for what a user can mend.
    """
    if wishes.take is None:
        return _play(wishes, None, progress, extra_sinks)
    from engine.take import Take, wishes_for

    with Take(wishes.take.expanduser()) as take:
        return _play(wishes_for(wishes, take), take, progress, extra_sinks)


def _play(wishes: Wishes, take: Take | None, progress: Progress | None, extra_sinks: Sequence[Sink]) -> Stats:
    from engine import models
    from engine.governor import governor_for
    from engine.hud import Hud
    from engine.loop import Show
    from engine.reload import Reloader
    from engine.renderer.gpu import Gpu
    from engine.sinks import open_sink
    from engine.sources import open_source
    from engine.sources.on_demand import open_on_demand
    from engine.stats import Stats
    from engine.trackers import KINDS as TRACKERS
    from engine.trackers import open_tracker, warm

    registry = registry_for(wishes)
    scene = open_scene(wishes, registry)
    known = frozenset[str]() if take is None else take.trackers
    # Loading a tracker's library takes longer than all else: it begins while the camera opens and the window appears.
    threading.Thread(target=warm, args=(sorted(scene.needs() - known),), name="warm", daemon=True).start()
    files = [o for o in wishes.outputs if o != WINDOW]
    sinks: list[Sink] = list(extra_sinks)
    with ExitStack() as stack:
        source: Source
        if take is not None:
            source = take
            take.compare(scene)
        else:
            opened = partial(open_on_demand, wishes.outputs, sinks) if wishes.on_demand else open_source
            source = stack.enter_context(opened(wishes.input, size=wishes.size, fps=wishes.fps))
        needed = sorted({model for name in scene.needs() - known for model in TRACKERS[name].models})
        models.fetch([name for name in needed if not models.state(name).ready])
        shown = any(is_live(o) for o in wishes.outputs) if wishes.pace is None else wishes.pace == "live"
        live = source.live or (shown and take is None)
        if source.live and wishes.pace == "exact":
            raise UsageError("a camera has no exact pace: its frames do not wait", hint="leave --pace out")
        fps = wishes.fps or source.fps or 30.0
        seconds = wishes.seconds if live else length_wanted(wishes, source, fps)
        recorder = None
        if wishes.record_take is not None:
            from engine.take_recorder import record

            recorder = record(wishes, scene, source, fps, live=live)
            stack.callback(recorder.close)
        window: WindowSink | None = None
        if WINDOW in wishes.outputs:
            from engine.sinks.window import WindowSink

            window = stack.enter_context(WindowSink(source.size, f"Phosphene · {scene.title}"))
            gpu = window.gpu
        else:
            gpu = Gpu.headless()
            stack.callback(gpu.context.release)
        sound, sound_path = open_ear(wishes, source)
        if sound is not None:
            stack.callback(sound.close)
        own = getattr(source, "path", None)
        for spec in files:
            sink = open_sink(spec, size=source.size, fps=fps, audio_from=sound_path, inputs=[own] if own else [])
            stack.callback(sink.close)
            sinks.append(sink)
        stats = Stats()
        hud = Hud(stats) if wishes.hud else None
        reloader = Reloader(scene, registry, lambda: open_scene(wishes, registry)) if live and take is None else None
        total = frames_wanted(source, seconds, fps)

        def on_frame(renderer: Renderer) -> bool:
            if progress is not None:
                progress(stats.frames_out + 1, total)
            if reloader is not None:
                reloader.look(renderer)
            if window is None:
                return True
            if hud is not None:
                renderer.overlay.draw(
                    hud.shapes(renderer.size, show.governor.traded if show.governor is not None else ()),
                    renderer.canvas.framebuffer,
                )
            goes_on = window.show(renderer)
            show.signals.held = set(window.held)
            return goes_on

        show = Show(
            scene,
            source,
            sinks,
            gpu=gpu,
            open_tracker=lambda name: open_tracker(name, **scene.trackers.get(name, {})),
            live=live,
            until_s=seconds,
            seed=wishes.seed or 0,
            stats=stats,
            on_frame=on_frame,
            governor=governor_for(wishes.quality, scene, fps, governs=live, replays=take is not None),
            take=take,
            recorder=recorder,
            shown=window is not None,
            sound=sound,
        )
        with stopping(show.stop):
            show.run()
    if recorder is not None:
        stats.extra["take"] = recorder.summary()
    return stats


def open_ear(wishes: Wishes, source: Source) -> tuple[Sound | None, str | None]:
    """What the scene hears, and the file whose sound a written video gets: what --sound names, else the input's own.

    Raises UsageError and SourceError where the sound that was asked for cannot be opened.
    """
    from engine.audio import open_sound

    own: str | None = getattr(source, "audio_path", None)
    if wishes.sound is None:
        return (None if own is None else open_sound(own)), own
    if wishes.sound == "none":
        return None, None
    sound = open_sound(wishes.sound)
    if sound.live and wishes.pace == "exact":
        sound.close()
        raise UsageError("a microphone has no exact pace", hint="leave --pace out, or take the sound from a file")
    return sound, None if sound.live else str(Path(wishes.sound).expanduser())


def length_wanted(wishes: Wishes, source: Source, fps: float) -> float | None:
    """How long an offline run lasts; None where the input ends by itself. A still picture gives one picture.

    Raises UsageError where neither the user nor the input says when it ends.
    """
    from engine.sources.image import ImageSource

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


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and a polite kill end the show after the frame at hand; a second Ctrl-C ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}

    def handle(number: int, _: object) -> None:
        stop()
        signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError, OSError):
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def is_terminal() -> bool:
    """Whether somebody watches standard error."""
    return os.isatty(2)
