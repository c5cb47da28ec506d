"""Phosphene's public API: what an effect and a script may import. Promises hold here alone."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.api import *  # noqa: F403

_HERE = Path(__file__).resolve().parent
if not (_HERE / "engine").is_dir():  # a checkout: engine/ and effects/ lie beside this folder; in a wheel, within it
    __path__.append(str(_HERE.parent))  # noqa: F405


@cache
def _homes() -> dict[str, tuple[str, str]]:
    """Where each public name comes from: its module, and its name there.

    The list is the imports of engine/api.py, which are read here and run by nobody but type checkers: who wants an
    Effect loads no show (PEP 562; scientific Python's lazy_loader reads stubs likewise).
    """
    import ast

    source = Path(importlib.import_module(".engine", __name__).__path__[0], "api.py").read_bytes()
    return {
        alias.asname or alias.name: (f".engine.{node.module}", alias.name)
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def __getattr__(name: str) -> Any:
    """Loads a public name with its first use: `phosphene list` and `--help` need none."""
    if name == "__all__":
        return sorted(_homes())
    if name in _homes():
        module, there = _homes()[name]
        value = globals()[name] = getattr(importlib.import_module(module, __name__), there)
        return value
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    """The public names."""
    return sorted(_homes())
