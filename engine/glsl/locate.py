"""Finds lines in an author's GLSL: the main function, a loop without an end, a word."""

from __future__ import annotations

import re
from pathlib import Path

_MAIN = re.compile(
    r"\b(?:void\s+main|void\s+mainImage|vec4\s+transition|vec4\s+effect)\s*\([^)]*\)\s*\{|(?:glsl|passes)\s*="
)


def main_line(path: Path) -> str:
    """`file:line` of where an effect's picture is made."""
    return line_of(path, _MAIN)


_ENDLESS = re.compile(
    r"\b(?:while\s*\(\s*(?:true|1)\s*\)|for\s*\([^;()]*;\s*(?:true)?\s*;[^)]*\)|while\s+(?:True|1)\s*:)"
)
_LOOP = re.compile(r"\b(?:while|for)\s*\(|^[ \t]*while\b[^\n]*:", re.M)


def loop_line(path: Path) -> str:
    """`file:line` of the loop in an effect that is most likely the one without an end."""
    return line_of(path, _ENDLESS, _LOOP, _MAIN)


def line_of(path: Path, *patterns: re.Pattern[str]) -> str:
    """`file:line` of the first pattern that is in the file, comments left out."""
    from .dialects.text import line_at
    from .words import strip_comments

    try:
        text = strip_comments(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return str(path)
    found = next((m for p in patterns if (m := p.search(text))), None)
    return f"{path}:{line_at(text, found.start())}" if found else str(path)
