"""Scenes: layers bottom to top, each with a source, a cut-out and effects; one address for every parameter."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import UsageError, unknown_name
from ..core.param_types import Bool, Float, Int
from ..core.params import Param, Parametrized
from ..core.problem import Problem
from ..effect.effect import Effect
from ..matte.matte import DETAIL
from .binding import Binding
from .layer import SOUND, Layer
from .signals import tracker_of

log = logging.getLogger("phosphene")


@dataclass(slots=True)
class Scene:
    """What is drawn. `trackers`: parameters by tracker; `bindings`: signal by parameter address; `private`: the scene
    hides the room, so that a slate is shown where that cannot be done (None: found from the layers); `flash_guard`
    keeps flashes under three a second. `saved` is its `state` as its file says; empty where it has no file."""

    name: str
    title: str = ""
    doc: str = ""
    layers: list[Layer] = field(default_factory=list)
    trackers: dict[str, dict[str, Any]] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    sync: str = "frame"
    private: bool | None = None
    flash_guard: bool = True
    path: Path | None = None
    listeners: list[Callable[[str, Any], None]] = field(default_factory=list)  # told what `set` and `bind` did
    refused: dict[type[Effect], str] = field(default_factory=dict)  # effects that must not be drawn, and why
    guards: list[Callable[[Param[Any], Any], None]] = field(default_factory=list)  # may raise UsageError before `set`
    saved: dict[str, Any] = field(default_factory=dict)

    def owners(self) -> Iterator[tuple[str, Parametrized]]:
        """Everything that has parameters, with the address before the parameter's name."""
        for layer in self.layers:
            yield f"{layer.name}/", layer
            if layer.cut != "none" or "person" in layer.needs():
                yield f"{layer.name}/matte.", layer.matte
            for name, effect in layer.effects.items():
                yield f"{layer.name}/{name}.", effect

    def reports(self, problems: dict[str, Problem]) -> dict[str, dict[str, Any]]:
        """What the effects have found, by `layer/effect`; those that find nothing are left out.

        Whoever has failed, and is therefore among `problems`, is not asked; whose `report` fails joins them.
        """
        found = {}
        for address, effect in [(f"{layer.name}/{n}", e) for layer in self.layers for n, e in layer.effects.items()]:
            if address in problems:
                continue
            try:
                report = dict(effect.report())
            except Exception as error:  # code of others: the pictures are made, and what the rest found is still told
                problem = problems[address] = Problem(address, f"report() fails: {type(error).__name__}: {error}")
                log.error("effect %s: %s", address, problem, exc_info=error)
                continue
            if report:
                found[address] = report
        return found

    def addresses(self) -> dict[str, tuple[Parametrized, Param[Any]]]:
        """Every parameter of the scene by its address."""
        return {
            f"{prefix}{name}": (owner, param)
            for prefix, owner in self.owners()
            for name, param in owner.params().items()
        }

    def state(self) -> dict[str, Any]:
        """The value of every parameter by its address, or the Binding that it follows."""
        return {
            address: self.bindings.get(address) or getattr(owner, param.name)
            for address, (owner, param) in self.addresses().items()
        }

    def find(self, address: str) -> tuple[str, Parametrized, Param[Any]]:
        """The parameter at `address`, which may be shortened (`amount`, `duotone.amount`) where only one fits.

        Raises UsageError where none or several fit.
        """
        known = self.addresses()
        if address in known:
            return address, *known[address]
        fits = [a for a in known if a.endswith((f"/{address}", f".{address}"))]
        if len(fits) == 1:
            return fits[0], *known[fits[0]]
        if fits:
            raise UsageError(f"'{address}' matches several parameters", hint="choose one: " + ", ".join(fits))
        short = {a.rsplit(".", 1)[-1].rsplit("/", 1)[-1] for a in known}
        raise unknown_name("parameter", address, {*known, *(short if "/" not in address else ())}, where=self.name)

    def knows(self, address: str) -> bool:
        """Whether `address`, in full or shortened, names a parameter of this scene, or several."""
        return any(a == address or a.endswith((f"/{address}", f".{address}")) for a in self.addresses())

    def check(self, address: str, value: Any) -> tuple[str, Any]:
        """The full address of a parameter, and `value` as it would hold it; sets nothing. Raises UsageError."""
        full, _, param = self.find(address)
        try:
            checked = param.check(param.parse(value) if isinstance(value, str) else value)
            for ask in self.guards:
                ask(param, checked)
        except UsageError as error:
            raise UsageError(f"{full}: {error.message}", hint=error.hint) from None
        return full, checked

    def set(self, address: str, value: Any) -> str:
        """Sets one parameter and unbinds it from its signal; returns the full address. Raises UsageError."""
        full, checked = self.check(address, value)
        _, owner, param = self.find(full)
        owner.set(param.name, checked)
        self.bindings.pop(full, None)
        for listener in self.listeners:
            listener(full, getattr(owner, param.name))
        return full

    def get(self, address: str) -> Any:
        """The value of one parameter."""
        _, owner, param = self.find(address)
        return getattr(owner, param.name)

    def check_binding(self, address: str) -> str:
        """The full address of a parameter that may follow a signal. Raises UsageError where it is no number."""
        full, _, param = self.find(address)
        if not hasattr(param, "clamp"):
            raise UsageError(f"{full} is a {param.kind}: only numbers and switches can follow a signal")
        return full

    def bind(self, address: str, binding: Binding) -> None:
        """Lets a signal drive a parameter; raises UsageError where the parameter is no number."""
        full = self.check_binding(address)
        self.bindings[full] = binding
        for listener in self.listeners:
            listener(full, binding)

    def apply(self, signals: Mapping[str, float], dt: float) -> None:
        """Lets every bound parameter follow its signal."""
        if not self.bindings:
            return
        known = self.addresses()
        for address, binding in self.bindings.items():
            owner, param = known.get(address, (None, None))  # a matte is gone when nothing is cut out any more
            if owner is not None and isinstance(param, Float | Int | Bool):
                setattr(owner, param.name, param.clamp(binding.value(signals, dt)))

    def tracker_params(self, name: str) -> dict[str, Any]:
        """The parameters of one tracker: what the scene says, and what its cut-outs ask for."""
        asked: dict[str, Any] = {}
        if name == "pose" and any(layer.matte.who != "all" for layer in self.layers):
            asked["masks"] = True
        cut = [layer for layer in self.layers if "person" in layer.needs()]
        if name == "person" and any(DETAIL[layer.matte.quality] == "fine" for layer in cut):
            asked["detail"] = "fine"
        return {**asked, **self.trackers.get(name, {})}

    def needs(self) -> frozenset[str]:
        """The trackers that the scene needs now."""
        found: set[str] = set()
        for layer in self.layers:
            if layer.drawn:
                found |= layer.needs()
        for binding in self.bindings.values():
            if tracker := tracker_of(binding.source):
                found.add(tracker)
        return frozenset(found)

    def uses_audio(self) -> bool:
        """Whether anything in the scene follows sound."""
        if any(binding.source.startswith("audio.") for binding in self.bindings.values()):
            return True
        return any(SOUND in e.wants() for layer in self.layers if layer.drawn for e in layer.effects.values())

    def hides_room(self) -> bool:
        """Whether the room must not be seen: what the scene says, else whether it shows no camera layer uncut."""
        if self.private is not None:
            return self.private
        shown = [layer for layer in self.layers if layer.drawn and layer.source == "camera"]
        return bool(shown) and all(layer.cut == "person" for layer in shown)
