"""Mattes: nobody means nothing, bounds hold, the guided filter's laws, and steadiness over time."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import flat, noise, plain
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.results import Mask
from phosphene.engine.matte.maker import MatteMaker
from phosphene.engine.matte.matte import Matte as Settings
from phosphene.engine.matte.matte import MatteField, bounds

from phosphene.testing import fake_mask

QUALITIES = Settings.quality.options
each_quality = pytest.mark.parametrize("quality", QUALITIES)


def frame(number: int = 0, seed: int = 0) -> Frame:
    return Frame(number, number / 30, noise((96, 54), seed))


def settings(**values: float) -> Settings:
    made = Settings()
    for name, value in values.items():
        made.set(name, value)
    return made


def values(field: MatteField) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(field.values, np.float32)


def alpha(field: MatteField, seen: Frame) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The alpha on the mask's own grid."""
    made = values(field)
    if not field.guided:
        return made[..., 0]
    from phosphene.engine.core.imaging import resize
    from phosphene.engine.matte.guided_filter import colors

    guide = colors(resize(seen.pixels, (made.shape[1], made.shape[0])))
    return (made[..., :3] * guide).sum(axis=2) + made[..., 3]


def settled(quality: str, *masks: Mask, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray:  # type: ignore[type-arg]
    """The alpha after a few frames of one picture."""
    maker = MatteMaker()
    for number, mask in enumerate(masks):
        seen = Frame(number, number / 30, pixels)
        found = alpha(maker.make(Mask(number, mask.confidence, mask.present), seen, quality), seen)
    return found


@each_quality
def test_an_absent_person_is_nothing(quality: str) -> None:
    made = MatteMaker().make(Mask(0, np.zeros((9, 16), np.float32), False), frame(), quality)
    assert made.bounds is None
    assert not values(made).any()


@each_quality
def test_a_mask_of_nothing_is_nothing(quality: str) -> None:
    made = MatteMaker().make(Mask(0, np.zeros((9, 16), np.float32)), frame(), quality)
    assert made.bounds is None
    assert not values(made).any()


@each_quality
def test_the_same_frames_give_the_same_mattes(quality: str) -> None:
    def run() -> list[bytes]:
        maker = MatteMaker()
        return [maker.make(fake_mask(n), frame(n, n), quality).values.tobytes() for n in range(4)]

    assert run() == run()


@each_quality
def test_asking_twice_for_one_frame_gives_the_same(quality: str) -> None:
    maker = MatteMaker()
    maker.make(flat(0.3, 0), frame(0), quality)
    mask, seen = fake_mask(1), frame(1)
    first = maker.make(mask, seen, quality).values.tobytes()
    assert maker.make(mask, seen, quality).values.tobytes() == first


@each_quality
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 9), (144, 256)])
def test_masks_of_every_size(quality: str, size: tuple[int, int]) -> None:
    made = MatteMaker().make(fake_mask(0, size), frame(), quality)
    assert np.isfinite(values(made)).all()


@each_quality
def test_the_input_is_not_written_to(quality: str) -> None:
    mask, seen = fake_mask(), frame()
    before = mask.confidence.copy(), seen.pixels.copy()
    maker = MatteMaker()
    for number in range(3):
        maker.make(Mask(number, mask.confidence), seen, quality)
    assert np.array_equal(mask.confidence, before[0])
    assert np.array_equal(seen.pixels, before[1])


@each_quality
def test_a_mask_that_changes_its_size_starts_anew(quality: str) -> None:
    picture = plain((96, 54))
    found = settled(quality, flat(1.0, 0, (8, 8)), flat(0.5, 1, (16, 9)), pixels=picture)
    assert found.shape == (9, 16)
    assert np.allclose(found, 0.5, atol=0.05)


@each_quality
def test_somebody_who_comes_back_is_not_mixed_with_who_was_there(quality: str) -> None:
    nobody = Mask(1, np.zeros((36, 64), np.float32), False)
    left, right = np.zeros((36, 64), np.float32), np.zeros((36, 64), np.float32)
    left[:, :20], right[:, 44:] = 1.0, 1.0
    found = settled(quality, Mask(0, left), nobody, Mask(2, right), pixels=plain((96, 54)))
    assert float(found[:, :10].max()) < 0.02
    assert float(found[:, 56:].min()) > 0.9


