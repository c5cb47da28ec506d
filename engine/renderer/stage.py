"""Draws what a playlist shows: a scene, or two on the way from one into the other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ..core.observation import Observation
from ..core.problem import Problem
from ..effect.effect import Effect
from ..scene.playlist import Playlist
from .flash_guard import FlashGuard
from .gpu import Gpu
from .problems import format_error
from .quality import Quality
from .renderer import Renderer
from .targets import Target
from .transition import Transition

log = logging.getLogger("phosphene")


class Stage:
    """One renderer a scene, all compiled before the show begins, and the transition between them.

    `transition` None cuts, and so does one that fails: it is named and not tried again. `named` are those that single
    changes ask for by name. Every scene is drawn by its own
    rules, so that one that hides the room shows its slate during a change, too, where it must. With several scenes the
    flash guard looks at what comes of them.
    """

    def __init__(
        self,
        gpu: Gpu,
        playlist: Playlist,
        size: tuple[int, int],
        seed: int = 0,
        transition: Effect | None = None,
        named: Mapping[str, Effect] | None = None,
    ) -> None:
        self.gpu, self.playlist = gpu, playlist
        self.renderers: list[Renderer] = []
        self._transitions: dict[str, Transition] = {}  # by name, the show's own under the empty one
        self._guard: FlashGuard | None = None
        self._lent: tuple[Renderer, Target] | None = None  # whose canvas holds the image, and its own one meanwhile
        self._before: tuple[int, ...] = ()
        several = len(playlist.scenes) > 1
        try:
            for scene in playlist.scenes:
                self.renderers.append(Renderer(gpu, scene, size, seed, guards=not several))
            if several:
                self._guard = FlashGuard(gpu)
                self._lent = self.renderers[0], Target(gpu, size)
                own = {} if transition is None else {"": transition}
                for name, effect in {**own, **(named or {})}.items():
                    self._transitions[name] = Transition(gpu, effect, size)
        except BaseException:
            self.release()
            raise

    @property
    def renderer(self) -> Renderer:
        """The one whose canvas holds the image: of the scene that is on, or during a change of the one that comes."""
        return self.renderers[self.playlist.shown[-1]]

    def set_quality(self, quality: Quality) -> None:
        """See Renderer.set_quality."""
        for renderer in self.renderers:
            renderer.set_quality(quality)

    def render(self, observation: Observation, dt: float) -> Renderer:
        """Draws the image; returns the renderer whose canvas it is in."""
        if self._lent is None or self._guard is None:
            self.renderers[0].render(observation, dt)
            return self.renderers[0]
        shown = self.playlist.shown
        last, own = self._lent
        image = last.swap_canvas(self._fitting(own, last.canvas.size))
        drawn = [self.renderers[number] for number in shown]
        for renderer in drawn:
            renderer.render(observation, dt)
        guarded = any(renderer.scene.flash_guard for renderer in drawn)
        image = self._guard.begin(image)
        if len(drawn) == 1 or not self._mix(drawn[0], drawn[1], image, observation.frame.time_s):
            # every canvas is drawn anew in every frame, so that changing hands is all it takes
            image = drawn[-1].swap_canvas(image)
        # Not even the flash guard may bring back what a private scene has just replaced.
        fresh = shown != self._before and drawn[-1].scene.hides_room()
        whole = not guarded or fresh or any(renderer.closed for renderer in drawn)
        image = self._guard.end(image, observation.frame.time_s, whole=whole)
        self._lent = drawn[-1], drawn[-1].swap_canvas(image)
        self._before = shown
        return drawn[-1]

    def prepare_next(self, upcoming: Observation | None) -> None:
        """Makes ready the frame that comes next, its matte first of all, while the GPU draws this one; None where it is
        not known yet. Changes no image: a frame that was not prepared is made in its turn."""
        if upcoming is None:
            return
        self.gpu.flush()
        for number in self.playlist.shown:
            self.renderers[number].prepare_next(upcoming)

    def _fitting(self, target: Target, size: tuple[int, int]) -> Target:
        if target.size == size:
            return target
        target.release()
        return Target(self.gpu, size)

    def _mix(self, goes: Renderer, comes: Renderer, into: Target, time_s: float) -> bool:
        """Draws what lies between two scenes; returns whether it did."""
        name = self.playlist.transition
        transition = self._transitions.get(name)
        if transition is None:
            return False
        try:
            if transition.size != into.size:
                transition.resize(into.size)
            if self._before != self.playlist.shown:
                transition.begin()
            progress = self.playlist.progress
            transition.draw(goes.canvas.texture, comes.canvas.texture, progress, into.framebuffer, time_s)
        except Exception as error:  # noqa: BLE001 (whatever an author's transition does: the show goes on with a cut)
            self.gpu.check()
            log.error("transition switched off: %s", format_error(error))
            self._transitions.pop(name).release()
            return False
        return True

    @property
    def transition_files(self) -> set[Path]:
        """The shader files that the transition is made of."""
        return self._transitions[""].files if "" in self._transitions else set()

    def replace_transition(self, effect: Effect) -> None:
        """Changes scenes by `effect` from now on. Raises UsageError and ShaderError; then the last one goes on."""
        fresh = Transition(self.gpu, effect, self.renderer.size)
        if "" in self._transitions:
            self._transitions[""].release()
        self._transitions[""] = fresh

    def report(self, address: str, error: BaseException) -> None:
        """Shows a problem in the image, whichever scene is on, and in the log, until it is cleared."""
        problem = Problem.of(address, error)
        news = [renderer.add_problem(problem) for renderer in self.renderers]
        if any(news):
            log.error("%s: %s", address, problem)

    def clear(self, address: str) -> None:
        """The problem at `address` is gone, whichever scene is on."""
        for renderer in self.renderers:
            renderer.clear(address)

    @property
    def problems(self) -> dict[str, Problem]:
        """What is wrong in any of the scenes, by address."""
        return {address: problem for renderer in self.renderers for address, problem in renderer.problems.items()}

    def release(self) -> None:
        """Gives back every GL object."""
        for transition in self._transitions.values():
            transition.release()
        if self._guard is not None:
            self._guard.release()
        if self._lent is not None:
            self._lent[1].release()
        for renderer in self.renderers:
            renderer.release()
        self._transitions, self._guard, self._lent = {}, None, None
