"""clothing-size: laws over synthetic people (the figure's own lengths are the truth)."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from clothing_size_figure import Figure, mirrored, nobody
from phosphene.effects.clothing_size import ClothingSize, guide, measure, overlay
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Poses

from phosphene import Box, Label, Line

STANDING = Figure()
SIZES = [(320, 180), (640, 480), (1280, 720), (1920, 1080), (720, 1280), (1080, 1920), (480, 480)]


def play(frames: list[Observation], size: tuple[int, int] | None = None, **values: Any) -> ClothingSize:
    effect = ClothingSize(**values)
    effect.prepare(size or frames[0].frame.size)
    last = frames[0].frame.time_s
    for observation in frames:
        effect.update(observation, observation.frame.time_s - last)
        last = observation.frame.time_s
    return effect


def stand(figure: Figure = STANDING, count: int = 12) -> list[Observation]:
    first = figure.observe()
    return [replace(first, frame=replace(first.frame, id=i, time_s=i / 5)) for i in range(count)]


def texts(effect: ClothingSize) -> list[str]:
    return [shape.text for shape in effect.shapes if isinstance(shape, Label)]


def middles(effect: ClothingSize) -> dict[str, float]:
    return {name: known.middle for name, known in effect.found.items()}


def box_of(label: Label, size: tuple[int, int]) -> tuple[float, float, float, float]:
    wide, tall = overlay.text_width(label.text, label.size_px), label.size_px * (label.text.count("\n") + 1)
    x, y = label.at[0] * size[0] - label.anchor[0] * wide, label.at[1] * size[1] - label.anchor[1] * tall
    return x, y, x + wide, y + tall


def test_measures_the_figures_own_lengths() -> None:
    figure = Figure((1280, 960), (640, 480))
    reading = measure.read(figure.pose(), figure.mask(), figure.size)
    assert reading.faults == ()
    assert reading.ratios["chest_breadth"] == pytest.approx(0.19, rel=0.025)
    assert reading.ratios["waist_breadth"] == pytest.approx(0.17, rel=0.025)
    assert reading.ratios["hip_breadth"] == pytest.approx(0.20, rel=0.025)
    assert reading.ratios["shoulders"] == pytest.approx(0.19, rel=0.02)
    assert reading.ratios["hip_joint_height"] == pytest.approx(0.52, rel=0.02)


@pytest.mark.parametrize("tilt_deg", [-10.0, -4.0, 4.0, 10.0])
def test_a_tilted_camera_changes_little(tilt_deg: float) -> None:
    plain = Figure((1280, 960), (640, 480), tall=0.7, floor=0.88)
    tilted = replace(plain, tilt_deg=tilt_deg)
    a = measure.read(plain.pose(), plain.mask(), plain.size).ratios
    b = measure.read(tilted.pose(), tilted.mask(), tilted.size).ratios
    for name in a:
        assert b[name] == pytest.approx(a[name], rel=0.03), name


def test_lines_end_at_the_silhouettes_edges() -> None:
    figure = Figure((1280, 960), (640, 480))
    lines = measure.read(figure.pose(), figure.mask(), figure.size).lines
    for name, half in (("chest", 0.095), ("waist", 0.085), ("hips", 0.10)):
        (x0, y0), (x1, y1) = lines[name]
        assert y0 == pytest.approx(y1)
        assert (x1 - x0) / 2 * 1280 == pytest.approx(half * 0.8 * 960, rel=0.03)


def test_finishes_with_a_card_and_says_that_it_is_an_estimate() -> None:
    effect = play(stand(), height_cm=175)
    assert effect.done
    shown = " ".join(texts(effect))
    assert "estimate" in shown
    assert "90 % interval" in shown
    assert all(name in texts(effect) for name in overlay.NAMES.values())


@pytest.mark.parametrize("weight_kg", [0.0, 72.0])
@pytest.mark.parametrize("sex", ["unspecified", "female", "male"])
@pytest.mark.parametrize("clothing", ["tight", "everyday", "loose"])
def test_intervals_hold_the_estimate(weight_kg: float, sex: str, clothing: str) -> None:
    effect = play(stand(), height_cm=172, weight_kg=weight_kg, sex=sex, clothing=clothing)
    for known in effect.found.values():
        low, high = known.interval
        assert low < known.middle < high
        assert high - low > 1.0


def test_twice_the_pixels_same_centimetres() -> None:
    small = play(stand(Figure((640, 480), (320, 240))), height_cm=175)
    large = play(stand(Figure((1280, 960), (640, 480))), height_cm=175)
    for name, cm in middles(small).items():
        assert middles(large)[name] == pytest.approx(cm, rel=0.015), name


@pytest.mark.parametrize("tall", [0.5, 0.65, 0.8])
def test_nearer_or_farther_same_centimetres(tall: float) -> None:
    here = play(stand(Figure((1280, 960), (640, 480), tall=0.8)), height_cm=175)
    there = play(stand(Figure((1280, 960), (640, 480), tall=tall)), height_cm=175)
    for name, cm in middles(here).items():
        assert middles(there)[name] == pytest.approx(cm, rel=0.02), name


def test_mirrored_picture_same_result() -> None:
    plain = play(stand(), height_cm=175)
    mirror = play([mirrored(o) for o in stand()], height_cm=175)
    for name, cm in middles(plain).items():
        assert middles(mirror)[name] == pytest.approx(cm, rel=0.01), name


def test_taller_height_larger_body() -> None:
    short, tall = play(stand(), height_cm=160, sex="male"), play(stand(), height_cm=190, sex="male")
    for name, cm in middles(short).items():
        assert 1.08 < middles(tall)[name] / cm < 1.28, name


def test_wider_silhouette_larger_girths() -> None:
    slim, wide = play(stand(Figure(wide=0.92)), height_cm=175), play(stand(Figure(wide=1.08)), height_cm=175)
    for name in ("chest", "waist", "hips"):
        assert middles(wide)[name] > middles(slim)[name] + 2.0


def test_heavier_larger_girths() -> None:
    light = play(stand(), height_cm=175, weight_kg=60)
    heavy = play(stand(), height_cm=175, weight_kg=95)
    for name in ("chest", "waist", "hips"):
        assert middles(heavy)[name] > middles(light)[name] + 3.0


def test_no_height_is_said_and_widens_every_interval() -> None:
    known, unknown = play(stand(), height_cm=170), play(stand())
    assert any("scale is assumed" in text for text in texts(unknown))
    assert not any("scale is assumed" in text for text in texts(known))
    for name, estimate in known.found.items():
        low, high = estimate.interval
        wide_low, wide_high = unknown.found[name].interval
        assert wide_high - wide_low > 1.15 * (high - low), name


@pytest.mark.parametrize(("more", "less"), [("everyday", "tight"), ("loose", "everyday")])
def test_looser_clothes_wider_intervals_and_smaller_bodies(more: str, less: str) -> None:
    a, b = play(stand(), height_cm=175, clothing=more), play(stand(), height_cm=175, clothing=less)
    for name in ("chest", "waist", "hips"):
        (low_a, high_a), (low_b, high_b) = a.found[name].interval, b.found[name].interval
        assert high_a - low_a > high_b - low_b
        assert a.found[name].middle < b.found[name].middle


LARGE = Figure((1280, 960), (640, 480), tall=0.7, floor=0.88)


def trembling(figure: Figure, spread: float) -> list[Observation]:
    rng = np.random.default_rng(0)
    frames = [
        replace(figure, centre=0.5 + rng.normal(0, spread), wide=1 + rng.normal(0, 3 * spread)) for _ in range(24)
    ]
    return [frame.observe(i, 5.0) for i, frame in enumerate(frames)]


@pytest.mark.parametrize(
    ("worse", "values", "said"),
    [
        (stand(replace(LARGE, arms=0.35)), {}, "arms near the body"),
        (stand(replace(LARGE, tilt_deg=10.0)), {}, "camera tilted"),
        (trembling(LARGE, 0.01), {}, ""),
        (stand(replace(LARGE, wide=1.3)), {"weight_kg": 75.0}, "loose clothes?"),
    ],
    ids=["arms", "tilt", "motion", "loose clothes"],
)
def test_what_lowers_trust_is_said_and_widens_every_girth(
    worse: list[Observation], values: dict[str, Any], said: str
) -> None:
    plain, doubtful = play(stand(LARGE), height_cm=175, **values), play(worse, height_cm=175, **values)
    for name in ("chest", "waist", "hips"):
        (low, high), (wide_low, wide_high) = plain.found[name].interval, doubtful.found[name].interval
        assert (wide_high / wide_low) > (high / low), name
    warned = " ".join(doubtful.report()["warnings"])
    assert said in warned
    assert plain.report()["warnings"] == []


def test_changing_the_height_later_renews_the_numbers() -> None:
    frames = stand()
    effect = play(frames, height_cm=160)
    before = middles(effect)
    effect.height_cm = 190.0
    effect.update(frames[-1], 0.1)
    assert all(cm > before[name] for name, cm in middles(effect).items())


def test_nobody_gives_advice_and_no_error() -> None:
    effect = play([nobody(i) for i in range(5)])
    assert texts(effect) == [guide.ENTER]


def test_unknown_trackers_give_advice_and_no_error() -> None:
    frame = nobody().frame
    effect = play([Observation(frame)])
    assert texts(effect) == [guide.ENTER]


def test_no_outline_is_said() -> None:
    observation = Figure().observe()
    pose = replace(observation.poses[0], mask=None)
    effect = play([Observation(observation.frame, {"pose": Poses(0, (pose,))})])
    assert texts(effect)[0] == guide.OUTLINE


def test_the_persons_mask_serves_where_the_pose_has_none() -> None:
    frames = []
    for observation in stand():
        bare = Poses(observation.frame.id, (replace(observation.poses[0], mask=None),))
        frames.append(Observation(observation.frame, {"pose": bare, "person": observation.mask}))
    assert middles(play(frames, height_cm=175)) == middles(play(stand(), height_cm=175))


@pytest.mark.parametrize(
    ("figure", "advice"),
    [
        (Figure(floor=1.12), guide.STEP_BACK),
        (Figure(tall=1.6, floor=1.65), guide.STEP_BACK),
        (Figure(tall=0.95, floor=0.90), guide.STEP_BACK),
        (Figure(centre=0.02), guide.MIDDLE),
        (Figure(tall=0.28), guide.CLOSER),
        (Figure(arms=0.0), guide.ARMS_OFF),
        (Figure(turn_deg=50.0), guide.FRONT),
        (Figure(tall=0.6, floor=0.8, tilt_deg=30.0), guide.UPRIGHT),
    ],
)
def test_advice(figure: Figure, advice: str) -> None:
    effect = play(stand(figure, 5), height_cm=175)
    assert texts(effect)[0] == advice
    assert not effect.done
    assert not effect.found


def test_bent_knees_are_not_measured() -> None:
    observation = Figure().observe()
    world = observation.poses[0].world.copy()
    world[[25, 26], 2] -= 0.25
    bent = Poses(0, (replace(observation.poses[0], world=world),))
    assert texts(play([Observation(observation.frame, {"pose": bent})]))[0] == guide.UPRIGHT


def test_raised_arms_are_sent_down() -> None:
    observation = Figure().observe()
    points = observation.poses[0].points.copy()
    points[[15, 16], 1] = points[0, 1]
    raised = Poses(0, (replace(observation.poses[0], points=points),))
    assert texts(play([Observation(observation.frame, {"pose": raised})]))[0] == guide.LOWER_ARMS


def test_two_people_are_one_too_many() -> None:
    figure = Figure((1280, 480), (640, 240), centre=0.3)
    observation = figure.observe(others=(replace(figure, centre=0.7).pose(1),))
    assert texts(play([observation]))[0] == guide.ONE_PERSON


def test_someone_small_far_behind_does_not_matter() -> None:
    figure = Figure((1280, 480), (640, 240), centre=0.3)
    observation = figure.observe(others=(replace(figure, centre=0.7, tall=0.2).pose(1),))
    assert guide.ONE_PERSON not in texts(play([observation]))


def test_a_second_find_of_the_same_body_is_one_person() -> None:
    figure = Figure()
    assert len(guide.people([figure.pose(), replace(figure, centre=0.51).pose(1)])) == 1


def test_walking_is_asked_to_hold_still() -> None:
    frames = [replace(Figure(), centre=0.3 + 0.02 * i).observe(i) for i in range(10)]
    effect = play(frames, height_cm=175)
    assert texts(effect)[0] == guide.STILL
    assert not effect.done


def test_progress_rises_and_ends_in_the_card() -> None:
    effect = ClothingSize(height_cm=175, hold_s=1.0)
    effect.prepare((640, 480))
    done = []
    for i, observation in enumerate(stand(count=15)):
        effect.update(observation, 0.1 if i else 0.0)
        done.append(effect.done)
    assert not done[0]
    assert done[-1]
    assert done == sorted(done)


def test_a_single_photo_with_no_time_to_hold() -> None:
    effect = play(stand(count=1), height_cm=175, hold_s=0)
    assert effect.done
    assert set(effect.found) >= set(overlay.NAMES)


def test_forgets_who_left() -> None:
    frames = stand(count=30)
    gone = [nobody(60 + i) for i in range(15)]
    effect = play(frames + gone, height_cm=175)
    assert not effect.done
    assert not effect.found


def test_a_short_loss_is_forgiven() -> None:
    effect = play([*stand(count=30), nobody(60), nobody(61)], height_cm=175)
    assert effect.done


def test_deterministic() -> None:
    assert play(stand(), height_cm=175).shapes == play(stand(), height_cm=175).shapes


def test_lines_do_not_tremble() -> None:
    effect = ClothingSize(height_cm=175)
    effect.prepare((640, 480))
    ends = []
    for i in range(40):
        wobble = Figure(wide=1.0 + (0.02 if i % 2 else -0.02))
        effect.update(wobble.observe(i, 30.0), 1 / 30 if i else 0.0)
        ends.append(effect.lines.held["waist"][0][0])
    raw = abs(0.02 * 0.085 * 2 / 0.28)
    assert max(ends[-10:]) - min(ends[-10:]) < 0.35 * raw


BARE = re.compile(r"\d+(\.\d+)?\s*(cm|kg|in\b|\")")
INTERVAL = re.compile(r"\d+–\d+ cm")


@pytest.mark.parametrize("values", [{}, {"height_cm": 175}, {"height_cm": 175, "weight_kg": 80, "sex": "male"}])
def test_never_one_bare_number(values: dict[str, Any]) -> None:
    effect = ClothingSize(**values)
    effect.prepare((640, 480))
    seen = 0
    for i, observation in enumerate(stand()):
        effect.update(observation, 0.2 if i else 0.0)
        for text in texts(effect):
            seen += len(INTERVAL.findall(text))
            rest = INTERVAL.sub("", text)
            assert not BARE.search(rest), text
            assert not re.search(r"\d", re.sub(r"([<>] )?[A-Z0-9]*[SML] \d+ %|90 % intervals", "", rest)), text
    assert seen > 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("centre", [0.32, 0.5, 0.68])
@pytest.mark.parametrize("hold_s", [0.0, 20.0])
def test_texts_stay_inside_and_apart(size: tuple[int, int], centre: float, hold_s: float) -> None:
    tall = 0.8 if size[0] >= size[1] else 0.6
    figure = Figure(size, (size[0] * 180 // size[1], 180), tall=tall, floor=0.9, centre=centre)
    effect = play(stand(figure, 3), height_cm=175, hold_s=hold_s, sex="male")
    labels = [shape for shape in effect.shapes if isinstance(shape, Label)]
    assert len(labels) >= 1
    boxes = [box_of(label, size) for label in labels]
    for label, (x0, y0, x1, y1) in zip(labels, boxes, strict=True):
        assert x0 >= 0 and y0 >= 0 and x1 <= size[0] and y1 <= size[1], (label, size)  # noqa: PT018
        assert label.size_px >= 3.5
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 0.5 or b[3] <= a[1] + 0.5
            assert apart, (labels[i], size)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_the_sizes_read_from_two_metres(size: tuple[int, int]) -> None:
    """On a screen 30 cm high (24 inches) a capital letter, 0.73 of the em, is seen under 16 arc minutes or more."""
    figure = Figure(size, (size[0] * 180 // size[1], 180), tall=0.8, floor=0.9, centre=0.4)
    effect = play(stand(figure, 3), height_cm=175, hold_s=0)
    letters = [s for s in effect.shapes if isinstance(s, Label) and re.fullmatch(r".*[SML] \d+ %", s.text)]
    assert len(letters) >= 2
    for label in letters:
        capital_m = 0.8 * 0.73 * label.size_px / size[1] * 0.30
        assert math.degrees(math.atan(capital_m / 2.0)) * 60 > 16


def test_the_side_is_asked_for_until_it_was_held() -> None:
    effect = play(stand(), height_cm=175, hold_s=1.0)
    assert texts(effect)[0] == guide.SIDE
    effect.fusion.seconds["side"], effect.fusion.counts["side"] = 1.5, 8
    effect.update(stand()[-1], 0.1)
    assert guide.SIDE not in texts(effect)


@pytest.mark.parametrize("size", SIZES)
def test_advice_fits_the_picture(size: tuple[int, int]) -> None:
    for advice in (guide.ENTER, guide.ONE_PERSON, guide.STEP_BACK, guide.OUTLINE):
        for shape in overlay.draw(overlay.View(advice, True, 0.5, True), size):
            if isinstance(shape, Label):
                x0, y0, x1, y1 = box_of(shape, size)
                assert x0 >= 0 and y0 >= 0 and x1 <= size[0] and y1 <= size[1]  # noqa: PT018


def test_scales_with_the_picture() -> None:
    small = play(stand(Figure((640, 360), (320, 180))), height_cm=175).shapes
    large = play(stand(Figure((1280, 720), (320, 180))), height_cm=175).shapes
    pairs = [(a, b) for a, b in zip(small, large, strict=True) if isinstance(a, Label) and isinstance(b, Label)]
    assert pairs
    for a, b in pairs:
        assert b.size_px == pytest.approx(2 * a.size_px, rel=0.02)


def test_invisible_on_request() -> None:
    assert not play(stand(), height_cm=175, visible=False).shapes


def test_only_plain_shapes() -> None:
    assert {type(shape) for shape in play(stand()).shapes} == {Line, Box, Label}
