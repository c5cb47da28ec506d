"""The page's files: every word in every language, and every file among those that are served."""

from __future__ import annotations

import json
import re
from pathlib import Path

from phosphene.engine.control import panel_http

PAGE = Path(__file__).resolve().parents[2] / "engine" / "control" / "page"
TABLE = json.loads((PAGE / "words.json").read_text(encoding="utf-8"))


def texts(suffix: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.glob(f"*{suffix}")))


def used() -> set[str]:
    """The words that the page asks for."""
    html = re.findall(r'data-(?:word|label|hint)="(\w+)"', texts(".html"))
    script = re.findall(r'\bword\("(\w+)"', texts(".js"))
    states = re.findall(r'\b(?:changed|drawLink)\("(\w+)"', texts(".js"))
    return {*html, *script, *states, "across", "down", "_"}


def test_every_word_is_there_in_every_language() -> None:
    assert set(TABLE) == {"en", "de", "es", "ja"}
    for language, words in TABLE.items():
        assert used() - set(words) == set(), language
        assert set(words) == set(TABLE["en"]), language
        assert all(words.values()), language
        for key, word in words.items():
            assert set(re.findall(r"\{\w+\}", word)) == set(re.findall(r"\{\w+\}", TABLE["en"][key])), (language, key)


def test_nothing_is_loaded_from_elsewhere() -> None:
    found = re.findall(r"https?://[\w.]+", texts(".html") + texts(".js") + texts(".css"))
    assert set(found) <= {"http://www.w3.org"}


def test_every_file_of_the_page_is_served() -> None:
    assert {path.suffix for path in PAGE.iterdir()} <= set(panel_http.KINDS)
    for name in re.findall(r'(?:from |src=|href=)"[./]*([\w.]+\.\w+)"', texts(".html") + texts(".js")):
        assert (PAGE / name).is_file(), name
