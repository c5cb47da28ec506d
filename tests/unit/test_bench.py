"""The benchmark: its clips, its fake camera, its sums and ratios, and the naive loops on real models."""

from __future__ import annotations

import ast
import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.commands.bench import count
from phosphene.engine.commands.bench.bare import BareParts
from phosphene.engine.commands.bench.clip import ClipCamera, make_clip, pictures, side_by_side
from phosphene.engine.commands.bench.clock import Cost, Others, cores, cost, machine, thread_cpu
from phosphene.engine.commands.bench.growth import stack
from phosphene.engine.commands.bench.measure import Result, Round, figures
from phosphene.engine.commands.bench.scenes import bench_scene
from phosphene.engine.commands.bench.shows import Slice, aligned
from phosphene.engine.commands.bench.table import aligned_columns, cell, flat, number, report
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Mask
from phosphene.engine.sources import open_source

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = (160, 120)
BLACK = np.zeros((4, 4, 3), np.uint8)


def parts(**changed: float) -> BareParts:
    held = {"decode": 1.0, "decode_ours": 1.5, "draw": 5.0, "draw_fixed": 2.0} | changed
    return BareParts(models={"person": 4.0, "face": 10.0}, litert={"person": 2.0, "face": 6.0}, **held)


def one_round(live: float = 60.0, exact: float = 50.0, naive: float = 20.0) -> Round:
    return Round(
        parts(),
        Slice(exact, 25.0, [10.0], 0, {}, {"MainThread": 3.0, "Thread-7": 1.0}),
        Slice(live, 25.0, [float(i) for i in range(1, 101)], 0, {"tracker.face": {"p95_ms": 12.0}}),
        Slice(30.0, 25.0, [20.0]),
        Slice(naive, 40.0),
        Slice(2 * naive, 20.0),
        0.2,
    )


def result(*rounds: Round) -> Result:
    return Result("laser-eyes", (640, 480), 1, "demo", ["face", "person"], list(rounds), {"upload": 0.3})


# -- sums and ratios


def test_the_sum_through_mediapipe_holds_every_model_the_decoding_and_the_pixels() -> None:
    assert parts().through_mediapipe == pytest.approx(4 + 10 + 1 + 3)


def test_the_strict_sum_takes_each_model_as_our_tracker_runs_it() -> None:
    assert parts().as_run == pytest.approx(2 + 10 + 1 + 3)


def test_pixels_never_cost_less_than_nothing() -> None:
    assert parts(draw=1.0, draw_fixed=2.0).gl == 0.0


def test_the_ceiling_is_cores_by_cpu_seconds() -> None:
    assert one_round().ceiling == pytest.approx(cores() / 18e-3)


def test_overhead_is_what_is_left_of_the_cpu_time() -> None:
    assert one_round().overhead_ms == pytest.approx(25.0 - 16.0)


def test_ratios_are_made_within_a_round() -> None:
    # a machine that is half as quick in the second round changes no ratio
    made = figures(result(one_round(60, 50, 20), one_round(30, 25, 10)))
    assert made["ratio_numpy"] == 3.0
    assert made["spread"]["ratio_numpy"] == [3.0, 3.0]
    assert made["ratio_cv2"] == 1.5
    assert made["exact_ratio_numpy"] == 2.5


def test_figures_hold_every_key_that_was_promised() -> None:
    promised = (
        "scene size people naive_numpy_fps naive_cv2_fps live_fps exact_fps ratio_numpy ratio_cv2 efficiency "
        "overhead_ms lag_ms_p95 misaligned_frames"
    )
    made = figures(result(one_round()))
    assert set(promised.split()) <= set(made)
    assert made["size"] == "640x480"
    json.dumps(made)


def test_efficiency_is_the_achieved_rate_by_the_ceiling() -> None:
    assert figures(result(one_round()))["efficiency"] == pytest.approx(60 / (cores() / 18e-3), abs=1e-3)


def test_lag_is_the_95th_percentile() -> None:
    assert figures(result(one_round()))["lag_ms_p95"] == pytest.approx(95.05, abs=0.1)


