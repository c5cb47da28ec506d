"""The background plate: what is learnt, from where, and how it holds when light, camera and furniture change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from helpers import to_codes, to_linear
from phosphene.engine.core.frame import Floats, Frame, Pixels
from phosphene.engine.core.imaging import rgba
from phosphene.engine.core.results import Mask
from phosphene.engine.matte.clean_plate import CleanPlate, CleanPlateView, continued

SIZE = (320, 180)
WIDTH, HEIGHT = SIZE
PERSON = (230, 20, 160)
FPS = 30.0


def room(seed: int = 0) -> Pixels:
    """Soft shapes of many sizes, larger than the picture, so that it can be shifted."""
    rng = np.random.default_rng(seed)
    parts = [cv2.resize(rng.random((n * 9 // 16 + 1, n, 3)), (WIDTH + 80, HEIGHT + 80)) for n in (4, 12, 60)]
    return np.clip(40 + 170 * (0.5 * parts[0] + 0.3 * parts[1] + 0.2 * parts[2]), 0, 255).astype(np.uint8)


ROOM = room()


def seen(
    x: float, light: float = 1.0, shift: tuple[int, int] = (0, 0), of: Pixels = ROOM
) -> tuple[Pixels, Pixels, Floats]:
    """The picture with somebody at `x` (none where below 0), the room alone, and the person's alpha."""
    left, top = 40 - shift[0], 40 - shift[1]
    behind = of[top : top + HEIGHT, left : left + WIDTH]
    behind = (to_codes(to_linear(behind) * light) + 0.5).astype(np.uint8)
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH]
    inside = 1.0 - ((xx / WIDTH - x) / 0.1) ** 2 - ((yy / HEIGHT - 0.65) / 0.4) ** 2
    alpha = np.clip(inside * 10, 0, 1).astype(np.float32) if x >= 0 else np.zeros((HEIGHT, WIDTH), np.float32)
    mixed = behind * (1 - alpha[..., None]) + np.array(PERSON) * alpha[..., None]
    return mixed.astype(np.uint8), np.ascontiguousarray(behind), alpha


class Watch:
    """Shows frames to a plate and keeps what it says of the last."""

    def __init__(self) -> None:
        self.plate, self.number = CleanPlate(SIZE), 0
        self.view: CleanPlateView | None = None
        self.texture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)  # as the GPU has it: only the rows that changed are sent

    def look(self, picture: Pixels, alpha: Floats, times: int = 1) -> None:
        mask = cv2.resize(alpha, (128, 72), interpolation=cv2.INTER_AREA)
        for _ in range(times):
            frame = Frame(self.number, self.number / FPS, np.ascontiguousarray(picture))
            found = Mask(self.number, mask, bool(alpha.any()))
            self.view = self.plate.update(frame, rgba(frame.pixels), found)
            top, bottom = self.view.rows
            self.texture[top:bottom] = self.plate.colors[top:bottom]
            self.number += 1

    def walk(self, places: Floats, **values: object) -> None:
        for x in places:
            picture, _, alpha = seen(float(x), **values)  # type: ignore[arg-type]
            self.look(picture, alpha)

    def large(self, plane: Floats) -> Floats:
        return np.asarray(cv2.resize(plane, SIZE, interpolation=cv2.INTER_LINEAR))

    def shown(self) -> Floats:
        """The plate as codes, as the shader makes it."""
        assert self.view is not None
        guess = self.large(self.view.guess)
        known = to_linear(self.texture[..., :3]) * self.large(self.view.gain)
        return np.asarray(to_codes(guess[..., :3] * (1 - guess[..., 3:]) + known * guess[..., 3:]), np.float32)

    def known(self) -> Floats:
        assert self.view is not None
        return self.large(self.view.guess)[..., 3]

    def cover(self) -> Floats:
        assert self.view is not None
        return self.large(self.view.cover)


ACROSS = np.linspace(0.2, 0.8, 45)


