"""A set list: the cues of an evening in their order, each a scene, a preset of it, and the way into it.

title = "Friday"
[[cue]]
scene = "duotone"
preset = "warm"
[[cue]]
scene = "laser-eyes"
transition = "wipe"
transition_s = 2.0
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError
from ..core.params import finite, shown
from ..core.paths import checked
from ..glsl.dialects import is_shader
from .presets import Presets
from .toml_file import TomlFile
from .toml_lines import Place

if TYPE_CHECKING:
    from ..effect.effect import Effect
    from .registry import Registry
    from .scene import Scene

KEYS = ("title", "cue")
CUE_KEYS = ("name", "scene", "preset", "transition", "transition_s")
LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Cue:
    """One step of the evening. `scene` is a name or a path, and `number` its place among the scenes of the set list.

    `preset` is empty where the scene stays as it is; `transition` empty and `transition_s` None mean the show's own.
    Where the scene is on already, `transition_s` is how long the change into the preset takes.
    """

    name: str
    scene: str
    number: int
    preset: str = ""
    transition: str = ""
    transition_s: float | None = None


class SetList:
    """Reads a set list. `scenes` are its scenes, each once, in the order of their first cues.

    Raises UsageError where there is no such file, and SceneError with the line for what is wrong in it.
    """

    def __init__(self, path: Path) -> None:
        hint = 'write a file of [[cue]] tables, each with scene = "…"'
        self._file = file = TomlFile(checked(path, "set list", hint=hint))
        file.check_keys(file.table, KEYS, (), "a set list")
        self.path, self.title = path, file.text_at(file.table, "title", (), path.stem)
        self.scenes: list[str] = []
        self.cues: list[Cue] = []
        tables = file.table.get("cue", [])
        if not isinstance(tables, list) or not tables:
            raise file.error("a set list needs at least one [[cue]]", ("cue",), 'write:\n[[cue]]\nscene = "duotone"')
        for index, table in enumerate(tables):
            self.cues.append(self._cue(table, ("cue", index)))

    def _cue(self, table: Any, place: Place) -> Cue:
        file = self._file
        if not isinstance(table, dict):
            raise file.error("a cue must be a table: [[cue]]", place)
        file.check_keys(table, CUE_KEYS, place, "a cue")
        texts = {key: file.text_at(table, key, place, "") for key in CUE_KEYS[:4]}
        scene = self._beside(texts["scene"]) if texts["scene"] else self.cues[-1].scene if self.cues else ""
        if not scene:
            raise file.error("the first cue must name a scene", place, 'scene = "duotone"')
        if scene not in self.scenes:
            self.scenes.append(scene)
        seconds: float | None = None
        if "transition_s" in table:
            numbers = finite([table["transition_s"]])
            if numbers is None or not 0.0 <= numbers[0] <= LONGEST_S:
                raise file.error(
                    f"transition_s cannot be {shown(table['transition_s'])}: expected 0 … {LONGEST_S:g} seconds",
                    (*place, "transition_s"),
                )
            seconds = numbers[0]
        said = texts["name"] or " · ".join(part for part in (Path(scene).stem, texts["preset"]) if part)
        way = self._beside(texts["transition"])
        return Cue(said, scene, self.scenes.index(scene), texts["preset"], way, seconds)

    def _beside(self, text: str) -> str:
        """A path in the file is relative to the file's folder; a name stays as it is."""
        if text.endswith(".toml") or os.sep in text or "/" in text or is_shader(Path(text)):
            return str(self.path.resolve().parent / Path(text).expanduser())
        return text

    def check(self, scenes: Sequence[Scene]) -> None:
        """Raises SceneError, with its line, for a preset that none of the opened `scenes` has, or that cannot be."""
        for index, cue in enumerate(self.cues):
            if cue.preset:
                try:
                    Presets(scenes[cue.number]).state(cue.preset)
                except UsageError as error:
                    raise self._file.wrong(error, ("cue", index, "preset")) from None

    def check_scenes(self, registry: Registry) -> None:
        """Raises SceneError, with its line, for a scene that is not there."""
        for index, cue in enumerate(self.cues):
            try:
                registry.scene_path(cue.scene)
            except UsageError as error:
                raise self._file.wrong(error, ("cue", index, "scene")) from None

    def transitions(self, registry: Registry) -> dict[str, Effect]:
        """The transitions that cues name. Raises SceneError, with its line, for one that is not there."""
        found: dict[str, Effect] = {}
        for index, cue in enumerate(self.cues):
            if cue.transition and cue.transition not in found:
                try:
                    found[cue.transition] = registry.transition(cue.transition)()
                except UsageError as error:
                    raise self._file.wrong(error, ("cue", index, "transition")) from None
        return found