def test_misaligned_frames_of_all_runs_are_added() -> None:
    one = one_round()
    one.exact.misaligned, one.calm.misaligned = 2, 3
    assert figures(result(one, one_round()))["misaligned_frames"] == 5


def test_a_scene_without_a_naive_loop_has_no_ratio() -> None:
    one = one_round()
    one.naive_numpy = one.naive_cv2 = None
    made = figures(result(one))
    assert made["ratio_numpy"] is None
    assert "-" in cell(made, "ratio_numpy")


def test_threads_of_libraries_are_counted_together() -> None:
    threads = figures(result(one_round()))["threads_ms"]
    assert threads == {"MainThread": 3.0, "libraries": 22.0}


# -- clocks


def test_cost_counts_cpu_and_not_sleep() -> None:
    made = cost(lambda: time.sleep(0.01), 3, warm=0)
    assert made.wall_ms >= 10.0
    assert made.cpu_ms < made.wall_ms


def test_warm_calls_are_not_counted() -> None:
    calls = itertools.count()
    assert isinstance(cost(lambda: next(calls), 4, warm=2), Cost)
    assert next(calls) == 6


def test_threads_are_told_by_name() -> None:
    assert thread_cpu().get("MainThread", 1.0) > 0.0


def test_others_are_never_less_than_nobody() -> None:
    busy = Others().cores()
    assert busy is None or busy >= 0.0


def test_the_machine_is_described() -> None:
    about = machine("llvmpipe")
    assert about["gl"] == "llvmpipe"
    assert about["cpu"]
    assert about["cores"] >= 1


# -- clips and the fake camera


def test_a_clip_has_the_size_and_number_that_was_asked_for(tmp_path: Path) -> None:
    clip = make_clip("demo", SIZE, 7, 1, tmp_path / "clip.avi")
    with open_source(str(clip)) as source:
        frames = list(iter(source.read, None))
    assert [f.size for f in frames if f] == [SIZE] * 7


def test_a_short_input_begins_again() -> None:
    found = pictures("testcard:160x120@30x3", SIZE, 7)
    assert len(found) == 7
    assert np.array_equal(found[0], found[3])


def test_people_side_by_side_keep_the_size_and_are_equal() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (8, 12, 3)).astype(np.uint8)
    many = side_by_side(pixels, 3)
    assert many.shape == pixels.shape
    assert np.array_equal(many[:, :4], many[:, 4:8])
    assert side_by_side(pixels, 1) is pixels


def test_the_camera_never_ends_and_numbers_without_gaps(tmp_path: Path) -> None:
    clip = make_clip("demo", SIZE, 3, 1, tmp_path / "clip.avi")
    with ClipCamera(clip, 500.0) as camera:
        frames = [camera.read() for _ in range(8)]
    assert [f.id for f in frames if f] == list(range(8))
    assert all(a and b and b.captured_s > a.captured_s for a, b in itertools.pairwise(frames))


def test_what_was_due_while_nobody_read_is_lost(tmp_path: Path) -> None:
    clip = make_clip("demo", SIZE, 3, 1, tmp_path / "clip.avi")
    with ClipCamera(clip, 100.0) as camera:
        camera.read()
        time.sleep(0.1)
        begin_s = time.perf_counter()
        frame = camera.read()
    assert frame is not None
    assert frame.captured_s >= begin_s - 1 / 100  # no older than one picture


# -- the ticket


@pytest.mark.parametrize(
    ("results", "fits"),
    [
        ({"face": Faces(7)}, True),
        ({"face": Faces(6)}, False),
        ({}, False),
        ({"face": Faces(7), "person": Mask(3, np.zeros((2, 2), np.float32))}, True),
    ],
)
def test_a_frame_is_aligned_where_every_needed_result_is_its_own(results: dict[str, object], fits: bool) -> None:
    assert aligned(Observation(Frame(7, 0.0, BLACK), results), ["face"]) is fits


# -- text


