"""The parts of a show, each opened as its options say, and closed by the stack that is handed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import EffectRefused, PhospheneError, UsageError
from ..core.param_types import File, Media
from ..core.paths import checked
from ..core.paths import named as path_of
from ..core.problem import Problem
from ..sinks import is_live, keeping_alpha
from .options import WINDOW

if TYPE_CHECKING:
    from ..audio.base import Recordable, Sound
    from ..control.desk import Desk
    from ..effect.effect import Effect
    from ..renderer.effect_runner import EffectRunner
    from ..renderer.gpu import Gpu
    from ..scene.playlist import Playlist
    from ..scene.registry import Registry
    from ..scene.scene import Scene
    from ..sinks.base import Presents, Sink
    from ..sources.base import Source
    from ..sources.layer_input import LayerInputSource
    from .loop import Show
    from .options import RunOptions
    from .takes.recorder import TakeRecorder
    from .trial import Job, Trial


log = logging.getLogger("phosphene")


@dataclass(slots=True)
class Trials:
    """The effects of others, of `scenes` and among the `transitions`, that are tried while the show is opened."""

    scenes: Sequence[Scene]
    transitions: Sequence[Effect]
    trial: Trial | None = None
    jobs: list[tuple[Effect, Job]] = field(default_factory=list)

    def refuse(self) -> None:
        """Waits for the verdicts; an effect that must not be drawn is switched off, and named when the show begins.

        Raises EffectRefused for a transition.
        """
        for effect, job in self.jobs:
            job.done.wait()
            if job.error and any(effect is one for one in self.transitions):
                raise EffectRefused(job.error)
            if job.error:
                for scene in self.scenes:
                    scene.refused[type(effect)] = job.error


def start_trials(playlist: Playlist, registry: Registry, transitions: Sequence[Effect], stack: ExitStack) -> Trials:
    """Begins to try out every effect that did not come with the engine, in a process of its own."""
    from ..core.places import ROOT
    from .trial import Trial, not_built_in

    asked: list[tuple[Path, str, Effect]] = []
    for scene in playlist.scenes:
        asked += [(path, use, effect) for effect, use, path in not_built_in(scene, registry).values()]
    for transition in transitions:
        file = getattr(transition, "shader_file", ROOT)
        if not file.is_relative_to(ROOT):
            asked.append((file, "", transition))
    if not asked:
        return Trials(playlist.scenes, transitions)
    trial = Trial(registry.effect_folders)
    stack.callback(trial.close)
    jobs = [(effect, trial.ask(path, use, effect)) for path, use, effect in asked]
    return Trials(playlist.scenes, transitions, trial, jobs)


def open_input(options: RunOptions, sinks: list[Sink]) -> Source:
    """The input; where it is on demand, only while one of `sinks` is watched. Raises UsageError and SourceError."""
    from ..sources import open_source
    from .on_demand import open_on_demand

    def opened(size: tuple[int, int] | None) -> Source:
        if options.input.images is not None:
            from ..sources.arrays import ArraysSource

            return ArraysSource(options.input.images, size=size, fps=options.input.fps)
        if options.input.on_demand:
            return open_on_demand(options.output.specs, sinks, options.input.spec, size=size, fps=options.input.fps)
        return open_source(options.input.spec, size=size, fps=options.input.fps)

    if not options.input.rotate:
        return opened(options.input.size)
    from ..sources.rotate import RotatedSource

    return RotatedSource(opened, options.input.rotate, options.input.size)


def open_layer_inputs(
    options: RunOptions, playlist: Playlist, size: tuple[int, int], stack: ExitStack
) -> dict[str, LayerInputSource]:
    """The inputs that layers have beside the show's own, by name. Raises UsageError and SourceError."""
    names = sorted({layer.source for scene in playlist.scenes for layer in scene.layers if layer.has_own_input})
    if not names:
        return {}
    from ..sources import open_source
    from ..sources.layer_input import LayerInputSource

    if options.input.take is not None or options.output.record_take is not None:
        raise UsageError(
            f"a take holds one input, and this scene shows {names[0]} as well", hint="record a video: --output out.mp4"
        )
    layer_inputs = {}
    for name in names:
        source = stack.enter_context(open_source(name, size=size, fps=options.input.fps))
        layer_inputs[name] = stack.enter_context(LayerInputSource(source, name, size))
    return layer_inputs


