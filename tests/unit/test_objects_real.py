"""The boxes of the detector that comes with the engine are those that MediaPipe finds with the same model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.core.frame import Frame
from phosphene.engine.models import store as models
from phosphene.engine.models.mediapipe import load
from phosphene.engine.trackers.custom.find import by_name
from phosphene.engine.trackers.custom.node import Node
from PIL import Image

NAME = "efficientdet_lite0"


@pytest.mark.slow
@pytest.mark.skipif(not models.state(NAME).ready, reason=f"phosphene models --fetch {NAME}")
@pytest.mark.parametrize(
    "picture", ["multi/tfjs_three_people.jpg", "portrait/astronaut.png", "hard/dogs_not_people.jpg"]
)
def test_boxes_are_those_of_mediapipe(data_dir: Path, picture: str) -> None:
    mediapipe, tasks = load()
    pixels = np.array(Image.open(data_dir / picture).convert("RGB"))
    size = np.array([pixels.shape[1], pixels.shape[0]] * 2)
    options = tasks.vision.ObjectDetectorOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(models.path(NAME))), score_threshold=0.6
    )
    with tasks.vision.ObjectDetector.create_from_options(options) as detector:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        expected = [
            (
                found.categories[0].category_name,
                np.array([b.origin_x, b.origin_y, b.origin_x + b.width, b.origin_y + b.height]) / size,
            )
            for found in detector.detect(image).detections
            for b in [found.bounding_box]
        ]
    assert expected
    with Node(by_name("objects")) as node:
        own = node.track(Frame(0, 0.0, pixels)).items
    for label, box in expected:
        off = [float(np.abs(thing.box - np.clip(box, 0.0, 1.0)).max()) for thing in own if thing.label == label]
        assert min(off) < 0.04, (label, box, off)
