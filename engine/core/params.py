"""Parameters: default, range, unit and doc, declared once as class attributes, read and set as plain attributes.

A parameter checks whatever it is given, from Python, TOML, the command line or a signal, and says what it expected.
The kinds are in param_types.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeVar

from .descriptor import Descriptor
from .errors import UsageError, unknown_name

T = TypeVar("T")


class Param(Descriptor[T]):
    """One declared parameter. Reading it on an instance gives the value; on the class, this declaration."""

    kind = "value"
    gl_type: str | None = None

    def __init__(self, default: T, doc: str = "", *, unit: str = "") -> None:
        self.doc = doc
        self.unit = unit
        self.default: T = self.check(default)

    def unset(self) -> T:
        """The default."""
        return self.default

    def __set__(self, instance: object, value: Any) -> None:
        self.store(instance, self.check(value))

    def check(self, value: Any) -> T:
        """The value as this parameter holds it; raises UsageError where it does not fit."""
        raise NotImplementedError

    def parse(self, text: str) -> T:
        """The value written in `text` on a command line; raises UsageError where it does not fit."""
        return self.check(text)

    def range_text(self) -> str:
        """The accepted values, for people."""
        return ""

    def format(self, value: T) -> str:
        """`value` as a person would type it."""
        return str(value)

    @property
    def declaration(self) -> str:
        """The GLSL that declares it; empty where shaders cannot read it."""
        return f"uniform {self.gl_type} {self.name};" if self.gl_type else ""

    def uniform_value(self, value: T) -> Any:
        """`value` as GLSL holds it."""
        return value

    def uniforms(self, value: T) -> dict[str, Any]:
        """Its uniforms by name, where it has `value`."""
        return {self.name: self.uniform_value(value)} if self.gl_type else {}

    def refuse(self, value: Any, expected: str) -> UsageError:
        """The error for a value that does not fit."""
        return UsageError(f"{self.name or 'parameter'} cannot be {shown(value)}: expected {expected}")


def plain(value: Any) -> Any:
    """A path as text, and a number of numpy's as one of Python's; anything else as it is."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    scalar = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if scalar else value


def shown(value: Any) -> str:
    """`value` for a message: as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write whole numbers of thousands of digits
        return "a number that long"
    return text if len(text) <= 80 else f"{text[:79]}…"


def finite(values: Sequence[Any]) -> list[float] | None:
    """`values` as numbers, or None where one of them is none (a switch is no number)."""
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not abs(v) < 1e300 for v in values):
        return None
    return [float(v) for v in values]


class Parametrized:
    """Anything with declared parameters: effects, trackers, mattes."""

    @classmethod
    def params(cls) -> dict[str, Param[Any]]:
        """The declared parameters by name, base classes first."""
        found: dict[str, Param[Any]] = {}
        for klass in reversed(cls.__mro__):
            for name, value in vars(klass).items():
                if isinstance(value, Param):
                    found[name] = value
        return found

    def set(self, name: str, value: Any) -> None:
        """Sets one parameter; raises UsageError for an unknown name or a value that does not fit."""
        params = self.params()
        if name not in params:
            raise unknown_name("parameter", name, params)
        setattr(self, name, value)