def fetch_models(trackers: Iterable[str], params: Callable[[str], Mapping[str, Any]]) -> None:
    """Brings the models of these trackers onto the machine, where they are missing. Raises ModelError."""
    from ..models import store as models
    from ..trackers import models_of

    needed = sorted({model for name in trackers for model in models_of(name, params(name))})
    models.fetch([name for name in needed if not models.state(name).ready])


def check_files(playlist: Playlist, *, live: bool) -> dict[str, Problem]:
    """Reads every file that a parameter of any scene names, before anything is drawn. Returns what is wrong, by effect;
    a live show reports it in the log and goes on, for it has other things to show. Else raises UsageError."""
    wrong: dict[str, Problem] = {}
    for scene in playlist.scenes:
        for address, (owner, param) in scene.addresses().items():
            path = getattr(owner, param.name) if isinstance(param, File) else ""
            error = why_unreadable(param, path) if isinstance(param, File) and path else None
            if error is not None:
                error.message = f"{error.message} ({scene.name}: {address})"
                effect = address.rpartition(".")[0]
                wrong[effect] = Problem.of(effect, error)
                log.log(logging.ERROR if live else logging.DEBUG, "%s", error)
    if wrong and not live:
        raise UsageError("\n".join(map(str, wrong.values())))
    return wrong


def why_unreadable(param: File, path: str) -> PhospheneError | None:
    """What is wrong with the file that a parameter names; None where nothing is."""
    from ..sources.media import check_media

    try:
        if isinstance(param, Media):
            check_media(path)
        else:
            checked(Path(path), "file")
            if param.reads is not None:
                param.reads(path)
    except PhospheneError as error:
        return error
    except (OSError, ValueError) as error:
        return UsageError(f"cannot be read: {error}", where=path)
    return None


def runs_live(options: RunOptions, source: Source, *, replays: bool) -> bool:
    """Whether late frames are dropped, or every one is drawn. Raises UsageError for an exact camera."""
    if source.live and options.pace.pace == "exact":
        raise UsageError("a camera has no exact pace: its frames do not wait", hint="leave --pace out")
    shown = any(is_live(o) for o in options.output.specs) if options.pace.pace is None else options.pace.pace == "live"
    return source.live or (shown and not replays)


def open_recorder(
    options: RunOptions, scene: Scene, source: Source, fps: float, stack: ExitStack, *, live: bool
) -> TakeRecorder | None:
    """What writes the take that was asked for. Raises SinkError."""
    if options.output.record_take is None:
        return None
    from .takes.recorder import record

    recorder = record(options, scene, source, fps, live=live)
    stack.callback(recorder.close)
    return recorder


def open_presenting(
    options: RunOptions, size: tuple[int, int], fps: float, title: str, sinks: list[Sink], stack: ExitStack
) -> Presents | None:
    """Adds the window to `sinks` where one was asked for, before all other outputs: everything is drawn in its context.

    Raises SinkError and GpuError.
    """
    from ..sinks import open_sink
    from ..sinks.base import Presents

    if WINDOW not in options.output.specs:
        return None
    window = stack.enter_context(open_sink(WINDOW, size=size, fps=fps))
    assert isinstance(window, Presents)
    window.rename(title)
    sinks.append(window)
    return window


def open_gpu(stack: ExitStack) -> Gpu:
    """A graphics context without a window. Raises GpuError."""
    from ..renderer.gpu import Gpu

    gpu = Gpu.headless()
    stack.callback(gpu.close)
    return gpu


