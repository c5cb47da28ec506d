"""The turned square that a network looks at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from phosphene.engine.trackers.roi import Roi

SIDE = 64


def picture() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


@pytest.mark.parametrize(
    "roi",
    [
        Roi(100.0, 60.0, 50.0, 0.0),
        Roi(100.3, 60.7, 40.0, 0.6),
        Roi(100.0, 60.0, 400.0, -1.1),  # larger than the picture
        Roi(3.0, 5.0, 60.0, 2.5),  # over a corner
        Roi(196.0, 118.0, 30.0, -2.0),
        Roi(300.0, 60.0, 50.0, 0.3),  # wholly beside it
        Roi(100.0, -90.0, 30.0, 0.0),
        Roi(-500.0, -500.0, 30.0, 1.0),
        Roi(50.0, 50.0, 2.0, 0.0),
    ],
)
def test_a_cut_is_the_turned_part_of_the_whole_picture(roi: Roi) -> None:
    pixels = picture()
    whole = cv2.warpAffine(
        pixels,
        roi.to_image(SIDE),
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    found = roi.cut(pixels, SIDE)
    assert found.shape == (SIDE, SIDE, 3)
    assert found.flags.c_contiguous
    assert np.abs(found.astype(int) - whole.astype(int)).max() <= 2
    assert np.abs(found.astype(int) - whole.astype(int)).mean() < 0.1


def test_a_square_that_is_not_turned_is_a_part_as_it_is() -> None:
    pixels = picture()
    # A pixel's middle lies at a whole number here, as OpenCV and MediaPipe count.
    assert np.array_equal(Roi(72.0, 62.0, 64.0, 0.0).cut(pixels, SIDE), pixels[30 : 30 + SIDE, 40 : 40 + SIDE])
