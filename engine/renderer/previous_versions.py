"""What a saved effect takes over from the version before it, and the way back to that where the new one fails."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from types import CodeType
from typing import Any

import numpy as np

from ..effect.effect import Effect
from ..scene.scene import Scene
from .effect_runner import EffectRunner

OURS = ("size", "seed", "shapes", "media_sizes")


class PreviousVersions:
    """The versions before those that run, by address: an effect that compiles may still fail in its Python later."""

    def __init__(self) -> None:
        self._held: dict[str, EffectRunner] = {}

    def keep(self, address: str, old: EffectRunner, fresh: EffectRunner) -> None:
        """`fresh` runs in the place of `old` from now on, and goes on from its state."""
        self.drop(address)
        if fresh.effect is not old.effect:
            carry(old.effect, fresh.effect)
        fresh.inherit(old)
        old.close_media()
        self._held[address] = old

    def go_back(self, address: str, failed: EffectRunner, scene: Scene) -> EffectRunner | None:
        """The version before `failed`, in its place in the scene again and with its parameters; None where none is."""
        old = self._held.pop(address, None)
        if old is None:
            return None
        old.inherit(failed)
        layer_name, name = address.split("/", 1)
        for layer in scene.layers:
            if layer.name == layer_name and layer.effects.get(name) is failed.effect:
                layer.effects[name] = old.effect
        known = failed.effect.params()
        for param, described in old.effect.params().items():
            if old.effect is not failed.effect and type(known.get(param)) is type(described):
                setattr(old.effect, param, getattr(failed.effect, param))
        try:
            old.resize(failed.size, failed.pass_scale)
        except Exception:  # noqa: BLE001 (its own `prepare`: then there is no way back, and the new one's error is reported)
            old.release()
            return None
        return old

    def drop(self, address: str) -> None:
        """Forgets the version before."""
        if (old := self._held.pop(address, None)) is not None:
            old.release()

    def release(self) -> None:
        """Forgets all."""
        for address in list(self._held):
            self.drop(address)


def carry(old: Effect, fresh: Effect) -> None:
    """Gives `fresh`, which has been prepared, the attributes that `old` made for itself and has changed since.

    All or none: none where `prepare` or `__init__` were rewritten, or where something is of another kind now, since
    what they hold may then mean something else.
    """
    if any(
        meaning(getattr(type(old), hook)) != meaning(getattr(type(fresh), hook)) for hook in ("prepare", "__init__")
    ):
        return
    names = fresh.__dict__.keys() - fresh.params().keys() - {*OURS}
    if all(name in old.__dict__ and alike(old.__dict__[name], fresh.__dict__[name]) for name in names):
        fresh.__dict__.update({name: old.__dict__[name] for name in names})


def meaning(function: Callable[..., Any]) -> Any:
    """What a function does, wherever in its file it stands: its code, and the constants of its module that it names."""

    def of(code: CodeType) -> Any:
        consts = [of(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
        return code.co_code, code.co_names, consts

    code = getattr(function, "__code__", None)
    if code is None:
        return function
    named = {name: function.__globals__.get(name) for name in code.co_names}
    return of(code), {n: repr(v) for n, v in named.items() if isinstance(v, int | float | str | tuple)}


def alike(a: Any, b: Any) -> bool:
    """Whether two values are of one kind: arrays of one type whose rows have one shape; None may become anything."""
    if a is None or b is None or (isinstance(a, Number) and isinstance(b, Number)):
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.ndim == b.ndim and a.shape[1:] == b.shape[1:]
    return type(a) is type(b)
