"""Judges one effect file: compiles, draws, holds its promises, leaves nothing behind."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import PhospheneError
from ..core.frame import Pixels
from ..core.param_types import Media
from ..core.source_lines import location_of_error
from ..effect.effect import Effect
from ..effect.foreign import Foreign
from ..glsl.dialects import is_shader, kind_of
from ..glsl.locate import main_line
from ..renderer.gpu import Gpu
from ..renderer.probing import float_images
from ..renderer.renderer import Renderer
from ..scene.describe import describe_effect
from ..scene.load import load_file
from .exhibit import ADDRESS, Exhibit
from .looks import FLAT, describe_colour, extremes, far, is_flat
from .stage import Size, image, observation, write_image
from .verdict import Verdict

FRAMES = 5
LATER = 40


class Judge:
    """Judges files one after another with one GL context."""

    def __init__(self, gpu: Gpu, size: Size = (320, 180), preview: Path | None = None) -> None:
        self.gpu, self.size, self.preview = gpu, size, preview
        self.exhibit = Exhibit(gpu, size)

    def close(self) -> None:
        """Removes what was written for the tests."""
        self.exhibit.close()

    def judge(self, path: Path) -> Verdict:
        """The verdict on one file; whatever it does wrong stands in the verdict."""
        verdict = Verdict(str(path), size=self.size, kind="py" if path.suffix == ".py" else path.suffix[1:])
        before = self.gpu.live_objects
        try:
            self.load_and_draw(path, verdict)
        except PhospheneError as error:
            named = error.message.startswith(f"{path}:")  # a running effect's error names its line itself
            where = error.where or location_of_error(error, path, main_line(path))
            verdict.error = verdict.error or (error.message if named else f"{where}: {error.message}")
            verdict.hint = error.hint
        except (Exception, SystemExit) as error:  # noqa: BLE001 (an author's file may do anything)
            verdict.error = verdict.error or f"{location_of_error(error, path)}: {type(error).__name__}: {error}"
        verdict.leaks = self.gpu.live_objects - before
        if verdict.leaks and not verdict.error:
            verdict.error = f"{path}: {verdict.leaks} GL objects were not released"
        return verdict

    def load_and_draw(self, path: Path, verdict: Verdict) -> None:
        """Everything but the count of GL objects."""
        if not path.is_file():
            raise PhospheneError("no such file", where=str(path))
        if is_shader(path):
            verdict.kind = "isf" if path.suffix == ".fs" else verdict.kind
            verdict.kind = kind_of(path)
        entry = describe_effect(path, "user")
        if entry.problem:
            verdict.error, verdict.hint = entry.problem, entry.hint
            return
        kind = load_file(entry)
        if issubclass(kind, Foreign):
            verdict.role = kind.role
            verdict.notes += kind.warnings
        if not self.exhibit.compiles(kind, path, verdict):
            return
        shown = self.draws(kind, verdict)
        self.repeats(kind, shown, verdict)
        self.promises(kind, verdict)
        if issubclass(kind, Foreign) and kind.warnings and not verdict.error:
            verdict.error = kind.warnings[0]
        if self.preview is not None:
            target = self.preview / f"{entry.name}.png"
            write_image(target, preview(shown, self.size)[..., :3])
            verdict.preview = str(target)

    def draws(self, kind: type[Effect], verdict: Verdict) -> list[Pixels]:
        """Draws at the defaults and at the ends of every range; returns the images, those at the defaults first."""
        renderer = self.exhibit.stage(kind)
        try:
            shown, costs = [], []
            for number in range(FRAMES):
                observation(renderer.size, number, loud=False)  # made before the clock runs
                began = time.perf_counter()
                shown.append(self.exhibit.frame(renderer, number))
                costs.append(time.perf_counter() - began)
                self.finite(renderer, number, "", verdict)
            verdict.ms = round(1e3 * float(np.median(costs[1:])), 2)
            lively = not all(is_flat(p) for p in shown[:FRAMES])
            runner = renderer.effects.get(ADDRESS)
            if runner is not None and kind.update in (Effect.update, Foreign.update):
                names = [p for p in kind.params() if not isinstance(kind.params()[p], Media)]
                uniforms = {n: n for n in names}
                if issubclass(kind, Foreign):
                    uniforms = {g.params[0]: g.name for g in kind.inputs if g.params}
                idle = [u for u in uniforms.values() if not runner.uses(u)]
                verdict.unused = [p for p, u in uniforms.items() if u in idle and not sized_by(kind, u)]
            colours = {tuple(p[0, 0]) for p in shown}
            number = FRAMES
            for name, value in extremes(kind):
                effect = self.exhibit.effect(renderer)
                before = getattr(effect, name)
                effect.set(name, value)
                image_then = self.exhibit.frame(renderer, number)
                self.finite(renderer, number, f"with {name} = {kind.params()[name].format(value)}", verdict)
                lively = lively or not is_flat(image_then)
                shown.append(image_then)
                colours.add(tuple(image_then[0, 0]))
                effect.set(name, before)
                number += 1
        finally:
            renderer.release()
        if not lively:
            lively = self.wakes(kind, verdict)
        if not lively and len(colours) > 1:
            lively = True
            verdict.notes.append("draws one colour, which follows its parameters or the time")
        verdict.draws = lively
        if not lively and not verdict.error:
            verdict.error = (
                f"{main_line(Path(verdict.file))}: draws nothing but one colour, {describe_colour(shown[-1])}"
            )
        return shown

    def wakes(self, kind: type[Effect], verdict: Verdict) -> bool:
        """Whether an effect that draws one colour draws more with sound, with a cut-out, or with its events held."""
        ways = (("with sound", "none", True, FRAMES), ("on a cut-out", "person", False, FRAMES))
        for note, cut, loud, frames in (*ways, ("after some frames", "none", False, LATER)):
            renderer = self.exhibit.stage(kind, cut=cut)
            try:
                runner = renderer.effects.get(ADDRESS)
                if cut != "none" and not issubclass(kind, Foreign) and runner and "frame" not in runner.reads:
                    continue  # what is seen would be the cut-out alone
                for number in range(frames):
                    if not is_flat(self.exhibit.frame(renderer, number, loud=loud)):
                        verdict.notes.append(f"draws only {note}")
                        return True
            finally:
                renderer.release()
        return False

    def finite(self, renderer: Renderer, number: int, when: str, verdict: Verdict) -> None:
        """Notes NaN and infinities, once: at the defaults (`when` is empty), and anywhere else."""
        if not verdict.finite or (when and not verdict.finite_at_ends):
            return
        for values in float_images(renderer, ADDRESS, observation(renderer.size, number)):
            wrong = ~np.isfinite(values)
            if wrong.any():
                share = 100.0 * wrong.any(axis=2).mean()
                text = f"NaN or infinite {when or 'at its defaults'}: {share:.3g} % of the pixels"
                verdict.finite_at_ends = False
                if when:
                    verdict.notes.append(text)
                else:
                    verdict.finite = False
                    verdict.error = verdict.error or f"{main_line(Path(verdict.file))}: {text}"
                return

    def repeats(self, kind: type[Effect], shown: list[Pixels], verdict: Verdict) -> None:
        """A second run must give the same images."""
        renderer = self.exhibit.stage(kind)
        try:
            again = [self.exhibit.frame(renderer, number) for number in range(FRAMES)]
        finally:
            renderer.release()
        verdict.deterministic = all(np.array_equal(a, b) for a, b in zip(shown, again, strict=False))
        if not verdict.deterministic and not verdict.error:
            verdict.error = f"{main_line(Path(verdict.file))}: two runs over the same frames give different pictures"

    def promises(self, kind: type[Effect], verdict: Verdict) -> None:
        """Identity where it is declared; a transition begins with exactly the first image, ends with the second."""
        if not issubclass(kind, Foreign):
            return
        first, second = image(self.size), image(self.size, 1)
        cases: list[tuple[str, dict[str, Any], Pixels]] = []
        if kind.role == "transition":
            cases = [("progress 0", {"progress": 0.0}, first), ("progress 1", {"progress": 1.0}, second)]
        elif kind.identity and kind.role == "filter":
            cases = [("its identity", kind.identity, first)]
        for when, values, expected in cases:
            if not values.keys() <= kind.params().keys():
                continue
            renderer = self.exhibit.stage(kind)
            try:
                for name, value in values.items():
                    self.exhibit.effect(renderer).set(name, value)
                off = far(self.exhibit.frame(renderer, 0), expected)
            finally:
                renderer.release()
            verdict.identity = verdict.identity is not False and off <= 1
            if off > 1:
                verdict.notes.append(f"at {when} it differs from what it should show by {off} codes")


def sized_by(kind: type[Effect], uniform: str) -> bool:
    """Whether a size of a pass is worked out from an input, which then is in use though no shader reads it."""
    return any(uniform in getattr(step, "sized_by", ()) for step in kind.passes)


def preview(shown: list[Pixels], size: Size) -> Pixels:
    """The image for a preview: the last at the defaults, or the first that is neither one colour nor the input."""
    order = [shown[FRAMES - 1], *shown[FRAMES:]]
    number = {id(p): FRAMES - 1 + n for n, p in enumerate(order)}
    new = [p for p in order if not is_flat(p) and far(p, observation(size, number[id(p)]).frame.pixels) > FLAT]
    return (new or order)[0]


def quiet() -> None:
    """The renderer logs every failing effect; here the verdict says it."""
    logging.getLogger("phosphene").setLevel(logging.CRITICAL)
