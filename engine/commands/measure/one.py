"""One file, measured: the effect looks at its frames, and its report becomes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...core.errors import PhospheneError, UsageError

if TYPE_CHECKING:
    from ...effect.effect import Effect


@dataclass(frozen=True, slots=True)
class Task:
    """What is measured: `files` of one person (several: front and side), given `values` of the effect's parameters."""

    files: tuple[str, ...]
    effect: str = "clothing-size"
    values: Mapping[str, Any] = field(default_factory=dict)
    effect_folders: tuple[str, ...] = ()
    most: int | None = None

    @property
    def name(self) -> str:
        """How the row is called."""
        return " + ".join(self.files)


def measuring_effect(name: str, folders: Sequence[str] = ()) -> type[Effect]:
    """The class of an effect that reports. Raises UsageError for one that does not."""
    from ...effect.effect import Effect
    from ...scene.registry import registry_with

    found = registry_with(folders).effect(name)
    if found.report is Effect.report:
        raise UsageError(f"effect '{name}' does not measure anything", hint="use one that does: --effect clothing-size")
    return found


def measure(task: Task) -> dict[str, Any]:
    """The row of one task: `file`, `status` (ok, refused or error), `reason` in words, and the effect's report.

    Never raises for what is wrong with a file: that is its row's `reason`.
    """
    try:
        report = look_at(task)
    except PhospheneError as error:
        return {"file": task.name, "status": "error", "reason": str(error).replace("\n", " ")}
    except Exception as error:  # noqa: BLE001 (an effect that fails on one file of thousands must not lose the others)
        return {"file": task.name, "status": "error", "reason": f"{type(error).__name__}: {error}"}
    measured = bool(report.pop("measured", False))
    advice = str(report.pop("advice", "") or "no person was found")
    status, reason = ("ok", "") if measured else ("refused", advice)
    return {"file": task.name, "status": status, "reason": reason, **report}


def look_at(task: Task) -> dict[str, Any]:
    """What the effect reports after it has seen every file of the task. Raises PhospheneError."""
    from ...sources import checked_file
    from .look import field_of_view_deg, observe

    kind = measuring_effect(task.effect, task.effect_folders)
    effect = kind(**task.values)
    params = kind.params()
    for file in task.files:
        path = checked_file(file)
        before: float | None = None
        seen = 0
        known = field_of_view_deg(path) if "fov_deg" in params and "fov_deg" not in task.values else None
        if known is not None:
            effect.set("fov_deg", known)
        for observation in observe(path, tuple(effect.wants()), task.most):
            if seen == 0:
                effect.prepare(observation.frame.size)
            time_s = observation.frame.time_s
            effect.update(observation, 0.0 if before is None else time_s - before)
            before, seen = time_s, seen + 1
    return dict(effect.report())
