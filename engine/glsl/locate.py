"""Finds lines in an author's GLSL: the main function, and a loop without an end."""

from __future__ import annotations

import re
from pathlib import Path

from ..core.source_lines import location_of
from .words import strip_comments

_MAIN = re.compile(
    r"\b(?:void\s+main|void\s+mainImage|vec4\s+transition|vec4\s+effect)\s*\([^)]*\)\s*\{|(?:glsl|passes)\s*="
)


def main_line(path: Path) -> str:
    """`file:line` of where an effect's image is made."""
    return location_of(path, _MAIN, cleaned=strip_comments)


_ENDLESS = re.compile(
    r"\b(?:while\s*\(\s*(?:true|1)\s*\)|for\s*\([^;()]*;\s*(?:true)?\s*;[^)]*\)|while\s+(?:True|1)\s*:)"
)
_LOOP = re.compile(r"\b(?:while|for)\s*\(|^[ \t]*while\b[^\n]*:", re.M)


def loop_line(path: Path) -> str:
    """`file:line` of the loop in an effect that is most likely the one without an end."""
    return location_of(path, _ENDLESS, _LOOP, _MAIN, cleaned=strip_comments)
