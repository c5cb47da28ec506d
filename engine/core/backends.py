"""Backends by name: what a user may type, and the one way in which the code behind it is imported, when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from .errors import UsageError, unknown_name


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend: its `name`, `doc` in a line, and its `target` ("module:attribute"), a class or a function."""

    name: str
    doc: str
    target: str

    def load(self) -> Any:
        """What the target names; its module is imported now."""
        return load(self.target)


B = TypeVar("B", bound=Backend)


class Backends(dict[str, B]):
    """The backends of one kind by name, in the order in which they are listed; `kind` is what messages call one."""

    def __init__(self, kind: str, backends: Iterable[B]) -> None:
        super().__init__({backend.name: backend for backend in backends})
        self.kind = kind

    def find(self, name: str) -> B:
        """The backend called `name`. Raises UsageError, which suggests the nearest name."""
        if name not in self:
            raise self.unknown(name)
        return self[name]

    def unknown(self, name: str, others: Iterable[str] = ()) -> UsageError:
        """The error for a name that is neither in the table nor among the `others`, with the nearest ones."""
        return unknown_name(self.kind, name, [*self, *others])


def load(target: str) -> Any:
    """What "module:attribute" names; the module is imported now."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
