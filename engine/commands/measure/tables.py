"""Rows with nested values as a flat table: CSV, Parquet, or JSON as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import UsageError
from ...core.files.put import write_whole

ESCAPED = "backslashreplace"  # a name that is no UTF-8 must not cost the table of all the others
KINDS = (".csv", ".parquet", ".json")
Cell = str | float | int | bool | None


def flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Cell]:
    """One level: `{"chest": {"cm": 98}}` becomes `{"chest_cm": 98}`; a list becomes text, its items split by `; `."""
    cells: dict[str, Cell] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            cells |= flat(value, f"{prefix}{name}_")
        elif isinstance(value, list | tuple):
            cells[prefix + name] = "; ".join(
                " ".join(str(part) for part in item.values()) if isinstance(item, Mapping) else str(item)
                for item in value
            )
        else:
            cells[prefix + name] = value
    return cells


def columns(rows: Sequence[Mapping[str, Cell]]) -> list[str]:
    """Every column that some row has, in the order in which they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def kind_of(path: Path) -> str:
    """The kind of table a file name asks for. Raises UsageError."""
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"'{path.name}' is not a table file", hint="use a name that ends in " + ", ".join(KINDS))
    if path.suffix.lower() == ".parquet":
        arrow()
    return path.suffix.lower()


def write(rows: Sequence[Mapping[str, Any]], path: Path, *, overwrite: bool = False) -> None:
    """Writes the table, whole or not at all. Raises UsageError for an unknown kind, SinkError where it cannot be
    written, or is there already and not to be replaced."""
    kind = kind_of(path)
    if kind == ".json":
        from ..output import as_json

        data = as_json(list(rows))
    elif kind == ".csv":
        data = as_csv(rows).encode("utf-8", ESCAPED)
    else:
        data = as_parquet([flat(row) for row in rows])
    write_whole(path, data, overwrite=overwrite)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table as CSV (RFC 4180) with a header; what a row lacks is empty."""
    cells = [flat(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(cells), restval="")
    writer.writeheader()
    writer.writerows(cells)
    return text.getvalue()


def readable(text: str) -> str:
    """`text` without the halves of characters that a file's name may hold and UTF-8 may not."""
    return text.encode("utf-8", ESCAPED).decode("utf-8")


def arrow() -> Any:
    """The pyarrow library. Raises UsageError where it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow", hint="pip install 'phosphene[parquet]', or write a .csv") from None
    return pyarrow


def as_parquet(cells: Sequence[Mapping[str, Cell]]) -> bytes:
    """Flat rows as a file's bytes; a column that holds only numbers is one of numbers, else one of text."""
    pyarrow = arrow()
    table = {}
    for name in columns(cells):
        values = [row.get(name) for row in cells]
        kinds = {type(value) for value in values if value is not None}
        if kinds <= {bool}:
            table[name] = pyarrow.array(values, pyarrow.bool_())
        elif kinds <= {int, float}:
            table[name] = pyarrow.array([None if v is None else float(v) for v in values], pyarrow.float64())
        else:
            table[name] = pyarrow.array([None if v is None else readable(str(v)) for v in values], pyarrow.string())
    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), data)
    return data.getvalue()
