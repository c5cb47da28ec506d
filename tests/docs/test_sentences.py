"""The language of the documentation: no sentence is too long to be understood at first reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(p for folder in ("docs", "examples") for p in (ROOT / folder).rglob("*.md")) + sorted(ROOT.glob("*.md"))
MOST_WORDS = 34
# What is read in another way than sentences: made from other texts, or tables of figures.
SPARED = {"docs/gallery.md", "docs/robustness/hostile-files.md"}
FENCE = re.compile(r"^([ ]*)```[^\n]*\n.*?^\1```[ ]*$", re.DOTALL | re.MULTILINE)
ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+")
# A sentence ends at one of these marks before a space, except in an abbreviation.
END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!vs\.)(?<=[.!?])[\"')\]*_]*\s+")


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Each paragraph, heading and item of a list with its line; without code blocks, tables and comments."""
    text = FENCE.sub(lambda m: "\n" * m[0].count("\n"), text)
    text = re.sub(r"<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    begin, parts, in_list = 0, list[str](), False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        item = ITEM.match(line)
        code = line.startswith("    ") and not parts and not in_list and not item
        ends = not line.strip() or line.startswith(("|", "#")) or item or code
        if ends and parts:
            yield begin, " ".join(parts)
            parts = []
        if line.startswith("#"):
            yield number, line.lstrip("# ")
        if line.strip():
            in_list = bool(item) or (in_list and line.startswith(" "))
        if item:
            begin, parts = number, [line[item.end() :]]
        elif not ends:
            begin = begin if parts else number
            parts.append(line.strip())


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Each sentence with the line at which its paragraph begins; a piece of code counts as one word, a link as its
    text."""
    for line, paragraph in paragraphs(text):
        plain = re.sub(r"`[^`]+`", "`code`", paragraph)
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", plain)
        plain = re.sub(r"<[^>]+>", "", plain)
        for sentence in END.split(plain):
            yield line, sentence


def words(sentence: str) -> int:
    return sum(bool(re.search(r"\w", part)) for part in sentence.split())


def test_every_sentence_is_short() -> None:
    offenders = [
        f"{page.relative_to(ROOT)}:{line} ({words(sentence)} words) {sentence}"
        for page in PAGES
        if page.relative_to(ROOT).as_posix() not in SPARED
        for line, sentence in sentences(page.read_text(encoding="utf-8"))
        if words(sentence) > MOST_WORDS
    ]
    assert offenders == []


def test_what_is_a_sentence() -> None:
    """Headings, items and paragraphs are apart; code, tables, comments and the targets of links are not read."""
    page = (
        "# A heading\nOne line\ngoes on. *Two*, e.g. `a b c`. See [a page](where/it is.md)!\n\n"
        "- first item\n  goes on\n- second. Third\n\nFourth:\n\n    code is left out\n\n| a | table |\n\n"
        "```sh\nleft out\n```\n<!-- left out -->\nThe end. **Bold.** Last\n"
    )
    assert [s for _, s in sentences(page)] == [
        "A heading", "One line goes on.", "*Two*, e.g. `code`.", "See a page!", "first item goes on", "second.",
        "Third", "Fourth:", "The end.", "**Bold.", "Last",
    ]  # fmt: skip
    assert [line for line, _ in sentences(page)] == [1, 2, 2, 2, 5, 7, 7, 9, 19, 19, 19]


def test_a_long_sentence_is_found() -> None:
    long = " ".join(["word"] * (MOST_WORDS + 1)) + "."
    found = [words(s) > MOST_WORDS for _, s in sentences(f"Short. {long}\n\n- {long} Short.")]
    assert found == [False, True, True, False]