@each_quality
@pytest.mark.parametrize("confidence", [0.25, 1.0])
def test_a_constant_mask_stays_constant_whatever_the_picture(quality: str, confidence: float) -> None:
    found = settled(quality, flat(confidence), flat(confidence), pixels=noise((96, 54)))
    assert np.allclose(found, confidence, atol=0.02)


@each_quality
def test_noise_is_steadied_and_motion_passes_at_once(quality: str) -> None:
    picture = plain((96, 54))
    calm = settled(quality, flat(0.5), flat(0.54), pixels=picture)[18, 32]
    quick = settled(quality, flat(0.0), flat(1.0), pixels=picture)[18, 32]
    assert 0.495 < calm < 0.535
    assert quick == pytest.approx(1.0, abs=0.05)


@each_quality
@pytest.mark.parametrize("held", [1, 5])
def test_a_mistake_is_let_go_though_nothing_moved(quality: str, held: int) -> None:
    """A place that one mask took for somebody shows the room for as long as steadiness keeps it."""
    person = fake_mask().confidence.copy()
    person[person < 0.05] = 0.0
    mistaken = person.copy()
    mistaken[4:14, 52:62] = 0.9
    masks = [Mask(n, mistaken) for n in range(held)]
    before = settled(quality, *masks, pixels=plain((96, 54)))
    after = settled(quality, *masks, Mask(held, person), pixels=plain((96, 54)))
    begins = settings().shape()[0]
    assert float(before[9, 57]) > 0.8
    assert float(after[:, 50:].max()) <= begins + 0.001


@pytest.mark.parametrize("quality", [q for q in QUALITIES if q != "draft"])
def test_an_edge_of_the_picture_becomes_the_edge_of_the_matte(quality: str) -> None:
    picture = np.zeros((64, 256, 3), np.uint8)
    picture[:, 128:] = 255
    soft = np.clip((np.arange(256, dtype=np.float32) - 123) / 4, 0, 1)[None].repeat(
        64, axis=0
    )  # two cells too far left
    found = settled(quality, Mask(0, soft), pixels=picture)[32]
    assert found[128] - found[127] > 0.2
    assert found[127] < soft[32, 127] - 0.2
    assert found[100] < 0.02
    assert found[156] > 0.98


# Bounds


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (3, 2, 9, 7), (0, 0, 64, 36), (63, 35, 64, 36)])
def test_bounds_hold_everything(box: tuple[int, int, int, int]) -> None:
    mask = np.zeros((36, 64), np.float32)
    mask[box[1] : box[3], box[0] : box[2]] = 1.0
    found = bounds(mask)
    assert found is not None
    left, top, right, bottom = found
    assert 0.0 <= left <= box[0] / 64 < box[2] / 64 <= right <= 1.0
    assert 0.0 <= top <= box[1] / 36 < box[3] / 36 <= bottom <= 1.0


def test_nothing_has_no_bounds() -> None:
    assert bounds(np.zeros((4, 4), np.float32)) is None
    assert bounds(np.full((4, 4), 0.01, np.float32)) is None


@each_quality
@pytest.mark.parametrize("seed", range(3))
def test_outside_the_bounds_the_alpha_is_nothing(quality: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((144, 256), np.float32)
    x, y = rng.integers(20, 200), rng.integers(20, 100)
    mask[y : y + 30, x : x + 40] = rng.random((30, 40), np.float32)
    seen = Frame(0, 0.0, noise((256, 144), seed))
    made = MatteMaker().make(Mask(0, mask), seen, quality)
    assert made.bounds is not None
    outside = np.ones(mask.shape, bool)
    left, top, right, bottom = made.bounds
    outside[int(top * 144) : int(np.ceil(bottom * 144)), int(left * 256) : int(np.ceil(right * 256))] = False
    assert outside.any()
    assert float(np.abs(alpha(made, seen)[outside]).max()) < 0.015


# Settings


@pytest.mark.parametrize("softness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("grow", [-1.0, -0.3, 0.0, 1.0])
def test_the_edge_always_has_a_beginning_and_an_end(softness: float, grow: float) -> None:
    low, high = settings(softness=softness, grow=grow).shape()
    assert 0.0 < low < high < 1.0


def test_softer_is_wider_and_growing_begins_earlier() -> None:
    narrow, wide = settings(softness=0.0).shape(), settings(softness=1.0).shape()
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert settings(grow=0.5).shape()[0] < settings(grow=-0.5).shape()[0]
