"""What an effect's class must not say, found when it is loaded, so that the author's own line is named."""

from __future__ import annotations

import re
from pathlib import Path

from ..core.errors import UsageError, unknown_name
from ..core.source_lines import location_of_assignment
from ..effect.effect import Effect
from ..glsl.prelude import PRELUDE
from .layer import SOUND

# What every shader is given under these names, and what every effect has.
IN_GLSL = frozenset(re.findall(r"^(?:uniform |in |out )?(?:vec[234]|float|int) (\w+)", PRELUDE, re.MULTILINE))
IN_PYTHON = frozenset({*(n for n in dir(Effect) if not n.startswith("__")), "size", "seed", "shapes", "media_sizes"})


def validate(kind: type[Effect], path: Path) -> type[Effect]:
    """`kind` itself, from the Python file `path`. Raises UsageError for a parameter whose name is taken, and for a need
    that is no tracker."""
    from ..trackers import is_tracker, tracker_names

    for name in kind.params():
        if name in IN_GLSL | IN_PYTHON:
            where, hint = location_of_assignment(path, name), "every effect has that name already: choose another"
            raise UsageError(f"a parameter cannot be called '{name}'", where=where, hint=hint)
    for need in kind.needs:
        if need != SOUND and not is_tracker(need):
            where = location_of_assignment(path, "needs")
            raise unknown_name("need", need, [*tracker_names(), SOUND], where=where)
    return kind
