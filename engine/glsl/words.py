"""Which words a shader's text has, and which features of the prelude they call for."""

from __future__ import annotations

import re

from .prelude import WORDS


def words_of(text: str) -> set[str]:
    """The identifiers in `text`, comments left out."""
    return set(re.findall(r"[A-Za-z_]\w*", strip_comments(text)))


def strip_comments(text: str) -> str:
    """`text` without comments, its lines kept."""
    blank = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", blank)


def features_of(text: str) -> frozenset[str]:
    """Which of FEATURES the text calls for."""
    words = words_of(text)
    return frozenset(name for name, calls in WORDS.items() if words.intersection(calls))
