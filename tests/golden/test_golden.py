"""Every scene looks as it did: compared with pictures that were looked at. Renew: `python -m tests.golden.renew`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.models import store as models
from phosphene.engine.scene.registry import Registry

from tests.golden.golden_cases import CASES, PICTURES, Case, load, render, save

pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_picture(case: Case, tmp_path: Path) -> None:
    """No more than the allowed share of pixels is off by more than the allowed number of codes."""
    missing = [name for name in case.models if not models.state(name).ready]
    if missing:
        pytest.skip(f"not fetched: `phosphene models --fetch {' '.join(missing)}`")
    wanted, got = load(case.path), render(case)
    assert got.shape == wanted.shape
    change = np.abs(got.astype(np.int16) - wanted).max(axis=2)
    off = float((change > case.codes).mean())
    if off > case.share:
        save(tmp_path / f"{case.name}_actual.png", got)
        loud = np.clip(change * 8, 0, 255).astype(np.uint8)
        save(tmp_path / f"{case.name}_difference.png", np.dstack([loud, loud, loud, np.full_like(loud, 255)]))
        pytest.fail(
            f"{case.name}: {100 * off:.2f} % of the pixels are off by more than {case.codes} codes (allowed "
            f"{100 * case.share:g} %, largest {change.max()}); actual picture and difference × 8 are in {tmp_path}; "
            f"if the change is meant: python -m tests.golden.renew {case.name}, and look at it"
        )


def test_every_scene_has_a_picture() -> None:
    """A new scene needs a golden picture, and no picture is left over."""
    assert {case.scene for case in CASES} == set(Registry().scenes())
    assert {path.stem for path in PICTURES.glob("*.png")} == {case.name for case in CASES}


def test_the_tolerance_tells(tmp_path: Path) -> None:
    """Beams of another colour, or a picture that is shifted by two pixels, would be found."""
    pictures = {case.name: load(case.path).astype(np.int16) for case in CASES}
    other = np.abs(pictures["laser-eyes"] - pictures["laser-eyes-green"]).max(axis=2) > 3
    assert other.mean() > 0.04
    for case in CASES:
        shifted = np.abs(np.roll(pictures[case.name], 2, axis=1) - pictures[case.name]).max(axis=2) > case.codes
        assert shifted.mean() > case.share, case.name