def error(shown: Floats, behind: Pixels, where: Floats) -> float:
    """The mean error in codes behind the person."""
    return float(np.abs(shown - behind).mean(axis=2)[where > 0].mean())


def test_the_room_behind_somebody_who_moved_is_known() -> None:
    watch = Watch()
    watch.walk(np.concatenate([ACROSS, ACROSS[::-1]]))
    picture, behind, alpha = seen(0.5)
    watch.look(picture, alpha)
    assert watch.known()[alpha > 0].min() == 1.0
    assert error(watch.shown(), behind, alpha) < 1.0


def test_the_person_is_covered_whole_and_the_rest_is_left() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    picture, _, alpha = seen(0.5)
    watch.look(picture, alpha)
    assert watch.cover()[alpha > 0.02].min() > 0.98
    far = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((47, 47), np.uint8)) == 0
    assert watch.cover()[far].max() < 0.05


@pytest.mark.parametrize("still_s", [0.0, 5.0])
def test_the_person_is_never_learnt(still_s: float) -> None:
    """Somebody who never moves: what is behind is guessed from round them, and nothing of them is in it."""
    watch = Watch()
    picture, _, alpha = seen(0.5)
    watch.look(picture, alpha, 1 + int(still_s * FPS))
    behind = watch.shown()[alpha > 0]
    assert watch.known()[alpha > 0.5].max() == 0.0
    around = picture[alpha == 0]
    assert behind.min() >= around.min() - 2
    assert behind.max() <= around.max() + 2
    assert np.abs(behind - np.array(PERSON)).max(axis=1).min() > 40


def test_a_mask_that_fails_for_some_frames_puts_nobody_into_the_plate() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    picture, behind, alpha = seen(0.5)
    for _ in range(3):
        watch.look(picture, np.zeros_like(alpha), 4)
        assert watch.cover()[alpha > 0.5].mean() > 0.9, "who was missed is hidden, since the room is known"
        watch.look(picture, alpha, 20)
    assert error(watch.shown(), behind, alpha) < 2.0


def test_somebody_who_is_gone_from_one_frame_to_the_next_is_still_hidden() -> None:
    """Before the room is known, a tracker that says "nobody" for a moment shows nobody and teaches nothing."""
    watch = Watch()
    picture, _, alpha = seen(0.5)
    watch.look(picture, alpha, 10)
    watch.look(picture, np.zeros_like(alpha), 12)
    assert watch.cover()[alpha > 0.5].min() > 0.9
    assert watch.known()[alpha > 0.5].max() == 0.0
    watch.look(picture, np.zeros_like(alpha), 12)
    assert watch.cover().max() == 0.0, "in the end it is believed"


@pytest.mark.parametrize("light", [0.6, 0.85, 1.25])
def test_a_change_of_light_is_carried_over_at_once(light: float) -> None:
    watch = Watch()
    watch.walk(ACROSS)
    watch.walk(np.full(10, 0.5))
    picture, behind, alpha = seen(0.5, light)
    watch.look(picture, alpha)
    clipped = behind.max(axis=2) > 250
    assert error(watch.shown(), behind, alpha * ~clipped) < 2.5
    watch.look(picture, alpha, 60)
    assert error(watch.shown(), behind, alpha * ~clipped) < 2.5


@pytest.mark.parametrize("shift", [(5, 3), (-9, 4), (16, -8)])
def test_a_knocked_camera_is_followed(shift: tuple[int, int]) -> None:
    watch = Watch()
    watch.walk(ACROSS)
    picture, behind, alpha = seen(0.5, shift=shift)
    before = error(watch.shown(), behind, alpha)
    watch.look(picture, alpha, 10)
    assert error(watch.shown(), behind, alpha) < 0.4 * before
    assert error(watch.shown(), behind, alpha) < 3.0


