"""A model's picture in the camera's place, and its mask as a cut-out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import draw, plain, scene
from phosphene.effects.model_picture import ModelPicture
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask, ModelImage
from phosphene.engine.renderer.gpu import Gpu

SIZE = (64, 36)
pytestmark = pytest.mark.gl


def shown(gpu: Gpu, found: Any, **values: Any) -> np.ndarray:
    results = {} if found is None else {"model.style": found}
    return draw(
        gpu,
        scene(ModelPicture(model="style", **values)),
        Observation(Frame(0, 0.0, plain(SIZE, (120, 90, 60))), results),
    )


def test_the_models_picture_takes_the_place_of_the_cameras(gpu: Gpu) -> None:
    picture = ModelImage(0, plain((8, 8), (10, 200, 30)))
    assert np.abs(shown(gpu, picture)[18, 32, :3].astype(int) - (10, 200, 30)).max() <= 2
    assert np.abs(shown(gpu, picture, amount=0.0)[18, 32, :3].astype(int) - (120, 90, 60)).max() <= 2


def test_what_the_model_was_not_shown_stays_as_it_is(gpu: Gpu) -> None:
    picture = ModelImage(0, plain((8, 8), (10, 200, 30)), (0.25, 0.0, 0.75, 1.0))
    image = shown(gpu, picture)
    assert np.abs(image[18, 4, :3].astype(int) - (120, 90, 60)).max() <= 2
    assert np.abs(image[18, 32, :3].astype(int) - (10, 200, 30)).max() <= 2


def test_the_cameras_light_with_the_models_colours(gpu: Gpu) -> None:
    image = shown(gpu, ModelImage(0, plain((8, 8), (0, 255, 0))), detail="camera")
    assert image[18, 32, 1] > image[18, 32, 0]
    assert image[18, 32, 1] < 200


def test_a_mask_cuts_out(gpu: Gpu) -> None:
    confidence = np.zeros((4, 8), np.float32)
    confidence[:, 4:] = 1.0
    image = shown(gpu, Mask(0, confidence))
    assert image[18, 4, 3] == 0
    assert image[18, 60, 3] == 255


def test_nothing_known_changes_nothing(gpu: Gpu) -> None:
    assert np.abs(shown(gpu, None)[18, 32, :3].astype(int) - (120, 90, 60)).max() <= 2
