"""Phosphene's public API: what an effect and a script may import. Promises hold here alone."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.api import *  # noqa: F403

_HERE = Path(__file__).resolve().parent
if not (_HERE / "engine").is_dir():  # a checkout: engine/ and effects/ lie beside this folder; in a wheel, within it
    __path__.append(str(_HERE.parent))  # noqa: F405


def __getattr__(name: str) -> Any:
    """Loads the API with the first name that is asked for (PEP 562): `phosphene list` and `--help` need none of it."""
    if name == "__version__":
        return importlib.import_module(".engine.core.version", __name__).__version__
    if not name.startswith("_") or name == "__all__":
        api = importlib.import_module(".engine.api", __name__)
        if hasattr(api, name):
            return getattr(api, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    """The public names."""
    return sorted(importlib.import_module(".engine.api", __name__).__all__)