def test_another_room_is_not_filled_with_the_old_one() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    other = room(9)
    picture, _, alpha = seen(0.5, of=other)
    watch.look(picture, alpha, 40)
    assert watch.known()[alpha > 0.5].max() == 0.0
    _, behind, outside = seen(-1.0, of=other)
    assert np.abs(watch.shown() - behind).mean(axis=2)[(watch.known() > 0.9) & (alpha == 0)].mean() < 3.0
    assert not outside.any()


def test_furniture_that_was_moved_is_learnt_after_a_while() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    _, behind, alpha = seen(-1.0)
    behind[20:70, 40:90] = (250, 240, 10)
    watch.look(behind, alpha, 5)
    assert watch.cover()[30:60, 50:80].min() > 0.9, "at first it may be somebody whom the mask misses"
    watch.look(behind, alpha, 60)
    assert watch.cover()[30:60, 50:80].max() == 0.0
    assert np.abs(watch.shown() - behind)[30:60, 50:80].mean() < 3.0


def test_age_and_trust_say_what_is_seen() -> None:
    watch = Watch()
    watch.walk(np.full(30, 0.3))
    cell = watch.plate.grid[0] / WIDTH
    here = int(117 * cell), int(0.3 * WIDTH * cell)
    there = int(90 * cell), int(0.8 * WIDTH * cell)
    assert watch.plate.trust[there] >= 25
    assert watch.plate.trust[here] == 0
    assert watch.plate.age_s[there] == 0
    assert watch.plate.age_s[here] == pytest.approx(29 / FPS, abs=1e-3)


def test_frames_of_another_size_go_on() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    picture, behind, alpha = seen(0.5)
    small = cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)
    watch.plate.resize((160, 90))
    frame = Frame(99, 99 / FPS, small)
    view = watch.plate.update(frame, rgba(small), Mask(99, cv2.resize(alpha, (128, 72), interpolation=cv2.INTER_AREA)))
    assert view.rows == (0, 90), "everything is sent anew"
    assert view.guess[view.cover > 0.9][:, 3].mean() > 0.95
    inside = cv2.resize(alpha, (160, 90)) > 0.9
    wanted = cv2.resize(behind, (160, 90), interpolation=cv2.INTER_AREA)
    assert np.abs(watch.plate.colors[inside][:, :3].astype(int) - wanted[inside]).mean() < 3.0


def test_a_jump_back_in_time_forgets() -> None:
    watch = Watch()
    watch.walk(ACROSS)
    watch.number = 0
    picture, _, alpha = seen(0.5)
    watch.look(picture, alpha)
    assert watch.known()[alpha > 0.5].max() == 0.0


def test_the_same_frames_give_the_same_plate() -> None:
    views = []
    for _ in range(2):
        watch = Watch()
        watch.walk(ACROSS[:20])
        views.append(watch.shown())
    assert np.array_equal(*views)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 101), (64, 36), (333, 217)])
def test_every_size_is_borne(size: tuple[int, int]) -> None:
    plate = CleanPlate(size)
    for number in range(3):
        pixels = np.full((size[1], size[0], 3), 90, np.uint8)
        found = Mask(number, np.zeros((3, 2), np.float32))
        view = plate.update(Frame(number, number / FPS, pixels), rgba(pixels), found)
        assert np.isfinite(view.guess).all()
        assert np.isfinite(view.gain).all()


def test_what_is_continued_lies_between_what_is_known() -> None:
    values = np.zeros((20, 30, 3), np.float32)
    values[:, :10], values[:, 20:] = 0.2, 0.8
    weight = np.ones((20, 30), np.float32)
    weight[:, 10:20] = 0.0
    values[:, 10:20] = 99.0
    out = continued(values, weight, np.float32(0.5))
    assert out.min() >= 0.2 - 1e-5
    assert out.max() <= 0.8 + 1e-5
    assert (np.diff(out[10, 9:21, 0]) > -0.05).all()
    assert np.allclose(continued(values, np.zeros((20, 30), np.float32), np.float32(0.5)), 0.5)
