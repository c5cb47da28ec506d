"""What a user asks of a show, in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError
from ..core.paths import checked, named

if TYPE_CHECKING:
    from ..core.files.target import Target
    from ..core.frame import Pixels
    from ..scene.scene import Scene

WINDOW = "window"
TRACKERS_AT = "trackers/"


@dataclass(slots=True)
class Wishes:
    """What the user asked for. `size` is (width, height); `pace` is live, exact or None for what fits the outputs."""

    scene: str
    input: str = "camera"
    outputs: Sequence[str] = (WINDOW,)
    size: tuple[int, int] | None = None
    fps: float | None = None
    seconds: float | None = None
    pace: str | None = None
    sync: str | None = None
    seed: int | None = None
    flash_guard: bool | None = None
    hud: bool = False
    settings: Sequence[tuple[str, Any]] = ()
    bindings: Sequence[tuple[str, Mapping[str, Any]]] = ()
    effect_folders: Sequence[Path] = field(default_factory=tuple)
    quality: str = "auto"
    take: Path | None = None
    record_take: Path | None = None
    sound: str | None = None
    on_demand: bool = False
    rotate: int = 0
    then: Sequence[str] = ()  # the scenes that follow
    every_s: float | None = None
    transition: str = "fade"
    transition_s: float = 1.0
    models: Sequence[tuple[str, str]] = ()
    arrays: Iterable[Pixels] | None = None  # pictures of the caller's own instead of the input
    overwrite: bool = False
    reports: Sequence[Target] = ()  # what is written beside the outputs, by who asks for the show

    @property
    def scenes(self) -> tuple[str, ...]:
        """Every scene's name."""
        return (self.scene, *self.then)


Progress = Callable[[int, int | None], None]


def media_path(scene: Scene, address: str, value: Any) -> Any:
    """A media path from the command line is relative to the working folder; it must exist."""
    from ..core.param_types import File

    param = scene.find(address)[2]
    if not isinstance(param, File) or not param.parse(value):
        return value
    try:
        path = checked(named(value), "file", typed=value, hint=f"give the {param.range_text()}")
    except UsageError as error:
        error.message = f"{address}: {error.message}"
        raise
    return str(path.resolve())
