"""Puts one effect alone on a stage: a scene with nothing else, whose frames can be looked at and timed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import PhospheneError
from ..core.frame import Pixels
from ..core.param_types import Media
from ..core.places import user_folders
from ..effect.effect import Effect
from ..effect.foreign import Foreign
from ..glsl.locate import loop_line
from ..renderer.effect_runner import EffectRunner
from ..renderer.gpu import Gpu
from ..renderer.problems import format_error
from ..renderer.renderer import Renderer
from ..scene.describe import describe_effect
from ..scene.layer import Layer
from ..scene.load import load_file
from ..scene.registry import Registry
from ..scene.scene import Scene
from .stage import STEP_S, Size, image, observation, write_image
from .verdict import Verdict

ADDRESS = "camera/it"
HALFWAY = 0.4
SMALL, LARGER, FULL = (32, 18), (128, 72), 1280 * 720
TOO_SLOW_S = 10.0  # for a frame at 1280×720


class Exhibit:
    """Shows effects, one after another, alone on the camera, in images of `size`."""

    def __init__(self, gpu: Gpu, size: Size) -> None:
        self.gpu, self.size = gpu, size
        self._folder = tempfile.TemporaryDirectory(prefix="phosphene-check-")
        self._second = Path(self._folder.name) / "second.png"
        write_image(self._second, image(size, 1))

    def close(self) -> None:
        """Removes what was written for the tests."""
        self._folder.cleanup()

    def trial(self, use: str, file: str, folders: list[str], values: dict[str, str]) -> str:
        """Whether an effect by its name, or the one in `file`, must not join a show: what ends it, or nothing.

        What else is wrong with it is nothing to this: the show itself will say that, in its place.
        """
        verdict = Verdict(file)
        try:
            registry = Registry([Path(folder) for folder in folders])
            kind = registry.effect(use) if use else load_file(describe_effect(Path(file), "user"))
            self.compiles(kind, Path(file), verdict, values)
        except (Exception, SystemExit):  # noqa: BLE001 (the show reports it)
            return ""
        return verdict.error

    def load(self, use: str, folders: list[str]) -> str:
        """What is wrong with the effect called `use`, so that it cannot be loaded or compiled; nothing is drawn."""
        effect: Effect | None = None
        try:
            effect = Registry([*map(Path, folders), *user_folders("effects")]).effect(use)()
            EffectRunner(self.gpu, effect, SMALL).release()
        except PhospheneError as error:
            return f"{error.where}: {error.message}" if error.where else error.message
        except (Exception, SystemExit) as error:  # noqa: BLE001 (an author's file may do anything)
            return format_error(error, effect)
        return ""

    def stage(
        self,
        kind: type[Effect],
        size: Size | None = None,
        *,
        cut: str = "none",
        values: Mapping[str, str] | None = None,
    ) -> Renderer:
        """A renderer with a scene of this effect alone, with images where it asks for some.

        `values` of parameters, as they are typed, take the place of their defaults.
        """
        effect = kind()
        for name, text in (values or {}).items():
            if name in kind.params():
                effect.set(name, kind.params()[name].parse(text))
        for name, param in kind.params().items():
            if isinstance(param, Media) and issubclass(kind, Foreign):
                effect.set(name, str(self._second))
        if issubclass(kind, Foreign) and kind.role == "transition" and "progress" in kind.params():
            effect.set("progress", HALFWAY)  # at its default of 0 a transition shows nothing of itself
        held = Layer("camera")
        held.set("cut", cut)
        held.effects["it"] = effect
        return Renderer(self.gpu, Scene("check", "check", layers=[held]), size or self.size)

    def effect(self, renderer: Renderer) -> Effect:
        """The effect on stage."""
        return renderer.scene.layers[0].effects["it"]

    def frame(self, renderer: Renderer, number: int, *, loud: bool = False) -> Pixels:
        """The image of frame `number`. Raises PhospheneError where the effect failed."""
        renderer.render(observation(renderer.size, number, loud=loud), STEP_S if number else 0.0)
        self.look(renderer)
        return renderer.read()

    @staticmethod
    def look(renderer: Renderer) -> None:
        """Raises PhospheneError where the effect has failed."""
        if renderer.problems:
            raise PhospheneError(str(next(iter(renderer.problems.values()))))

    def compiles(
        self, kind: type[Effect], path: Path, verdict: Verdict, values: Mapping[str, str] | None = None
    ) -> bool:
        """Compiles it and draws small images: what is too slow here would be an endless wait at full size."""
        EffectRunner(self.gpu, kind(), SMALL).release()  # raises with the author's line
        took_s = self.full_frame_s(kind, SMALL, values)
        verdict.compiles = True
        if took_s > TOO_SLOW_S:
            # Of a tiny image most is what every draw costs, and the machine may be busy: a larger one decides.
            took_s = self.full_frame_s(kind, LARGER, values)
        if took_s > TOO_SLOW_S:
            verdict.error = f"{loop_line(path)}: a frame at 1280×720 would take {took_s:.0f} s: a loop without an end?"
        return not verdict.error

    def full_frame_s(self, kind: type[Effect], size: Size, values: Mapping[str, str] | None = None) -> float:
        """Seconds of computing for a frame at 1280×720, by one of `size`, as it is after the first, which compiles.

        Counted as this process's own time where a processor draws, so that what else runs on the machine counts little.
        """
        clock = time.process_time if self.gpu.software else time.perf_counter
        renderer = self.stage(kind, size, values=values)
        try:
            self.look(renderer)
            self.frame(renderer, 0)
            took = []
            for number in (1, 2):
                began = clock()
                self.frame(renderer, number)
                took.append(clock() - began)
                if took[-1] * FULL < TOO_SLOW_S * size[0] * size[1]:
                    break
        finally:
            renderer.release()
        return min(took) * FULL / (size[0] * size[1])
