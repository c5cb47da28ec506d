"""The map of a device: what each of its controls does, in a TOML file that a person may edit.

device = "nanoKONTROL2"
[[control]]
midi = "cc 21"
to = "camera/duotone.amount"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ...core.errors import UsageError, unknown_name
from ...core.files.put import write_whole
from ...core.params import finite, shown
from ...core.paths import checked, is_there, named
from ...core.places import config_folder
from ...scene.toml_file import TomlFile
from ...scene.toml_lines import Place
from ..targets import Target
from .moves import RELATIVE, ControlName

KEYS = ("device", "control")
CONTROL_KEYS = ("midi", "to", "range", "bits", "relative", "step", "pickup", "feedback", "over_s")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one control does: `to` is its target, `span` the parameter's values at the ends (None: its own range).

    `fine` is a pair with 14 bits. `relative` is the encoding of an endless knob, `step` the part of the range that one
    of its steps goes. `over_s` is how long a preset takes. See docs/control.md.
    """

    control: ControlName
    to: Target
    span: tuple[float, float] | None = None
    fine: bool = False
    relative: str = ""
    step: float = 1 / 127
    pickup: bool = True
    feedback: bool = True
    over_s: float = 0.0


class MapFile:
    """The map for what was typed after --midi: the path of a map, or a part of a device's name.

    `device` is the part of the name that ports are looked for by; `entries` are what the file says, empty where there
    is none yet. Raises UsageError, and SceneError with the line, for a file that cannot be used.
    """

    def __init__(self, typed: str) -> None:
        own = typed.lower().endswith(".toml")
        if own:
            self.path = checked(named(typed), "MIDI map", hint="name a device, and --learn makes its map")
        else:
            self.path = config_folder() / "midi" / f"{re.sub(r'[^a-z0-9]+', '-', typed.lower()).strip('-')}.toml"
        self.device = typed
        self.entries: list[Entry] = []
        if not is_there(self.path):
            return
        file = TomlFile(self.path)
        file.check_keys(file.table, KEYS, (), "a MIDI map")
        if own:
            self.device = file.text_at(file.table, "device", (), "")
            if not self.device:
                raise file.error("the map names no device", (), 'write: device = "nanoKONTROL2"')
        tables = file.table.get("control", [])
        if not isinstance(tables, list):
            raise file.error("controls must be tables: [[control]]", ("control",))
        for index, table in enumerate(tables):
            self.entries.append(_entry(file, table, ("control", index)))

    def add(self, entry: Entry) -> None:
        """Writes an entry down, in the place of those of the same control; the rest of the file stays as it is.

        Raises SinkError where it cannot be written.
        """
        import tomlkit

        document = tomlkit.parse(TomlFile(self.path).text if is_there(self.path) else "")
        if "device" not in document:
            document["device"] = self.device
        if "control" not in document:
            document["control"] = tomlkit.aot()
        tables: Any = document["control"]
        for index in reversed(range(len(tables))):
            if ControlName.parse(tables[index]["midi"]) == entry.control:
                del tables[index]
        table = tomlkit.table()
        table["midi"], table["to"] = str(entry.control), str(entry.to)
        if entry.fine:
            table["bits"] = 14
        if entry.relative:
            table["relative"] = entry.relative
        if len(tables) or self.entries:
            table.trivia.indent = "\n"
        tables.append(table)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, tomlkit.dumps(document).encode("utf-8"), overwrite=True)
        self.entries = [one for one in self.entries if one.control != entry.control] + [entry]


def _entry(file: TomlFile, table: Any, place: Place) -> Entry:
    if not isinstance(table, dict):
        raise file.error("a control must be a table: [[control]]", place)
    file.check_keys(table, CONTROL_KEYS, place, "a control")
    key = "midi"
    try:
        control = ControlName.parse(file.text_at(table, "midi", place, ""))
        key = "to"
        entry = Entry(control, Target.parse(file.text_at(table, "to", place, "")))
        key = "range"
        if key in table:
            pair = finite(table[key]) if isinstance(table[key], list) else None
            if pair is None or len(pair) != 2 or pair[0] == pair[1]:
                raise UsageError(f"range cannot be {shown(table[key])}: expected two different numbers, [0, 1]")
            entry = replace(entry, span=(pair[0], pair[1]))
        key = "bits"
        if table.get(key, 7) not in (7, 14) or (table.get(key) == 14 and (control.kind != "cc" or control.number > 31)):
            raise UsageError(f"bits cannot be {shown(table[key])}: expected 7, or 14 for cc 0 to cc 31")
        key = "relative"
        if table.get(key, RELATIVE[0]) not in RELATIVE:
            raise unknown_name("encoding of an endless knob", str(table[key]), RELATIVE)
        for key in ("step", "over_s"):
            number = finite([table.get(key, 0.0)])
            if number is None or number[0] < 0.0:
                raise UsageError(f"{key} cannot be {shown(table[key])}: expected a number from 0")
        for key in ("pickup", "feedback"):
            if not isinstance(table.get(key, True), bool):
                raise UsageError(f"{key} must be true or false")
    except UsageError as error:
        if error.where:
            raise
        raise file.wrong(error, (*place, key)) from None
    return replace(
        entry,
        fine=table.get("bits", 7) == 14,
        relative=table.get("relative", ""),
        step=float(table.get("step", entry.step)),
        pickup=table.get("pickup", True),
        feedback=table.get("feedback", True),
        over_s=float(table.get("over_s", 0.0)),
    )
