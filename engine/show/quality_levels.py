"""The steps by which the governor gives up quality, least loss first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..core.errors import unknown_name
from ..renderer.quality import FULL, Quality

if TYPE_CHECKING:
    from ..scene.scene import Scene


Stage = Literal["draw", "trackers"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is given up: `key` is what is typed, `words` what is shown, `relieves` who has less to do."""

    key: str
    words: str
    relieves: Stage
    pass_scale: float = 1.0
    picture_scale: float = 1.0
    draft_matte: bool = False
    every: int = 1


# Least loss first. Scaled passes are blurs, glows and backgrounds, where half the points are hardly missed; a picture
# at 75 % is softer; a resting tracker lets what hangs on it go astray in quick turns; a draft matte loses the hair.
LEVELS: tuple[Step, ...] = (
    Step("passes-70", "passes at 70 %", "draw", pass_scale=0.7),
    Step("passes-50", "passes at 50 %", "draw", pass_scale=0.5),
    Step("picture-75", "picture at 75 %", "draw", picture_scale=0.75),
    Step("trackers-2", "trackers every 2nd frame", "trackers", every=2),
    Step("matte-draft", "draft matte", "draw", draft_matte=True),
    Step("picture-50", "picture at 50 %", "draw", picture_scale=0.5),
    Step("trackers-3", "trackers every 3rd frame", "trackers", every=3),
)
KEYS = tuple(step.key for step in LEVELS)


def quality_of(steps: Iterable[Step]) -> Quality:
    """The quality that is left when these steps were taken."""
    quality = FULL
    for step in steps:
        quality = replace(
            quality,
            pass_scale=min(quality.pass_scale, step.pass_scale),
            picture_scale=min(quality.picture_scale, step.picture_scale),
            draft_matte=quality.draft_matte or step.draft_matte,
            every=max(quality.every, step.every),
        )
    return quality


def steps_of(keys: str) -> tuple[Step, ...]:
    """The steps in a text such as `passes-70 picture-75`. Raises UsageError for one that does not exist."""
    by_key = {step.key: step for step in LEVELS}
    found = []
    for key in keys.split():
        if key not in by_key:
            raise unknown_name("quality step", key, KEYS)
        found.append(by_key[key])
    return tuple(found)


def down_to(key: str) -> tuple[Step, ...]:
    """The steps down to the one called `key`, itself included. Raises UsageError."""
    if key not in KEYS:
        raise unknown_name("quality", key, ("auto", "fixed", *KEYS))
    return LEVELS[: KEYS.index(key) + 1]


def levels_for(scene: Scene) -> tuple[Step, ...]:
    """The steps that change anything in `scene`."""
    from ..effect.effect import passes_of

    effects = [effect for layer in scene.layers for effect in layer.effects.values()]
    scaled = any(s.target and s.reduced for e in effects for s in passes_of(type(e)))
    needs = scene.needs()
    useful = []
    for step in LEVELS:
        idle = (
            (step.pass_scale < 1.0 and not scaled)
            or (step.every > 1 and not needs)
            or (step.draft_matte and "person" not in needs)
        )
        if not idle:
            useful.append(step)
    return tuple(useful)
