"""What `check` says about one file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..core.paths import checked, is_folder, within
from ..glsl.dialects import is_shader


@dataclass(slots=True)
class Verdict:
    """One file. `draws`: something other than one unchanging colour; `finite`: no NaN at its defaults,
    `finite_at_ends`: nor at the ends of a range; `error` names file and line.

    `deterministic` and `identity` are None where they could not be judged or nothing is declared; `ms` is the cost of a
    frame at `size`; `notes` is what an author should know though the effect works; `hint` what to do about
    the error.
    """

    file: str
    kind: str = ""
    role: str = ""
    compiles: bool = False
    draws: bool = False
    finite: bool = True
    finite_at_ends: bool = True
    deterministic: bool | None = None
    identity: bool | None = None
    leaks: int = 0
    ms: float | None = None
    size: tuple[int, int] = (0, 0)
    unused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    preview: str = ""
    error: str = ""
    hint: str = ""

    @property
    def good(self) -> bool:
        """Whether a reviewer would take it."""
        # What others wrote is shown as it is; an author of our own hears of it.
        finite = self.finite and (self.finite_at_ends or self.kind not in ("py", "glsl"))
        sound = self.compiles and self.draws and finite and self.deterministic is not False
        # ISF's IDENTITY is a hint for hosts, of one input alone; a transition's two ends are its law.
        lawful = self.identity is not False or self.role != "transition"
        return sound and lawful and not self.leaks and not self.error

    def table(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def effect_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The effect files among `paths`, folders searched through. Hidden files, tests, buffers and what begins with `_`
    are passed over in folders; a file that is named is judged whatever it is called."""
    for path in paths:
        if not is_folder(path):
            yield checked(path, "effect file")
            continue
        for found in within(path):
            parts = found.relative_to(path).parts
            if any(p.startswith((".", "_")) and p != "__init__.py" for p in parts):
                continue
            if is_shader(found) or (found.suffix == ".py" and is_effect(found)):
                yield found


def is_effect(path: Path) -> bool:
    """Whether a Python file holds an effect, by its text."""
    if path.name.startswith(("test_", "conftest")):
        return False
    try:
        return (
            re.search(r"^class \w+\([\w.]*Effect\)", path.read_text(encoding="utf-8", errors="replace"), re.M)
            is not None
        )
    except OSError:
        return False
