"""Which files an output creates, by its name alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..core.errors import SinkError
from ..core.files.target import NUMBER, Target, is_folder
from ..core.paths import named
from . import FILES, split_spec


def targets_of(specs: Iterable[str]) -> list[Target]:
    """Every file, or pattern of files, that outputs of these names will create. Raises SinkError and UsageError."""
    found: list[Target] = []
    for spec in specs:
        kind, name, options = split_spec(spec)
        if kind == "video":
            path = named(name)
            found += [Target(path), *([Target(matte_of(path))] if options.get("matte") == "1" else [])]
        elif kind in FILES:
            found.append(images_at(name, f".{kind}"))
    return found


def matte_of(path: Path) -> Path:
    """The file beside a video that holds its matte."""
    return path.with_name(f"{path.stem}.matte{path.suffix}")


def images_at(name: str, suffix: str) -> Target:
    """The images that an output of that name writes: one, or numbered ones; in a folder `frame_%05d`.

    Raises SinkError where the name is none for images.
    """
    path = named(name)
    if is_folder(name) or path.suffix.lower() != suffix:
        path = path / f"frame_%05d{suffix}"
    if "%" in path.name and (len(NUMBER.findall(path.name)) != 1 or path.name.count("%") != 1):
        raise SinkError("the name may have one number such as %05d", where=str(path))
    return Target(path, numbered="%" in path.name)
