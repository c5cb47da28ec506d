"""The public collections, whole: folders of other people's shaders, named by environment variables.

PHOSPHENE_ISF_FILES: the folder ISF of Vidvox/ISF-Files. PHOSPHENE_GL_TRANSITIONS: the folder transitions of
gl-transitions. Files that are wrong by themselves are listed here, with what is wrong (docs/compatibility.md).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from phosphene.engine.check.verdict import Verdict, effect_files
from phosphene.engine.check.watch import judge_files
from phosphene.engine.core.errors import GpuError

pytestmark = [pytest.mark.gl, pytest.mark.slow]

ISF_WRONG = {
    "Bad TV.fs": "NaN or infinite at its defaults",  # pow() of negative numbers
    "Boxinator.fs": "NaN or infinite at its defaults",  # sqrt() of negative numbers
    "Bordered Box.fs": "draws nothing but one colour, transparent",  # its alpha is 0 everywhere
    "Radial Spectrogram.fs": "size: MIN 1 is above MAX 0.05",
}
# Transitions that do not begin with exactly the first picture, or do not end with exactly the second.
ISF_LAWLESS = {
    "Bow Tie Horizontal.fs", "Bow Tie Vertical.fs", "Butterfly Wave Scrawler.fs",
    "Inverted Page Curl.fs", "Luma Transition.fs", "Ripple Transition.fs", "Undulating Burn Out.fs",
}  # fmt: skip
GL_LAWLESS = {
    "AdvancedMosaic.glsl", "BlockDissolve.glsl", "BowTieHorizontal.glsl", "BowTieVertical.glsl",
    "InvertedPageCurl.glsl", "Radial.glsl", "luma.glsl", "tangentMotionBlur.glsl", "undulatingBurnOut.glsl",
}  # fmt: skip


def judged(variable: str) -> dict[str, Verdict]:
    """The verdicts on the collection in the folder that the environment names."""
    folder = Path(os.environ.get(variable, ""))
    if not os.environ.get(variable) or not folder.is_dir():
        pytest.skip(f"{variable} names no folder")
    try:
        found = list(judge_files(effect_files([folder]), limit_s=120.0))
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    return {Path(v.file).name: v for v in found}


def test_the_isf_collection() -> None:
    found = judged("PHOSPHENE_ISF_FILES")
    assert [n for n, v in found.items() if not v.compiles] == []
    wrong = {n: v.error for n, v in found.items() if v.error}
    assert wrong.keys() == ISF_WRONG.keys() & found.keys()
    assert [n for n, text in wrong.items() if ISF_WRONG[n] not in text] == []
    assert {n for n, v in found.items() if not v.good and not v.error} == ISF_LAWLESS & found.keys()
    assert [n for n, v in found.items() if not v.deterministic or v.leaks] == []


def test_the_gl_transitions() -> None:
    found = judged("PHOSPHENE_GL_TRANSITIONS")
    assert [(n, v.error) for n, v in found.items() if v.error or not v.compiles or not v.draws] == []
    assert {n for n, v in found.items() if not v.good} == GL_LAWLESS & found.keys()
    assert [n for n, v in found.items() if not v.deterministic or v.leaks] == []
