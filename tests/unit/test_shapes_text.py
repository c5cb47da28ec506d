"""Text as coverage: any Unicode string gives a picture of the right shape, and fonts that fail harm nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.effect.shapes import Box, Label, Line
from phosphene.engine.renderer import text
from phosphene.engine.renderer.text import MAX_SIDE_PX, bundled_fonts, coverage, runs

TEXTS = {
    "empty": "",
    "word": "Phosphene",
    "accents": "Ünïcödé ßøæ",
    "combining": "e\u0301 n\u0303 " + "a" + "\u0300" * 50,
    "emoji": "🎉👩‍👩‍👧‍👦🏳️‍🌈",
    "rtl": "مرحبا بالعالم שלום",
    "cjk": "你好世界 こんにちは 안녕",
    "indic": "नमस्ते ไทย",
    "maths": "∑∫√≠≤ ⌀ 178 cm ± 2 °",
    "private": "\ue000\uffff\U0010ffff",
    "surrogate": "\ud800 a \udfff",
    "control": "\x00\x01\x1b[31m\x7f\u200b\u202e\ufeff",
    "newlines": "one\ntwo\n\nfour\n",
    "breaks": "a\r\nb\u2028c\x0bd",
    "long": "x" * 10_000,
    "tall": "\n" * 10_000,
    "spaces": " " * 500,
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("outline_px", [0, 2])
def test_any_text_gives_a_picture(name: str, bold: bool, outline_px: int) -> None:
    image = coverage(TEXTS[name], 24, bold, outline_px)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 2
    assert 1 <= image.shape[0] <= MAX_SIDE_PX
    assert 1 <= image.shape[1] <= MAX_SIDE_PX


@pytest.mark.parametrize("size_px", [-5, 0, 1, 4, 24, 512, 100_000])
def test_any_size_gives_a_picture(size_px: int) -> None:
    assert max(coverage("Hg", size_px).shape) <= MAX_SIDE_PX


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_line_is_as_high_as_asked(count: int) -> None:
    assert coverage("\n".join(["x"] * count), 30).shape[0] == 30 * count + 2


def test_letters_lie_inside_the_picture() -> None:
    image = coverage("HÅgjpqy|", 40, False, 3)
    assert image.any()
    assert not image[0].any()
    assert not image[-1].any()
    assert not image[:, 0].any()


def test_an_outline_holds_the_letters() -> None:
    image = coverage("phosphene", 32, False, 3).astype(int)
    assert (image[..., 1] >= image[..., 0] - 1).all()
    assert (image[..., 1] > image[..., 0]).any()
    bare = coverage("phosphene", 32, False, 0)
    assert np.array_equal(bare[..., 0], bare[..., 1])


@pytest.mark.parametrize("name", ["empty", "control", "spaces", "tall"])
def test_what_has_no_letters_covers_nothing(name: str) -> None:
    assert not coverage(TEXTS[name].replace("[31m", ""), 24).any()


def test_control_characters_are_dropped() -> None:
    assert np.array_equal(coverage("a\x00b\x07", 24), coverage("ab", 24))


@pytest.mark.parametrize("letter", "aÜß∑√°±…→█")
def test_the_bundled_font_has_the_usual_letters(letter: str) -> None:
    assert text.font_for(letter, False) == bundled_fonts()[0]
    assert coverage(letter, 24).any()


def test_a_letter_that_no_font_has_is_drawn_as_a_box() -> None:
    assert coverage("\U0010fffd", 24).shape[1] > 4 or not "\U0010fffd".isprintable()


def test_marks_stay_with_their_letter() -> None:
    assert len(runs("e\u0301o\u0308", False)) == 1
    assert "".join(part for _, part in runs("aé🎉b", False)) == "aé🎉b"
    assert runs("", False) == []


def test_longer_texts_are_wider() -> None:
    widths = [coverage("w" * n, 24).shape[1] for n in (1, 2, 5, 10)]
    assert widths == sorted(set(widths))


def test_the_same_text_is_drawn_the_same() -> None:
    first = coverage("again", 24).copy()
    coverage.cache_clear()
    assert np.array_equal(coverage("again", 24), first)


@pytest.fixture
def odd_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A font of the system which claims every letter but cannot be drawn with."""
    path = tmp_path / "odd.ttf"
    path.write_bytes(b"no font at all")
    monkeypatch.setattr(text, "system_fonts", lambda: (path,))
    own = text.letters_of
    monkeypatch.setattr(text, "letters_of", lambda p: frozenset(range(0x110000)) if p == path else own(p))
    text.font_for.cache_clear()
    yield path  # type: ignore[misc]
    text.font_for.cache_clear()


def test_a_font_that_cannot_be_used_harms_nothing(odd_font: Path) -> None:
    """Such as colour fonts of pictures in one size, which Pillow refuses in any other."""
    image = coverage("a\U0001f389b", 26)
    assert image.any()


def test_a_broken_font_file_has_no_letters(tmp_path: Path) -> None:
    path = tmp_path / "broken.ttf"
    for content in (b"", b"\0" * 100, b"OTTO" + b"\xff" * 200, b"\x00\x01\x00\x00" + b"\xff" * 200):
        path.write_bytes(content)
        text.letters_of.cache_clear()
        assert text.letters_of(path) == frozenset()


@given(st.text(max_size=40), st.integers(-10, 60), st.booleans(), st.integers(0, 4))
def test_no_text_breaks_anything(words: str, size_px: int, bold: bool, outline_px: int) -> None:
    assert coverage(words, size_px, bold, outline_px).shape[2] == 2


def test_shapes_are_plain_values() -> None:
    assert Line((0, 0), (1, 1)) == Line((0, 0), (1, 1))
    assert Box((0, 0), (1, 1)) != Box((0, 0), (1, 1), "red")
    assert hash(Label("a", (0, 0))) == hash(Label("a", (0, 0)))
    with pytest.raises(AttributeError):
        Label("a", (0, 0)).text = "b"  # type: ignore[misc]
