"""Thirty files of the public collections against what they looked like when their pictures were looked at."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.renderer.gpu import Gpu

from tests.golden.reference_shaders import CELLS, FILE, SAMPLES, drawn, folder, grid

pytestmark = pytest.mark.gl

# The mean of a cell: rasterisers differ by 3 codes a pixel (their JIT's reciprocals), and in where an edge falls.
WORST_CODES, MEAN_CODES = 8.0, 2.0
REFERENCES = json.loads(FILE.read_text(encoding="utf-8"))
ALL = [(variable, name) for variable, names in SAMPLES.items() for name in names]


def test_there_are_thirty() -> None:
    assert len(ALL) == 30
    assert [name for _, name in ALL] == list(REFERENCES)


def test_the_references_differ_from_one_another() -> None:
    """None is blank, and no two are alike: a shader that draws another's picture would be seen."""
    grids = np.array(list(REFERENCES.values()), float).reshape(len(REFERENCES), -1)
    assert min(np.ptp(g) for g in grids) > 20
    apart = np.abs(grids[:, None] - grids[None]).max(axis=2) + 1000 * np.eye(len(grids))
    assert apart.min() > WORST_CODES


@pytest.mark.parametrize(("variable", "name"), ALL, ids=[name for _, name in ALL])
def test_a_file_looks_as_it_did(gpu: Gpu, variable: str, name: str) -> None:
    path: Path | None = folder(variable)
    if path is None:
        pytest.skip(f"{variable} names no folder")
    wanted = np.array(REFERENCES[name], float).reshape(CELLS, CELLS, 3)
    off = np.abs(grid(drawn(gpu, path / name)) - wanted)
    assert off.max() <= WORST_CODES
    assert off.mean() <= MEAN_CODES