def test_columns_are_equally_wide() -> None:
    lines = aligned_columns([["a", "bb"], ["ccc", "d"]]).splitlines()
    assert lines == ["a    bb", "ccc   d"]


def test_numbers_have_as_many_places_as_they_deserve() -> None:
    assert [number(v) for v in (None, 0.854, 34.56)] == ["-", "0.85", "34.6"]


def test_nested_figures_are_flattened() -> None:
    assert flat({"a": 1, "b": {"c": 2}}) == {"a": 1, "b c": 2}


def test_the_report_names_machine_scene_and_every_figure() -> None:
    text = report(machine("llvmpipe"), [figures(result(one_round()))])
    for word in ("llvmpipe", "laser-eyes 640×480", "÷ numpy", "misaligned", "drawing: upload"):
        assert word in text


# -- the command


def test_counts_are_whole_numbers_from_one() -> None:
    assert count("12") == 12
    for text in ("0", "-1", "1.5", "x"):
        with pytest.raises(Exception, match="whole number"):
            count(text)


def test_settings_reach_the_scene_that_has_them() -> None:
    scene = bench_scene("teleport", ["follow=0", "laser-eyes.width=2"])
    assert scene.get("follow") == 0.0
    with pytest.raises(UsageError, match="--set nothing"):
        bench_scene("teleport", ["nothing"])


def test_tracker_settings_reach_the_tracker() -> None:
    assert bench_scene("teleport", [], ["face.runner=litert"]).trackers["face"] == {"runner": "litert"}
    for wrong in ("face.runner", "face.runer=litert", "face.runner=lite", "fase.runner=litert"):
        with pytest.raises(UsageError):
            bench_scene("teleport", [], [wrong])


def test_lasers_fire_in_every_frame() -> None:
    assert bench_scene("laser-eyes", []).get("trigger") == "always"


def test_an_unknown_scene_is_refused_before_anything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--scene", "teleprot"]) == 2
    assert "teleport" in capsys.readouterr().err


def test_stacks_hold_as_many_effects_as_asked_for() -> None:
    scene = stack(4)()
    assert [len(layer.effects) for layer in scene.layers] == [4]
    assert len({id(e) for e in scene.layers[0].effects.values()}) == 4


def test_the_show_never_imports_the_benchmark() -> None:
    allowed = {"engine/commands/bench/__init__.py"}
    for path in (ROOT / "engine").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("engine/commands/bench/") or name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(m.startswith("phosphene.engine.commands.bench") for m in modules), name


@pytest.mark.usefixtures("models_ready")
@pytest.mark.parametrize("floats", [True, False], ids=["numpy", "cv2"])
@pytest.mark.parametrize("scene", ["laser-eyes", "teleport"])
def test_naive_loops_change_the_picture_and_end_with_the_clip(tmp_path: Path, scene: str, floats: bool) -> None:
    from phosphene.engine.commands.bench.naive import LOOPS

    clip = make_clip("demo", (320, 240), 3, 1, tmp_path / "clip.avi")
    with LOOPS[scene]((320, 240), floats) as loop, open_source(str(clip)) as source:
        loop.begin(clip)
        picture, frame = loop.step(), source.read()
        assert picture is not None
        assert frame is not None
        assert picture.shape == (240, 320, 3)
        assert picture.dtype == np.uint8
        changed = np.abs(picture[..., ::-1].astype(int) - frame.pixels).max(axis=2) > 40
        assert 0.01 < changed.mean() < 0.9
        assert loop.step() is not None
        assert loop.step() is not None
        assert loop.step() is None


@pytest.mark.usefixtures("models_ready")
@pytest.mark.slow
def test_the_whole_command_on_a_tiny_clip(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    asked = ["--scene", "teleport", "--size", "320x240", "--frames", "4", "--rounds", "1", "--json", str(out)]
    assert main(["bench", *asked]) == 0
    written = json.loads(out.read_text())
    assert written["runs"][0]["scene"] == "teleport"
    assert written["runs"][0]["misaligned_frames"] == 0
    assert written["plan"] == {"frames": 4, "rounds": 1, "warm": 15}
