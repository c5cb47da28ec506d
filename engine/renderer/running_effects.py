"""The effects of a scene that run: compiled, replaced when they are saved, switched off where they fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import EffectRefused, PhospheneError
from ..core.observation import Observation
from ..effect.effect import Effect
from ..scene.layer import Layer
from ..scene.scene import Scene
from .effect_runner import EffectRunner
from .gpu import Gpu
from .previous_versions import PreviousVersions
from .problems import Problems, problem_of

log = logging.getLogger("phosphene")


class RunningEffects:
    """The effects of `scene` that run, each by its address (`layer/effect`), in images of `size`.

    Whatever an effect does wrong is kept among `problems`, and the show goes on: with the version before it was saved,
    where there is one, else without it.
    """

    def __init__(self, gpu: Gpu, scene: Scene, size: tuple[int, int], seed: int, problems: Problems) -> None:
        self.gpu, self.scene = gpu, scene
        self._size, self._pass_scale, self._seed = size, 1.0, seed
        self._problems = problems
        self._time_s = 0.0  # of the frame that is drawn
        self._runners: dict[str, EffectRunner] = {}
        self._previous = PreviousVersions()

    def __getitem__(self, address: str) -> EffectRunner:
        return self._runners[address]

    def __contains__(self, address: str) -> bool:
        return address in self._runners

    def get(self, address: str) -> EffectRunner | None:
        """What draws the effect at `address`; None where it does not run."""
        return self._runners.get(address)

    def items(self) -> list[tuple[str, EffectRunner]]:
        """Every address with what draws its effect."""
        return list(self._runners.items())

    def of(self, layer: Layer) -> list[EffectRunner]:
        """The layer's effects that run, in order."""
        return [r for n in layer.effects if (r := self._runners.get(f"{layer.name}/{n}"))]

    def reads(self, layer: Layer) -> frozenset[str]:
        """What the shaders of the layer's effects read (see glsl.prelude.FEATURES)."""
        return frozenset(feature for runner in self.of(layer) for feature in runner.reads)

    def broken(self) -> str:
        """The address of the first effect of a drawn layer that does not run, or nothing.

        A problem with a version that came later leaves the last good one running, which is not broken.
        """
        wanted = (f"{layer.name}/{name}" for layer in self.scene.layers if layer.drawn for name in layer.effects)
        return next((address for address in wanted if address not in self._runners), "")

    def files(self, address: str) -> set[Path]:
        """The shader files of the effect at `address`."""
        return self._runners[address].files if address in self._runners else set()

    def match_scene(self) -> None:
        """Makes ready every effect of the scene that is new and lets go of those that are gone."""
        wanted = {f"{layer.name}/{n}": e for layer in self.scene.layers for n, e in layer.effects.items()}
        for address in [a for a, r in self._runners.items() if wanted.get(a) is not r.effect]:
            self._runners.pop(address).release()
            self._previous.drop(address)
        self._problems.clear_effects()
        for address, effect in wanted.items():
            if address not in self._runners:
                effect.set_surroundings(seed=self._seed)
                self._start(address, effect)

    def _start(self, address: str, effect: Effect) -> None:
        try:
            if why := self.scene.refused.get(type(effect)):
                raise EffectRefused(why)
            self._runners[address] = EffectRunner(self.gpu, effect, self._size, pass_scale=self._pass_scale)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever an effect does wrong: it is named and the show goes on)
            self.fail(address, error, effect)

    def resize(self, size: tuple[int, int], pass_scale: float) -> None:
        """Draws images of another size from now on, and reduced passes at `pass_scale` of what they ask for."""
        self._size, self._pass_scale = size, pass_scale
        for address, runner in self.items():
            try:
                runner.resize(size, pass_scale)
            except Exception as error:  # noqa: BLE001 (an effect's own `prepare`: it is named and the show goes on)
                self.fail(address, error)

    def replace(self, address: str, effect: Effect) -> bool:
        """Puts a new version of an effect, or of its shaders, in the place of the old; the old one goes on, and the
        problem is reported, where the new one does not compile. Returns whether it was replaced."""
        old = self._runners.get(address)
        same = old is not None and old.effect is effect
        try:
            fresh = EffectRunner(self.gpu, effect, self._size, prepare=not same, pass_scale=self._pass_scale)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever an author's file does: the last one goes on)
            self.report(address, error, effect)
            return False
        if old is not None:
            self._previous.keep(address, old, fresh)
        self._runners[address] = fresh
        self._problems.clear(address)
        return True

    def update(self, observation: Observation, dt: float, costs: dict[str, float] | None = None) -> None:
        """Runs the effects' own hooks for the frame that is drawn next; adds seconds by address to `costs`."""
        self._time_s = observation.frame.time_s
        for layer in self.scene.layers:
            for name, effect in layer.effects.items():
                address = f"{layer.name}/{name}"
                if not layer.drawn or (runner := self._runners.get(address)) is None:
                    continue
                begin = time.perf_counter()
                try:
                    with runner.watched():
                        runner.begin(observation.frame.time_s, observation.audio)
                        effect.update(observation, dt)
                        runner.ready()
                    if costs is not None:
                        costs[address] = time.perf_counter() - begin
                except (Exception, SystemExit) as error:  # noqa: BLE001 (an author's mistake must not stop the show)
                    self.fail(address, error)

    def report(self, address: str, error: BaseException, effect: Effect | None = None) -> None:
        """Keeps a problem, until it is cleared, and logs one that is news."""
        problem = problem_of(address, error, effect, self._time_s)
        if self._problems.report(problem):
            log.error("%s: %s", address, problem)

    def fail(self, address: str, error: BaseException, effect: Effect | None = None) -> None:
        """Switches an effect off, or goes back to the version before it was saved, and says why, once."""
        self.gpu.check()  # without a context everything fails, and nothing is to blame
        runner, previous = self._runners.pop(address, None), None
        if runner is not None:
            effect = runner.effect
            if previous := self._previous.go_back(address, runner, self.scene):
                self._runners[address] = previous
            runner.release()
        problem = problem_of(address, error, effect, self._time_s)
        self._problems.report(problem)
        trace = None if isinstance(error, PhospheneError) else error
        what = "fails, the version before goes on" if previous else "switched off"
        log.error("effect %s %s: %s", address, what, problem, exc_info=trace)

    def fail_runner(self, runner: EffectRunner, error: Exception) -> bool:
        """See `fail`; whether `runner` draws an effect of the scene, rather than one of the renderer's own."""
        address = next((a for a, r in self._runners.items() if r is runner), None)
        if address is not None:
            self.fail(address, error)
        return address is not None

    def switch_off(self, address: str, why: str) -> None:
        """Switches a running effect off and says why."""
        if address in self._runners:
            self.fail(address, EffectRefused(why))

    def add_costs(self, costs: dict[str, float], drawn: Mapping[EffectRunner, float]) -> None:
        """Adds the seconds that drawing took, by what drew, to `costs`, by address."""
        for address, runner in self._runners.items():
            costs[address] = costs.get(address, 0.0) + drawn.get(runner, 0.0)

    def release(self) -> None:
        """Gives back every GL object."""
        for runner in self._runners.values():
            runner.release()
        self._runners.clear()
        self._previous.release()
