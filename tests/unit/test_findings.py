"""The effect that draws what models found: boxes that neither shake nor flicker, and names."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import noise
from phosphene.effects.findings import COLORS, Findings, color_of, overlap, rounded
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Classification, Detection, Detections, Landmarks

from phosphene import Box, Label, Line

FRAME = Frame(0, 0.0, noise((64, 36)))


def effect(model: str = "objects", **values: float) -> Findings:
    made = Findings(model=model, **values)
    made.prepare((64, 36))
    return made


def things(*found: tuple[str, float, float]) -> Observation:
    """Things called so, so sure, so far to the right."""
    items = tuple(Detection(label, score, np.array([x, 0.2, x + 0.3, 0.8], np.float32)) for label, score, x in found)
    return Observation(FRAME, {"model.objects": Detections(0, items)})


def labels(made: Findings) -> list[str]:
    return [shape.text for shape in made.shapes if isinstance(shape, Label)]


def test_it_asks_for_its_model_alone() -> None:
    assert effect().wants() == ("model.objects",)
    assert effect("mine").wants() == ("model.mine",)


def test_boxes_with_their_names() -> None:
    made = effect()
    made.update(things(("cup", 0.9, 0.1), ("cat", 0.62, 0.5), ("dog", 0.1, 0.3), ("???", 0.9, 0.6)), 0.0)
    assert labels(made) == ["cup 90%", "cat 60%"]
    assert sum(isinstance(shape, Line) for shape in made.shapes) == 16


def test_only_the_surest_are_drawn() -> None:
    made = effect(most=1)
    made.update(things(("cup", 0.5, 0.1), ("cat", 0.9, 0.5)), 0.0)
    assert labels(made) == ["cat 90%"]


def test_a_box_glides_and_stays_for_a_moment() -> None:
    made = effect()
    made.update(things(("cup", 0.8, 0.1)), 0.0)
    made.update(things(("cup", 0.8, 0.2)), 0.033)
    left = min(shape.start[0] for shape in made.shapes if isinstance(shape, Line))
    assert 0.1 < left < 0.2
    made.update(things(), 0.2)
    assert labels(made) == ["cup 80%"]
    made.update(things(), 0.2)
    assert labels(made) == []


def test_two_of_a_kind_stay_two() -> None:
    made = effect()
    for n in range(3):
        made.update(things(("cup", 0.8, 0.1), ("cup", 0.7, 0.6)), 0.033 * n)
    assert len(labels(made)) == 2


def test_names_with_bars() -> None:
    scores = np.array([0.05, 0.7, 0.2], np.float32)
    made = effect("m", most=2)
    made.update(Observation(FRAME, {"model.m": Classification(0, ("a", "b", "c"), scores, scores)}), 0.0)
    assert labels(made) == ["b 70%", "c 20%"]
    assert sum(isinstance(shape, Box) for shape in made.shapes) == 3


def test_a_guess_is_grey_and_a_wild_one_is_not_told() -> None:
    scores = np.array([0.15, 0.1], np.float32)
    made = effect("m", least=0.5)
    made.update(Observation(FRAME, {"model.m": Classification(0, ("a", "b"), scores, scores)}), 0.0)
    assert labels(made) == ["a 15%"]
    assert [shape.color for shape in made.shapes if isinstance(shape, Box)][1:] == ["#b0b0b0"]


def test_points() -> None:
    made = effect("m")
    found = Landmarks(0, np.array([[0.1, 0.2, 0], [0.3, 0.4, 0]], np.float32), np.array([0.9, 0.1], np.float32))
    made.update(Observation(FRAME, {"model.m": found}), 0.0)
    assert [shape.start for shape in made.shapes if isinstance(shape, Line)] == [pytest.approx((0.1, 0.2))]


def test_nothing_known_draws_nothing() -> None:
    made = effect()
    made.update(things(("cup", 0.9, 0.1)), 0.0)
    made.update(Observation(FRAME), 0.03)
    assert list(made.shapes) == []


def test_overlap_colours_and_percent() -> None:
    square = np.array([0.0, 0.0, 1.0, 1.0])
    assert overlap(square, square) == pytest.approx(1.0)
    assert overlap(square, square + 2.0) == 0.0
    assert color_of("cup") == color_of("cup") in COLORS
    assert [rounded(s) for s in (0.0, 0.52, 0.53, 1.0)] == [0, 50, 55, 100]
