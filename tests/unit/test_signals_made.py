"""Signals that nobody has to be seen for: waves, random numbers, motion in the picture, the mouse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.scene.signals import Signals, check_name
from phosphene.engine.scene.signals import motion as motion_signals

BLANK = np.zeros((9, 16, 3), np.uint8)
SIZE = 320, 180


def at(name: str, times: Sequence[float], seed: int = 0) -> list[float]:
    signals = Signals(seed)
    return [signals.observe(Observation(Frame(k, t, BLANK))).signals[name] for k, t in enumerate(times)]


# Waves


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lfo.4", [0.0, 0.5, 1.0, 0.5, 0.0]),
        ("lfo.sine.4", [0.0, 0.5, 1.0, 0.5, 0.0]),
        ("lfo.triangle.4", [0.0, 0.5, 1.0, 0.5, 0.0]),
        ("lfo.saw.4", [0.0, 0.25, 0.5, 0.75, 0.0]),
        ("lfo.square.4", [0.0, 0.0, 1.0, 1.0, 0.0]),
        ("lfo.saw.4@0.25", [0.25, 0.5, 0.75, 0.0, 0.25]),
        ("lfo.square.4@0.5", [1.0, 1.0, 0.0, 0.0, 1.0]),
        ("lfo.4@0.5", [1.0, 0.5, 0.0, 0.5, 1.0]),
    ],
)
def test_waves_have_shapes_and_phases(name: str, values: list[float]) -> None:
    assert at(name, [0.0, 1.0, 2.0, 3.0, 4.0]) == pytest.approx(values)


def test_half_a_second_may_be_written() -> None:
    assert at("lfo.saw.0.5", [0.125]) == pytest.approx([0.25])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lfo.sin.4", "did you mean 'sine'"),
        ("lfo.saw", "period"),
        ("lfo.saw.", "period"),
        ("lfo.saw.0", "period"),
        ("lfo.saw.inf", "period"),
        ("lfo.saw.4@", "phase"),
        ("lfo.saw.4@2", "phase"),
        ("lfo.4@x", "phase"),
        ("random.0", "period"),
        ("random.rough.2", "shape 'rough'"),
        ("random.SECONDS", "period"),
        ("random.smooth.SECONDS@PHASE", "period"),
        ("lfo.SHAPE.SECONDS@PHASE", "shape 'SHAPE'"),
    ],
)
def test_what_is_no_wave_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_name(name)
    assert name not in Signals().observe(Observation(Frame(0, 0.0, BLANK))).signals


# Random numbers


def test_random_numbers_stay_for_their_period_and_are_the_same_again() -> None:
    times = [k * 0.25 for k in range(800)]
    values = at("random.2", times, 7)
    assert values == at("random.2", times, 7)
    periods = [values[k : k + 8] for k in range(0, 800, 8)]
    assert all(len(set(period)) == 1 for period in periods)
    drawn = [period[0] for period in periods]
    assert len(set(drawn)) == 100
    assert 0.0 <= min(drawn) < 0.1
    assert 0.9 < max(drawn) < 1.0
    assert 0.4 < float(np.mean(drawn)) < 0.6


def test_another_seed_period_or_phase_gives_other_numbers() -> None:
    times = [0.1, 3.1, 6.1]
    drawn = [at(name, times, seed) for name, seed in (("random.3", 1), ("random.3", 2), ("random.3@0.2", 1))]
    assert len({tuple(d) for d in drawn}) == 3
    assert at("random.1.5", [0.1], 1) != at("random.3", [0.1], 1)


def test_smooth_random_numbers_pass_through_the_others_without_a_jump() -> None:
    times = [k / 30 for k in range(600)]
    values = at("random.smooth.1", times)
    assert max(abs(np.diff(values))) < 0.06
    assert values[::30] == pytest.approx(at("random.1", times[::30]))


# Motion in the picture


def moving(*places: tuple[int, int] | None, noise: float = 0.0, light: Sequence[int] = ()) -> list[dict[str, float]]:
    """The motion of a bright square that jumps from place to place over a grey picture, None where it is away."""
    random, signals, found = np.random.default_rng(2), Signals(), []
    for number, place in enumerate(places):
        image = np.full((SIZE[1], SIZE[0], 3), 90.0) + (light[number] if light else 0)
        if place is not None:
            image[place[1] : place[1] + 40, place[0] : place[0] + 40] = 230.0
        image += random.normal(0.0, noise, image.shape) if noise else 0.0
        frame = Frame(number, number / 30, np.clip(image, 0, 255).astype(np.uint8))
        readings = signals.observe(Observation(frame)).signals
        found.append({name: readings[f"motion.{name}"] for name in ("level", "x", "y")})
    return found


def test_what_moves_is_found_where_it_is() -> None:
    first, still, moved = moving(None, None, (40, 120))
    assert first == still == {"level": 0.0, "x": 0.5, "y": 0.5}
    assert moved["level"] == pytest.approx(40 * 40 / (320 * 180) / 0.25, rel=0.15)
    assert (moved["x"], moved["y"]) == pytest.approx((60 / 320, 140 / 180), abs=0.02)


def test_noise_and_a_light_that_is_switched_on_are_no_movement() -> None:
    assert moving((40, 40), (40, 40), noise=6.0)[1]["level"] < 0.02
    assert moving(None, None, light=(0, 60))[1]["level"] == 0.0


def test_an_image_that_is_shown_once_more_is_not_new() -> None:
    signals, levels = Signals(), []
    images = [np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320, 3), np.uint8)]
    images[1][:90] = 200
    first = Frame(0, 0.0, images[0])
    second = Frame(1, 0.1, images[1])
    for frame in (first, second, Frame(2, 0.2, images[1], held_from=second)):
        levels.append(signals.observe(Observation(frame)).signal("motion.level"))
    assert levels[1] == levels[2] > 0.5


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 9), (1280, 720), (721, 1283)])
def test_any_size_has_motion(size: tuple[int, int]) -> None:
    signals = Signals()
    for number in range(2):
        pixels = np.full((size[1], size[0], 3), 50, np.uint8)
        values = signals.observe(Observation(Frame(number, number / 30, pixels))).signals
    assert values["motion.level"] == 0.0
    assert motion_signals.reduced(Frame(0, 0.0, pixels)).size <= 8000


def test_nobody_who_asks_for_no_motion_pays_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    whole = motion_signals.reduced
    monkeypatch.setattr(motion_signals, "reduced", lambda frame: asked.append(frame.id) or whole(frame))
    signals = Signals()
    seen = [signals.observe(Observation(Frame(n, n / 30, BLANK))).signals for n in range(4)]
    assert [readings["face.smile"] for readings in seen] == [0.0] * 4
    assert asked == []
    assert seen[3]["motion.level"] == seen[3]["motion.x"] - 0.5 == 0.0
    assert sorted(asked) == [2, 3]


# The mouse


def test_the_mouse_is_in_the_middle_where_there_is_none() -> None:
    observed = Observation(Frame(0, 0.0, BLANK))
    assert Signals().observe(observed).signal("mouse.x") == 0.5
    signals = Signals().observe(observed, mouse={"mouse.x": 0.2, "mouse.left": 1.0}).signals
    assert [signals[f"mouse.{part}"] for part in ("x", "y", "left", "right")] == [0.2, 0.5, 1.0, 0.0]
