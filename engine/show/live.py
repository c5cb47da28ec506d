"""A live show from a program: it runs by itself, and is controlled while it runs."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..control.changes import Changes
from ..core.errors import UsageError, unknown_name
from ..core.observation import Observation
from ..sinks import check_twice, split_spec
from .options import WINDOW, AnyPath, RunOptions
from .session import with_set_list
from .show_thread import LOOK_S, ShowThread
from .stats import Stats

if TYPE_CHECKING:
    from ..control.desk import Desk
    from ..control.presets import LivePresets
    from ..scene.playlist import Playlist
    from ..scene.scene import Scene
    from .frame_hooks import Drawn

log = logging.getLogger("phosphene")

ORIGIN = "script"
T = TypeVar("T")


class LiveShow:
    """A show that runs in a thread of its own until its input ends, `stop` is called, or something fails.

    Made by `run`. Every method may be called by any thread but that of the show itself. What ended it is raised once,
    as it is: by `wait`, `stop` or `set`, or at the end of a `with` block.
    """

    def __init__(self, options: RunOptions) -> None:
        self._changes = Changes()
        self._begun = threading.Event()
        self._scene = options.scene.names[0]
        self._playlist: Playlist | None = None
        self._wanted: int | None = None
        self._observation: Observation | None = None
        self._stats = Stats()
        self._desk: Desk | None = None
        self._thread = ShowThread(options, self._look, ended=self._ended, changes=self._changes, on_desk=self._on_desk)
        atexit.register(self._end)  # a thread that draws must not be met by the end of the interpreter
        try:
            self._thread.start()
            while not self._begun.wait(LOOK_S):
                pass
        except BaseException:
            self._end()
            raise
        if self._playlist is None:  # it failed before its first image
            self.stop()

    def _on_desk(self, desk: Desk) -> None:
        """Called by the thread of the show before its first image."""
        self._desk = desk

    def _ended(self) -> None:
        """Called by the thread of the show at its end."""
        self._changes.close()
        self._begun.set()

    def _look(self, drawn: Drawn) -> None:
        """Called by the thread of the show, after each image and while one is waited for."""
        playlist = self._playlist = drawn.stage.playlist
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            playlist.go(wanted)
        self._scene, self._stats = playlist.scene.name, drawn.stats
        if drawn.observation is not None:
            self._observation = drawn.observation
        self._begun.set()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return not self._thread.ended

    @property
    def scene(self) -> str:
        """The name of the scene that is on."""
        return self._scene

    @property
    def scenes(self) -> tuple[str, ...]:
        """The names of all its scenes."""
        return tuple(scene.name for scene in self._opened)

    @property
    def _opened(self) -> list[Scene]:
        return [] if self._playlist is None else self._playlist.scenes

    @property
    def observation(self) -> Observation | None:
        """What is known of the frame in the newest image; None before the first."""
        return self._observation

    @property
    def signals(self) -> Mapping[str, float]:
        """The signals of the newest image by name, as they were then."""
        return {} if self._observation is None else self._observation.signals

    @property
    def stats(self) -> Stats:
        """The numbers of the run so far: `fps`, `frames_out`, `dropped`, `table()`."""
        return self._stats

    def set(self, address: str, value: Any) -> str:
        """Sets a parameter and waits until it is applied; the next image shows it. Returns its full address.

        `value` is one of Python, a text as the command line takes it, or a table such as `{"from": "face.smile"}` that
        lets a signal drive it. Raises UsageError for what cannot be set, and then nothing is changed.
        """
        self._may_wait("use submit")
        try:
            return self._result(self.submit(address, value))
        except CancelledError:
            return address  # overtaken by a newer change of the same address

    def _may_wait(self, hint: str) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError(f"the show cannot wait for itself: {hint}")

    def _result(self, asked: Future[T]) -> T:
        """What was asked for, when it is done. Raises what went wrong with it, or what ended the show."""
        while True:
            try:
                return asked.result(LOOK_S)
            except TimeoutError:
                continue
            except UsageError:
                if self._changes.closed:
                    self._thread.wait()
                    self._thread.raise_error()
                raise

    def get(self, address: str) -> Any:
        """The value of a parameter now, in the first of the scenes that has it. Raises UsageError for none."""
        knowing = [scene for scene in self._opened if scene.knows(address)]
        return (knowing or self._opened)[0].get(address)

    def submit(self, address: str, value: Any) -> Future[str]:
        """As `set`, but does not wait; the future gives the full address or raises UsageError."""
        return self._changes.put(address, value, ORIGIN)

    @property
    def presets(self) -> list[str]:
        """The presets of the scene that is on by name; `default` is the scene as its file says."""
        return self._presets.names()

    def save_preset(self, name: str) -> Path:
        """Saves the scene that is on as a preset, in the file beside the scene's; returns that file's path.

        A preset of that name is replaced, and everything else in the file stays. Raises UsageError or SinkError.
        """
        self._may_wait("save presets in another thread")
        return self._presets.save(name)

    def delete_preset(self, name: str) -> Path:
        """Takes a preset of the scene that is on out of its file; returns that file's path. Raises UsageError."""
        return self._presets.delete(name)

    def recall(self, name: str, over_s: float = 0.0) -> None:
        """Brings the scene that is on into a preset, at once or over `over_s` seconds of the show's own time.

        It returns when that has begun. Raises UsageError for an unknown name.
        """
        self._may_wait("recall presets in another thread")
        self._result(self._presets.recall(name, over_s))

    def morph(self, first: str, second: str, position: float) -> None:
        """Brings the scene that is on between two presets: 0 is `first`, 1 is `second`. Raises UsageError."""
        self._may_wait("morph in another thread")
        self._result(self._presets.morph(first, second, position))

    @property
    def _presets(self) -> LivePresets:
        assert self._desk is not None  # it was there before the first image
        return self._desk.presets

    def step(self, count: int = 1) -> None:
        """Goes to the next cue of the set list, or scene where there is none; with -1 to the one before."""
        self._may_wait("step in another thread")
        assert self._desk is not None  # it was there before the first image
        self._result(self._desk.step(count))

    def go(self, scene: str) -> None:
        """Changes into another of its scenes, by the transition. Raises UsageError for an unknown name."""
        if scene not in self.scenes:
            raise unknown_name("scene of this show", scene, self.scenes)
        self._wanted = self.scenes.index(scene)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits for the end, at most `timeout_s` seconds; returns whether it has come. Raises what ended the show."""
        ended = self._thread.wait(timeout_s)
        if ended:
            atexit.unregister(self._end)
            self._thread.raise_error()
        return ended

    def stop(self) -> None:
        """Ends the show after the image that is being drawn, with every file finished. Raises what ended it before."""
        self._end()
        self.wait()

    def _end(self) -> None:
        self._thread.leave()
        self._thread.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        except Exception as ended:
            if error is None:
                raise
            log.error("the show had ended: %s", ended)  # what left the block is raised


def run(
    scene: AnyPath | Sequence[AnyPath] = (),
    *,
    outputs: str | Sequence[str],
    input: str = "camera",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    rotate: int = 0,
    on_demand: bool = False,
    sound: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    preset: str | None = None,
    effects: AnyPath | Iterable[AnyPath] = (),
    models: Mapping[str, AnyPath] | None = None,
    seed: int | None = None,
    flash_guard: bool | None = None,
    every_s: float | None = None,
    set_list: AnyPath | None = None,
    transition: str = "fade",
    transition_s: float = 1.0,
    overwrite: bool = False,
    record_take: AnyPath | None = None,
    seconds: float | None = None,
    sync: str | None = None,
    pace: str | None = None,
    quality: str = "auto",
    osc: str | None = None,
    tracks: str | None = None,
    vmc: str | None = None,
    midi: str | None = None,
    learn: str | Sequence[str] = (),
    panel: str | None = None,
) -> LiveShow:
    """A show of `scene`, or of several that follow one another, that runs by itself and is controlled while it runs.

    It has a thread and a graphics context of its own, and begins before this returns. `outputs` are what `--output`
    takes, but for a window, which only the main thread of a program may open. A `set_list` names its scenes itself.
    The other arguments are the options of `phosphene run`: `size` is (width, height), `parameters` maps addresses to
    values, `effects` are folders, `models` maps names to paths, `osc`, `tracks` and `vmc` are ports as texts. Without
    an end of its own it runs until `stop`.
    Raises PhospheneError where it cannot begin.
    """
    options = RunOptions().changed(
        scenes=scene,
        input=input,
        outputs=outputs,
        size=size,
        fps=fps,
        rotate=rotate,
        on_demand=on_demand,
        sound=sound,
        parameters=parameters,
        preset=preset,
        effects=effects,
        models=models,
        seed=seed,
        flash_guard=flash_guard,
        every_s=every_s,
        set_list=set_list,
        transition=transition,
        transition_s=transition_s,
        overwrite=overwrite,
        record_take=record_take,
        seconds=seconds,
        sync=sync,
        pace=pace,
        quality=quality,
        osc=osc,
        tracks=tracks,
        vmc=vmc,
        midi=midi,
        learn=learn,
        panel=panel,
    )
    if any(split_spec(spec)[0] == WINDOW for spec in options.output.specs):
        raise UsageError(
            "a window needs the main thread, and a show from Python runs in one of its own",
            hint="outputs='web' shows the images in a browser; `phosphene run` opens a window",
        )
    check_twice(options.output.specs)
    return LiveShow(with_set_list(options))
