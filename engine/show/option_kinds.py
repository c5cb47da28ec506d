"""How the value of an option is read: from a text on a command line, and from a value in Python.

Each kind raises ValueError; `parse` with the words that an error shows, before which the name of the option stands.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..core.paths import named

T = TypeVar("T")
SMALLEST, LARGEST = 16, 8192  # pixels of a side
MAX_SEED = 999_999_999


class Kind(Generic[T]):
    """One kind of value. `expected` says what to give in Python; `choices` are the texts that are allowed, if few."""

    expected = "another value"
    choices: tuple[Any, ...] = ()
    repeats = False  # given several times on a command line

    def parse(self, text: str) -> T:
        """The value that `text` says. Raises ValueError."""
        raise NotImplementedError

    def check(self, value: Any) -> T:
        """`value`, or what it stands for, as options hold it. Raises ValueError and TypeError."""
        raise NotImplementedError


class Anything(Kind[Any]):
    """What only Python gives, and nobody checks."""

    def check(self, value: Any) -> Any:
        return value


class AnyText(Kind[str]):
    """Any text."""

    expected = "a text"

    def parse(self, text: str) -> str:
        return text

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value


class OneOf(Kind[T]):
    """One of a few values; `usual` is allowed too, but what nobody types."""

    def __init__(self, choices: Sequence[T], usual: T | None = None) -> None:
        self.choices = tuple(choices)
        self._known: tuple[T, ...] = (*self.choices, *(() if usual is None else (usual,)))
        given = sorted(map(str, self._known), key=lambda text: (len(text), text))
        self.expected = f"{', '.join(given[:-1])} or {given[-1]}"

    def parse(self, text: str) -> T:
        texts = [str(choice) for choice in self._known]
        if text not in texts:
            raise ValueError(f"'{text}' is not a choice: write {self.expected}")
        return self._known[texts.index(text)]

    def check(self, value: Any) -> T:
        if isinstance(value, bool) or value not in self._known:
            raise ValueError
        return self._known[self._known.index(value)]


class Switch(Kind[bool]):
    """On where it is given."""

    expected = "True or False"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value


class OnOff(Switch):
    """Switched on or off by a word."""

    choices = ("on", "off")

    def parse(self, text: str) -> bool:
        return text == "on"


class Size(Kind[tuple[int, int]]):
    """(width, height) in pixels; `1280x720` as a text."""

    expected = f"(width, height), from ({SMALLEST}, {SMALLEST}) to ({LARGEST}, {LARGEST})"

    def parse(self, text: str) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{1,9})[x×*](\d{1,9})", text.strip())
        try:
            return self.check((int(match[1]), int(match[2])) if match else ())
        except ValueError:
            raise ValueError(
                f"'{text}' is not a size: write WIDTHxHEIGHT, from {SMALLEST}x{SMALLEST} to {LARGEST}x{LARGEST}"
            ) from None

    def check(self, value: Any) -> tuple[int, int]:
        width, height = (operator.index(side) for side in value)
        if not all(SMALLEST <= side <= LARGEST for side in (width, height)):
            raise ValueError
        return width, height


class Number(Kind[float]):
    """A number above zero, or from zero where `zero` is allowed."""

    def __init__(self, *, zero: bool = False) -> None:
        self._zero = zero
        self.expected = "a number from 0" if zero else "a number above 0"

    def parse(self, text: str) -> float:
        try:
            return self.check(0.0 if self._zero and text.strip() in ("0", "0.0") else float(text))
        except ValueError:
            raise ValueError(f"'{text}' is not a number above 0") from None

    def check(self, value: Any) -> float:
        number = float(value)
        if not (0.0 < number < 1e6 or (self._zero and number == 0.0)):
            raise ValueError
        return number


class Seed(Kind[int]):
    """A whole number from 0."""

    expected = f"a whole number from 0 to {MAX_SEED}"

    def parse(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
            raise ValueError(f"'{text}' is not a seed: write {self.expected}")
        return int(text)

    def check(self, value: Any) -> int:
        number = operator.index(value)
        if not 0 <= number <= MAX_SEED:
            raise ValueError
        return number


class Folder(Kind[Path | None]):
    """A path; an empty text is none."""

    expected = "a path"

    def parse(self, text: str) -> Path | None:
        return Path(text) if text else None

    def check(self, value: Any) -> Path:
        return Path(value)


class Several(Kind[tuple[T, ...]]):
    """Any number of values: one alone may be given as it is. `parse` reads one of them."""

    repeats = True

    def __init__(self, expected: str, parse_one: Callable[[str], T], check_one: Callable[[Any], T]) -> None:
        self.expected = expected
        self.parse_one, self._check_one = parse_one, check_one

    def parse(self, text: str) -> tuple[T, ...]:
        return (self.parse_one(text),)

    def check(self, value: Any) -> tuple[T, ...]:
        values: Iterable[Any] = [value] if isinstance(value, str | os.PathLike) else () if value is None else value
        return tuple(self._check_one(one) for one in values)


class Pairs(Kind[tuple[tuple[str, T], ...]]):
    """Values by name: a mapping, or (name, value) pairs in their order. `parse` reads one of them."""

    repeats = True

    def __init__(self, expected: str, parse_one: Callable[[str], tuple[str, T]], check_one: Callable[[Any], T]) -> None:
        self.expected = expected
        self.parse_one, self._check_one = parse_one, check_one

    def parse(self, text: str) -> tuple[tuple[str, T], ...]:
        return (self.parse_one(text),)

    def check(self, value: Any) -> tuple[tuple[str, T], ...]:
        pairs: Iterable[tuple[Any, Any]] = () if value is None else value
        found = []
        for name, one in value.items() if isinstance(value, Mapping) else pairs:
            if not isinstance(name, str):
                raise TypeError
            found.append((name, self._check_one(one)))
        return tuple(found)


def path_text(value: Any) -> str:
    """A path as text. Raises TypeError."""
    text = os.fspath(value)
    if not isinstance(text, str):
        raise TypeError
    return text


def typed_folder(text: str) -> Path:
    """A folder as it is typed: `~` is the home folder."""
    return named(text)
