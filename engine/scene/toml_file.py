"""A TOML file that a person wrote: what it says, and where in it everything stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import SceneError, UsageError, unknown_name
from ..core.paths import in_words
from ..core.source_lines import location
from .toml_lines import Place, line_of

MAX_BYTES = 200_000


class TomlFile:
    """Reads one file and knows where in it everything stands. Raises SceneError, with the line, for what is no TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SceneError(f"the file is larger than {MAX_BYTES} bytes", where=str(path))
            self.text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            at = error.object.count(b"\n", 0, error.start) + 1
            raise SceneError(f"cannot be read as text (UTF-8): {error.reason}", where=location(path, at)) from error
        except OSError as error:
            raise in_words(error, path) from error
        try:
            self.table = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            row = re.search(r"line (\d+)", str(error))
            line = int(row.group(1)) if row else self.text.count("\n") + 1
            raise SceneError(f"not valid TOML: {error}", where=location(path, line)) from None
        except ValueError:  # Python reads whole numbers up to some thousands of digits
            at = self.text[: len(re.split(r"\d{1000}", self.text, maxsplit=1)[0])].count("\n") + 1
            raise SceneError("has a number with thousands of digits", where=location(path, at)) from None
        except RecursionError:
            deepest = max(enumerate(self.text.split("\n"), 1), key=lambda row: row[1].count("[") + row[1].count("{"))
            raise SceneError("nested too deeply", where=location(path, deepest[0])) from None

    def error(self, message: str, place: Place, hint: str = "") -> SceneError:
        """The error for what stands at `place` (keys and positions from the top)."""
        return SceneError(message, where=location(self.path, line_of(self.text, place)), hint=hint)

    def wrong(self, error: UsageError, place: Place) -> SceneError:
        """`error` with its place in the file."""
        message = f"{error.where}: {error.message}" if error.where else error.message
        return self.error(message, place, error.hint)

    def check_keys(self, table: Mapping[str, Any], known: tuple[str, ...], place: Place, kind: str) -> None:
        """Refuses a key that has no meaning here."""
        for key in table:
            if key not in known:
                raise self.wrong(unknown_name(f"key in {kind}", key, known), (*place, key))

    def text_at(self, table: Mapping[str, Any], key: str, place: Place, default: str) -> str:
        """A string, or the default where the key is absent."""
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key} must be text, not {value!r}", (*place, key))
        return value