def watch(gpu: Gpu, show: Show, recorder: TakeRecorder | None, stack: ExitStack, *, live: bool) -> None:
    """Sets a watchdog over the effects: one that never comes back from a frame ends the process, with a word."""
    from .watchdog import EXACT_S, LIVE_S, Watchdog, end_stuck

    def stuck(runner: EffectRunner, waited_s: float) -> None:
        save = [show.save]
        if recorder is not None:
            recorder.ended = f"{type(runner.effect).__name__} did not come back from a frame"
            save.append(recorder.close)
        end_stuck(runner, waited_s, save)

    gpu.watchdog = watchdog = Watchdog(LIVE_S if live else EXACT_S, stuck)
    watchdog.start()
    stack.callback(setattr, gpu, "watchdog", None)  # it holds the show, and a show holds pictures and encoders
    stack.callback(watchdog.close)


def open_audio(options: RunOptions, source: Source, stack: ExitStack) -> tuple[Sound | None, str | Recordable | None]:
    """What the scenes hear, and the sound that a written video gets, a file or a microphone: what --sound names, else
    the input's own.

    Raises UsageError and SourceError where the sound that was asked for cannot be opened.
    """
    from ..audio.base import Recordable, Shared
    from ..audio.opening import open_sound

    own: str | None = getattr(source, "audio_path", None)
    named = options.input.sound or own or "none"
    if named == "none":
        return None, None
    opened = open_sound(named)
    sound = stack.enter_context(Shared(opened))
    if sound.live and options.pace.pace == "exact":
        raise UsageError("a microphone has no exact pace", hint="leave --pace out, or take the sound from a file")
    return sound, opened if isinstance(opened, Recordable) else str(path_of(named))


def warn_of_black(playlist: Playlist, outputs: Iterable[str]) -> None:
    """Warns of outputs that show black where a scene is transparent, though they could keep it."""
    for scene in playlist.scenes:
        if scene.layers and all(layer.cut != "none" for layer in scene.layers):
            for spec in outputs:
                if better := keeping_alpha(spec):
                    log.warning("%s is transparent, '%s' shows black there: '%s' keeps it", scene.name, spec, better)


def open_sinks(
    options: RunOptions,
    source: Source,
    fps: float,
    recorded: str | Recordable | None,
    sinks: list[Sink],
    stack: ExitStack,
    *,
    live: bool,
) -> None:
    """Adds every output but the window to `sinks`. Raises UsageError and SinkError."""
    from ..sinks import open_sink

    for spec in options.output.specs:
        if spec != WINDOW:
            sink = open_sink(
                spec, size=source.size, fps=fps, audio_from=recorded, live=live, overwrite=options.output.overwrite
            )
            stack.callback(sink.close)
            sinks.append(sink)


def trackers_for_controls(options: RunOptions) -> frozenset[str]:
    """The trackers that the ways in ask for, whatever the scenes need. Raises UsageError and ControlError."""
    from ..control import CONTROLS

    found: set[str] = set()
    for name, backend in CONTROLS.items():
        wanted = getattr(options.control, name)
        asks = None if wanted is None else getattr(backend.load(), "trackers", None)
        if asks is not None:
            found |= asks(wanted)
    return frozenset(found)


def open_controls(options: RunOptions, desk: Desk, sinks: list[Sink], stack: ExitStack) -> None:
    """Opens every way in that was asked for, and adds those that show the images to `sinks`.

    Raises UsageError and ControlError.
    """
    from ..control import CONTROLS
    from ..control.base import ShowsImages
    from ..control.targets import Target

    if options.control.learn and options.control.midi is None:
        raise UsageError("nothing to learn from", hint="name the device: --midi NAME")
    for text in options.control.learn:
        target = Target.parse(text)
        if target.kind == "parameter":
            desk.check_address(target.names[0])
        desk.learning.begin(text)
    for name, backend in CONTROLS.items():
        wanted = getattr(options.control, name)
        if wanted is not None:
            control = backend.load()(wanted, desk)
            stack.callback(control.close)
            if isinstance(control, ShowsImages):
                sinks.append(control.sink)
