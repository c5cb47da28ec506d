"""Text as coverage images: any Unicode string, each letter from the first font that has it.

Pillow draws; DejaVu Sans (which matplotlib ships, so it is always there) comes first, then the system's fonts, found
through matplotlib's font list and asked letter by letter by fontTools. What no font has is drawn as an empty box.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..core.frame import Pixels

MAX_SIDE_PX = 4096


@lru_cache(maxsize=1)
def bundled_fonts() -> tuple[Path, Path]:
    """DejaVu Sans and its bold."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("matplotlib, which ships the fonts, is not installed")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf"


@lru_cache(maxsize=1)
def system_fonts() -> tuple[Path, ...]:
    """Every font file of the system (asked for only when a letter is missing in the bundled one)."""
    from matplotlib import font_manager

    return tuple(sorted(Path(p) for p in font_manager.findSystemFonts()))


@lru_cache(maxsize=64)
def letters_of(path: Path) -> frozenset[int]:
    """The code points that a font file has."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, ValueError):
        return frozenset()


@lru_cache(maxsize=4096)
def font_for(letter: str, bold: bool) -> Path:
    """The first font that has `letter`; the bundled one where none has."""
    own = bundled_fonts()[bold]
    code = ord(letter)
    if code in letters_of(own) or letter.isspace():
        return own
    return next((p for p in (bundled_fonts()[0], *system_fonts()) if code in letters_of(p)), own)


@lru_cache(maxsize=64)
def font_at(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """A font at a size; the bundled one where it cannot be drawn at that size (images of emoji come in one size)."""
    try:
        return ImageFont.truetype(str(path), size_px)
    except OSError:
        return ImageFont.truetype(str(bundled_fonts()[0]), size_px)


def runs(line: str, bold: bool) -> list[tuple[Path, str]]:
    """`line` in stretches that one font can draw; joining marks stay with the letter before them."""
    out: list[tuple[Path, str]] = []
    for letter in line:
        joins = letter in "\u200d\ufe0f" or 0x300 <= ord(letter) < 0x370
        path = out[-1][0] if joins and out else font_for(letter, bold)
        if out and out[-1][0] == path:
            out[-1] = (path, out[-1][1] + letter)
        else:
            out.append((path, letter))
    return out


@lru_cache(maxsize=256)
def coverage(text: str, size_px: int, bold: bool = False, outline_px: int = 0) -> Pixels:
    """How much of each pixel `text` covers: H×W×2 uint8, the letters and the letters with their outline.

    A line is `size_px` high; control characters are dropped, lines break at newlines.
    """
    size_px = max(4, min(size_px, 512))
    lines = ["".join(c for c in line if c.isprintable()) for line in text.split("\n")]
    font_px = max(3, round(size_px * 0.8))
    pad = outline_px + 1
    laid = [[(font_at(p, font_px), part) for p, part in runs(line, bold)] for line in lines]
    width = max((sum(f.getlength(part) for f, part in line) for line in laid), default=0.0)
    side = (min(int(np.ceil(width)) + 2 * pad, MAX_SIDE_PX), min(size_px * len(lines) + 2 * pad, MAX_SIDE_PX))
    planes = []
    for stroke in (0, outline_px):
        image = Image.new("L", side, 0)
        draw = ImageDraw.Draw(image)
        for row, line in enumerate(laid):
            x, baseline = float(pad), pad + row * size_px + round(size_px * 0.78)
            for font, part in line:
                draw.text((x, baseline), part, fill=255, font=font, anchor="ls", stroke_width=stroke)
                x += font.getlength(part)
        planes.append(np.asarray(image))
    return np.stack(planes, axis=2)
