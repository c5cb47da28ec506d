"""The score: laws of its measures, what it reads as truth, and what the command writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.score import metrics
from phosphene.engine.commands.score.alpha import final_alpha
from phosphene.engine.commands.score.landmarks import IBUG_68, annotated, as_68, error_percent, lag_frames, read_pts
from phosphene.engine.commands.score.quality_levels import LEVELS, Marks, score
from phosphene.engine.commands.score.synthetic import (
    OUTLINE,
    clips_of,
    cutout,
    painted_clips,
    painted_stills,
    room,
    shot,
)
from phosphene.engine.commands.score.truth import Still, drawn, runs, stills
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Floats, Frame, Pixels
from phosphene.engine.core.results import Faces, Mask
from phosphene.engine.matte.matte import Detail

from phosphene.testing import FakeTracker

pytestmark = pytest.mark.slow

SIZE = (96, 64)


def disc(x: float = 48, y: float = 32, radius: float = 20, soft: float = 2.0) -> Floats:
    grid_x, grid_y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    return np.clip(0.5 + (radius - np.hypot(grid_x - x, grid_y - y)) / soft, 0, 1).astype(np.float32)


def still(name: str = "made/disc", alpha: Floats | None = None) -> Still:
    alpha = disc() if alpha is None else alpha
    return Still(name, np.ascontiguousarray((60 + 140 * alpha[..., None].repeat(3, 2)).astype(np.uint8)), alpha)


def test_the_truth_itself_has_full_marks() -> None:
    truth = disc()
    assert metrics.iou(truth, truth) == metrics.boundary_f(truth, truth) == 1.0
    assert metrics.mad(truth, truth) == metrics.gradient_error(truth, truth) == 0.0
    assert metrics.dtssd([truth, disc(50)], [truth, disc(50)]) == 0.0


@pytest.mark.parametrize("measure", [metrics.iou, metrics.boundary_f])
def test_nothing_for_nothing_is_right_and_for_something_wrong(measure: object) -> None:
    assert callable(measure)
    empty = np.zeros_like(disc())
    assert measure(empty, empty) == 1.0
    assert measure(empty, disc()) == measure(disc(), empty) == 0.0


@pytest.mark.parametrize("shift", [4, 8, 16])
def test_further_off_is_worse(shift: int) -> None:
    truth, near, far = disc(), disc(48 + shift / 2), disc(48 + shift)
    assert metrics.iou(near, truth) > metrics.iou(far, truth)
    assert metrics.mad(near, truth) < metrics.mad(far, truth)
    assert metrics.boundary_f(near, truth) >= metrics.boundary_f(far, truth)


def test_a_boundary_within_the_tolerance_is_right() -> None:
    truth = np.zeros((256, 256), np.float32)
    truth[:, 100:] = 1.0
    for offset, expected in ((2, 1.0), (3, 0.0)):
        moved = np.zeros_like(truth)
        moved[:, 100 + offset :] = 1.0
        assert metrics.boundary_f(moved, truth) == expected


def test_the_pictures_own_border_is_no_boundary() -> None:
    assert not metrics.boundary(np.ones((9, 9), np.bool_)).any()


def test_what_is_not_known_counts_for_nothing() -> None:
    truth, known = disc(), np.ones((SIZE[1], SIZE[0]), np.bool_)
    known[:, 48:] = False
    wrong = truth.copy()
    wrong[:, 60:] = 1.0 - wrong[:, 60:]
    assert metrics.iou(wrong, truth, known) == 1.0
    assert metrics.mad(wrong, truth, known) == 0.0


def test_mad_is_in_thousandths() -> None:
    empty = np.zeros((4, 4), np.float32)
    assert metrics.mad(empty + np.float32(0.25), empty) == pytest.approx(250)


def test_a_steady_error_does_not_flicker_and_an_alternating_one_does() -> None:
    truths = [disc()] * 6
    assert metrics.dtssd([disc(52)] * 6, truths) == 0.0
    assert metrics.dtssd([disc(48 + n % 2) for n in range(6)], truths) > 1.0


def test_following_the_truth_is_no_flicker_and_lagging_is() -> None:
    truths = [disc(30 + 3 * n) for n in range(8)]
    assert metrics.dtssd(truths, truths) == 0.0
    lagging = [truths[0], *truths[:-1]]
    assert metrics.dtssd(lagging[1:], truths[1:]) >= 0.0
    sped = [disc(30 + 3 * n + (n % 2)) for n in range(8)]
    assert metrics.dtssd(sped, truths) > 1.0


def test_polygons_are_filled_and_crowds_unknown() -> None:
    notes = [
        {"segmentation": [[2, 2, 10, 2, 10, 10, 2, 10]]},
        {"segmentation": {"size": [16, 20], "counts": [16 * 15, 16 * 5]}, "iscrowd": 1},
    ]
    alpha, known = drawn(notes, (16, 20))
    assert alpha[6, 6] == 1.0
    assert alpha[1, 1] < 0.3
    assert known is not None
    assert known[:, :15].all()
    assert not known[:, 15:].any()


def test_run_lengths_go_down_the_columns() -> None:
    assert runs({"size": [2, 3], "counts": [1, 2, 3]}, (2, 3)).tolist() == [[False, True, False], [True, False, False]]
    assert not runs({"size": [2, 3], "counts": "PP3"}, (2, 3)).any()


def write(path: Path, picture: np.ndarray) -> None:  # type: ignore[type-arg]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


@pytest.fixture
def made_data(tmp_path: Path) -> Path:
    """A folder laid out like real ground truth, of one disc a kind."""
    codes = still().pixels
    write(tmp_path / "coco" / "a.jpg", codes)
    (tmp_path / "coco" / "notes.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "gone.jpg"}],
                "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [[8, 8, 40, 8, 40, 40, 8, 40]]}],
                "categories": [{"id": 1, "name": "person"}],
            }
        )
    )
    write(tmp_path / "masks" / "b.jpg", codes)
    write(tmp_path / "masks" / "b_parts.png", (disc() > 0.5).astype(np.uint8) * 7)
    write(tmp_path / "greenscreen" / "c_composite.png", codes)
    write(tmp_path / "greenscreen" / "c_mask.png", (disc() > 0.5).astype(np.uint8) * 255)
    return tmp_path


def test_every_kind_of_truth_is_read(made_data: Path) -> None:
    found = stills(made_data)
    assert [s.name for s in found] == ["coco/a", "greenscreen/c", "masks/b"]
    assert all(s.alpha.shape == s.pixels.shape[:2] for s in found)
    assert all(0.1 < s.alpha.mean() < 0.9 for s in found)


def test_an_empty_folder_is_no_error_and_a_missing_one_is(tmp_path: Path) -> None:
    assert stills(tmp_path) == []
    with pytest.raises(UsageError, match="no folder"):
        stills(tmp_path / "none")


def test_json_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "coco").mkdir()
    (tmp_path / "coco" / "broken.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read as JSON"):
        stills(tmp_path)


def test_the_real_ground_truth_is_read(data_dir: Path) -> None:
    found = stills(data_dir / "groundtruth")
    assert {s.name.split("/")[0] for s in found} == {"coco", "greenscreen", "masks"}
    assert len(found) >= 16


def test_painted_pictures_hold_a_person_with_hair() -> None:
    person = cutout()
    assert person.alpha.min() >= 0.0
    assert person.alpha.max() <= 1.0
    soft = (person.alpha > 0.05) & (person.alpha < 0.6)
    assert soft.sum() > 1500  # hair, beside the one soft pixel of the outline
    assert len(OUTLINE) > 50


def test_painting_is_the_same_every_time() -> None:
    first, second = painted_stills(), painted_stills()
    assert all(np.array_equal(a.pixels, b.pixels) and np.array_equal(a.alpha, b.alpha) for a, b in zip(first, second))  # noqa: B905
    assert not np.array_equal(room(0), room(1))


def test_a_shot_differs_by_noise_alone() -> None:
    image = np.full((32, 32, 3), 120, np.float32)
    one, other = shot(image, 0), shot(image, 1)
    assert np.array_equal(one, shot(image, 0))
    assert 0 < np.abs(one.astype(int) - other).mean() < 10


def test_painted_clips_rest_and_move() -> None:
    for clip in painted_clips():
        changes = [float(np.abs(b - a).max()) for a, b in zip(clip.alphas, clip.alphas[1:], strict=False)]
        assert (max(changes) > 0.3) == clip.moving


def test_a_still_is_filmed_at_rest_and_moving() -> None:
    rest, moving = clips_of(still(), 5)
    assert not rest.moving
    assert moving.moving
    assert np.array_equal(rest.alphas[0], rest.alphas[-1])
    assert not np.array_equal(moving.alphas[0], moving.alphas[-1])


def coarse(frame: Frame, detail: Detail) -> Mask:
    """A stand-in for the segmenter: brightness, small and uncertain."""
    small = cv2.resize(frame.pixels, (32, 20), interpolation=cv2.INTER_AREA).astype(np.float32).mean(axis=2)
    noise = np.random.default_rng(frame.id).normal(0, 0.03, small.shape)
    return Mask(frame.id, np.clip((small - 60) / 140 + noise, 0, 1).astype(np.float32))


def test_every_rung_is_scored_and_beats_the_raw_mask_on_a_plain_case() -> None:
    marks = score([still()], [], coarse, lambda _: None)
    assert tuple(marks) == LEVELS
    raw = marks["raw"].summary()
    for level in LEVELS[1:]:
        made = marks[level].summary()
        assert made["mad"] < raw["mad"]
        assert made["grad"] < raw["grad"]
        assert made["iou"] >= raw["iou"] - 0.01  # a mask of 32 by 20 cells
        assert made["flicker_still"] < 0.8 * raw["flicker_still"]
        assert made["ms"] is not None
    assert set(marks["best"].by_group()) == {"made"}


def test_marks_of_nothing_are_none() -> None:
    assert set(Marks().summary().values()) == {None}


def test_an_alpha_that_is_not_guided_is_the_soft_step_of_its_values() -> None:
    from phosphene.engine.matte.matte import MatteField

    pixels: Pixels = np.zeros((4, 6, 3), np.uint8)
    field = MatteField(np.full((1, 1, 1), 0.5, np.float16), False, None)
    assert np.allclose(final_alpha(field, pixels, (0.0, 1.0)), 0.5)


def test_the_68_points_are_68_and_each_of_the_mesh() -> None:
    assert len(IBUG_68) == 68
    assert all(0 <= index < 468 for indices in IBUG_68 for index in indices)


def test_points_are_pixels_whose_first_is_at_nought() -> None:
    mesh = np.zeros((478, 3), np.float32)
    mesh[:, :2] = 0.5
    assert np.allclose(as_68(mesh, (100, 50)), [[49.5, 24.5]] * 68)


def test_error_is_a_part_of_the_eyes_distance() -> None:
    true = np.random.default_rng(0).random((68, 2)) * 100
    true[36], true[45] = (0, 0), (50, 0)
    assert error_percent(true, true) == 0.0
    assert error_percent(true + np.array([5, 0]), true) == pytest.approx(10.0)


def test_pts_files_count_from_one(tmp_path: Path) -> None:
    file = tmp_path / "a.pts"
    file.write_text("version: 1\nn_points: 68\n{\n" + "\n".join(f"{n + 1} {2 * n + 1}" for n in range(68)) + "\n}\n")
    points = read_pts(file)
    assert points is not None
    assert points[3].tolist() == [3.0, 6.0]
    file.write_text("version: 1\n{\n1 2\n3 4\n}\n")
    assert read_pts(file) is None
    file.write_text("nothing {a b}")
    assert read_pts(file) is None


def test_real_points_are_found(data_dir: Path) -> None:
    found = list(annotated(data_dir / "groundtruth" / "landmarks"))
    assert len(found) >= 6
    for case in found:
        height, width = case.pixels.shape[:2]
        assert np.median(case.points[:, 0]) < width
        assert np.median(case.points[:, 1]) < height


def test_a_tracker_that_sees_nobody_has_no_lag() -> None:
    assert lag_frames(lambda **_: FakeTracker(lambda frame: Faces(frame.id)), frames=3) is None


@pytest.mark.models
@pytest.mark.slow
def test_the_command_writes_what_it_promises(made_data: Path, models_ready: None, tmp_path: Path) -> None:
    file = tmp_path / "score.json"
    assert main(["score", "--data", str(made_data), "--half", "odd", "--json", str(file)]) == 0
    content = json.loads(file.read_text())
    assert [r["name"] for r in content["rungs"]] == list(LEVELS)
    wanted = {"name", "iou", "boundary_f", "mad", "grad", "flicker_still", "flicker_moving", "ms"}
    assert all(wanted <= set(r) for r in content["rungs"])
    assert {"nme_percent", "jitter_px", "lag_frames"} <= set(content["landmarks"])
    assert content["landmarks"]["jitter_px"] < 0.3
    assert abs(content["landmarks"]["lag_frames"]) < 0.5


def test_a_missing_folder_is_wrong_usage(capsys: pytest.CaptureFixture[str], models_ready: None) -> None:
    assert main(["score", "--data", os.devnull]) == 2
    assert "no folder" in capsys.readouterr().err
