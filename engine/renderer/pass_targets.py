"""The render targets that an effect's passes draw into, and the effect's own last image where it reads that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..effect.effect import Effect, Pass
from .gpu import Gpu
from .program import Program
from .targets import Target

Size = tuple[int, int]


class PassTargets(Mapping[str, Target]):
    """The targets of one effect by name, each as its pass describes it. `past` is the effect's own last image."""

    def __init__(self, gpu: Gpu, effect: Effect, steps: Sequence[Pass]) -> None:
        self.gpu = gpu
        self.past: Target | None = None
        self._effect, self._steps = effect, steps
        self._targets: dict[str, Target] = {}

    def fit(self, size: Size, pass_scale: float, *, keeps_past: bool) -> None:
        """Makes the targets for images of `size` and reduced passes at `pass_scale`; those there are keep what they
        hold. With `keeps_past` the effect's own last image is kept, too."""
        fitted: set[str] = set()
        for step in self._steps:
            if (name := step.own_target) is not None and name not in fitted:
                fitted.add(name)
                self._fit(name, step, size, pass_scale)
        if keeps_past and (self.past is None or self.past.size != size):
            self.past = resized(self.past, Target(self.gpu, size, double=True))

    def follow_parameters(self, size: Size, pass_scale: float) -> None:
        """Fits the targets whose size depends on parameters."""
        for step in self._steps:
            if step.target and step.size_follows_parameters:
                self._fit(step.target, step, size, pass_scale)

    def _fit(self, name: str, step: Pass, size: Size, pass_scale: float) -> None:
        spec, held = step.target_spec(self._effect, size, pass_scale), self._targets.get(name)
        if held is None or held.spec != spec:
            self._targets[name] = resized(held, Target.of(self.gpu, spec))

    def clear(self) -> None:
        """Empties every image that was kept."""
        for target in self._all():
            target.clear()

    def adopt(self, old: PassTargets) -> None:
        """Exchanges with `old` every target that is alike, and the last image: what was kept goes on here."""
        for name, target in self._targets.items():
            kept = old._targets.get(name)
            if kept is not None and target.like(kept):
                self._targets[name], old._targets[name] = kept, target
        if self.past is not None and old.past is not None:
            self.past, old.past = old.past, self.past

    def bind(self, program: Program) -> None:
        """Binds what was drawn last into each, for the passes that read it."""
        for name, target in self._targets.items():
            program.texture(f"_target_{name}", target.texture)
        if self.past is not None:
            program.texture("_past", self.past.texture)

    def __getitem__(self, name: str) -> Target:
        return self._targets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    def _all(self) -> list[Target]:
        return [*self._targets.values(), *([] if self.past is None else [self.past])]

    def release(self) -> None:
        """Gives back every GL object."""
        for target in self._all():
            target.release()
        self._targets.clear()
        self.past = None


def resized(old: Target | None, new: Target) -> Target:
    """`new`, with what `old` held, which is released."""
    if old is not None:
        new.blit(old)
        old.release()
    return new
