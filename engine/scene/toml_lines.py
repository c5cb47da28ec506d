"""On which line of a TOML text something stands; tomllib itself does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

Place = tuple[str | int, ...]

# Strings and comments as wholes, so that what stands in them counts as nothing else.
_TOKEN = re.compile(
    r"""
    \"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5}   # texts of several lines
    | "(?:\\.|[^"\\\n])*" | '[^'\n]*'            # texts of one line
    | \#[^\n]* | [\[\]{},\n] | [^\s\[\]{},\#"']+
    """,
    re.DOTALL | re.VERBOSE,
)


def line_of(text: str, place: Place) -> int:
    """The line, from 1, on which the value at `place` (keys and positions from the top) is written in valid TOML.

    Where `place` does not exist, the line of the nearest thing above it. A part of the file that ends with a statement
    is valid by itself, so the statement that brings `place` is found by halving.
    """
    while place and not holds(tomllib.loads(text), place):
        place = place[:-1]
    if not place:
        return 1
    lines = text.split("\n")
    ends = statement_ends(text)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if holds(tomllib.loads("\n".join(lines[: ends[middle]])), place):
            high = middle
        else:
            low = middle + 1
    begin = ends[low - 1] if low else 0
    return begin + line_in("\n".join(lines[begin : ends[low]]), place)


def holds(part: Any, place: Place) -> bool:
    """Whether `place` exists in a parsed part of a file."""
    for step in place:
        try:
            part = part[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def statement_ends(text: str) -> list[int]:
    """After how many lines each statement (or empty line, or comment) ends."""
    ends: list[int] = []
    depth, line = 0, 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n" and depth == 0:
            ends.append(line)
        depth += (token in "[{") - (token in "]}") if len(token) == 1 else 0
        line += token.count("\n")
    return [*ends, line]


def line_in(statement: str, place: Place) -> int:
    """Within one statement `key = …` that brings `place`, the line of the last step of `place`, from 1."""
    first = re.match(r"\s*([\"']?)([^\s\"'=]+)\1\s*=", statement)
    if first is None:  # the head of a table
        return 1
    key = first.group(2).split(".")[-1]
    inside = place[place.index(key) + 1 :] if key in place else ()
    begin, end = element_lines(statement, [step for step in inside if isinstance(step, int)])
    names = [step for step in inside if isinstance(step, str)]
    rows = statement.split("\n")
    for row in range(begin, end + 1):
        if names and re.search(rf"(?<![\w-])[\"']?{re.escape(names[-1])}[\"']?\s*[=.]", rows[row - 1]):
            return row
    return begin


def element_lines(statement: str, indexes: Sequence[int]) -> tuple[int, int]:
    """The first and the last line of the element at `indexes`, in lists inside lists; of everything where empty."""
    found: list[int] = []
    stack: list[int | None] = []  # the position in each list that is open; None for a table
    line = 1
    for match in _TOKEN.finditer(statement):
        token = match.group()
        at = [position for position in stack if position is not None]
        if at[: len(indexes)] == list(indexes) and token not in ("\n", ",") and not token.startswith("#"):
            found.append(line)
        line += token.count("\n")
        if token == "[":
            stack.append(0)
        elif token == "{":
            stack.append(None)
        elif token in ("]", "}") and stack:
            stack.pop()
        elif token == "," and stack and stack[-1] is not None:
            stack[-1] += 1
    return (found[0], found[-1]) if found else (1, 1)
