"""The soak: its schedule, its judge, and a short one of its own in which every fault is met."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import flat, shader
from helpers import scene as made
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.commands import soak as command
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.soak.faults import KINDS, ONCE, Clock, Fault, schedule
from phosphene.engine.commands.soak.graph import draw
from phosphene.engine.commands.soak.judge import MARK, Judge
from phosphene.engine.commands.soak.play import soak
from phosphene.engine.commands.soak.restless import MOTIONS, RestlessSource
from phosphene.engine.commands.soak.watch import LogWatcher, growth, verdict
from phosphene.engine.core.errors import SinkError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.results import Mask
from phosphene.engine.show.timeouts import Timeouts
from phosphene.engine.sources.testcard import TestCardSource

from phosphene.testing import FakeTracker

SIZE = (64, 48)


@given(st.floats(0, 2000), st.integers(0, 1000), st.floats(0.5, 9), st.floats(0.5, 9))
def test_faults_come_one_after_another_and_end_calm(seconds: float, seed: int, fault_s: float, calm_s: float) -> None:
    faults = schedule(seconds, seed, fault_s=fault_s, calm_s=calm_s)
    assert [fault.number for fault in faults] == list(range(1, len(faults) + 1))
    for before, after in pairwise(faults):
        assert after.at_s >= before.end_s + calm_s - 0.01
    assert all(fault.end_s + calm_s <= seconds + 0.01 for fault in faults)
    assert all(before.kind != after.kind for before, after in pairwise(faults))
    assert all(sum(fault.kind == kind for fault in faults) <= 1 for kind in ONCE)


def test_every_kind_comes_before_one_comes_again_and_the_seed_decides() -> None:
    kinds = [fault.kind for fault in schedule(120, 3)]
    assert set(kinds[: len(KINDS)]) == set(KINDS)
    assert kinds == [fault.kind for fault in schedule(120, 3)]
    assert kinds != [fault.kind for fault in schedule(120, 4)]


def picture(top: tuple[int, int, int], rest: tuple[int, int, int]) -> np.ndarray:
    image = np.full((100, 160, 4), 255, np.uint8)
    image[..., :3] = rest
    image[:6, :, :3] = top
    return image


def test_the_judge_sees_the_room_and_the_slate() -> None:
    judge = Judge(hides_room=True)
    judge.write(picture((90, 120, 90), (90, 120, 90)), 0.0)
    judge.write(picture((20, 22, 30), (20, 22, 30)), 0.1)
    assert (judge.pictures, judge.slates, judge.leaks) == (1, 1, 0)
    judge.write(picture(MARK, (90, 120, 90)), 0.2)
    half = picture((90, 120, 90), (90, 120, 90))
    half[:6, :60, :3] = MARK
    judge.write(half, 0.3)
    assert judge.leaks == 2


def at(box: tuple[slice, slice], number: int = 0) -> Mask:
    """A mask of somebody in a part of the picture."""
    confidence = np.zeros((100, 160), np.float32)
    confidence[box] = 1.0
    return Mask(number, confidence)


@pytest.mark.parametrize("first", ["said", "drawn", "written"])
@pytest.mark.parametrize(("where", "leaks"), [(slice(60, 90), 0), (slice(60, 120), 1)])
def test_the_judge_sees_the_room_beside_somebody(first: str, where: slice, leaks: int) -> None:
    judge = Judge(hides_room=True)
    frame = Frame(7, 0.25, np.zeros((100, 160, 3), np.uint8))
    shown = picture((90, 120, 90), (90, 120, 90))
    shown[40:, where, :3] = MARK  # what a wrong mask would show, and a right one shows at a person's place
    judge.said(frame, at((slice(40, 100), slice(60, 90)), 7))
    calls = [lambda: judge.drawn(frame), lambda: judge.write(shown, 0.25)]
    for call in calls if first == "drawn" else calls[::-1]:
        call()
    assert judge.leaks == leaks


def test_without_a_mask_of_the_very_pixels_no_room_may_be_seen() -> None:
    judge = Judge(hides_room=True)
    frame, other = (Frame(n, n / 30, np.zeros((100, 160, 3), np.uint8)) for n in (3, 4))
    judge.said(other, at((slice(0, 100), slice(0, 160)), 4))
    judge.drawn(frame)
    shown = picture((90, 120, 90), (90, 120, 90))
    shown[50:60, 50:60, :3] = MARK
    judge.write(shown, frame.time_s)
    assert judge.leaks == 1


def test_the_restless_person_is_where_the_outline_says() -> None:
    source = RestlessSource((160, 90))
    for number in range(0, 560, 7):
        source._next = number
        pixels, alpha = source.read().pixels.astype(int), source.outline(number)
        assert (np.abs(pixels - MARK).max(axis=2)[alpha == 0.0] <= 1).all()
        marked = np.minimum(pixels[..., 0], pixels[..., 2]) - pixels[..., 1] > 100
        assert not marked[alpha > 0.9].any()
    assert set(MOTIONS) == {"sway", "lean", "shake", "enter and leave", "stand up", "come near"}


def test_a_scene_that_shows_the_room_leaks_nothing() -> None:
    judge = Judge(hides_room=False)
    judge.write(picture(MARK, (90, 120, 90)), 0.0)
    assert judge.leaks == 0


def rows(count: int, **values: Any) -> list[dict[str, float]]:
    level = {"memory_mb": 300.0, "threads": 7.0, "files": 20.0, "fps": 30.0, "lag_ms": 20.0}
    return [
        {"time_s": float(i), **{k: float(values[k](i)) if k in values else v for k, v in level.items()}}
        for i in range(count)
    ]


def test_growth_is_found_and_noise_is_not() -> None:
    assert growth(rows(120)) == []
    assert growth(rows(120, memory_mb=lambda i: 300 + 10 * (i % 3))) == []
    assert growth(rows(120, memory_mb=lambda i: min(300, 100 + 20 * i))) == []  # it warms up
    assert "MiB grew" in growth(rows(120, memory_mb=lambda i: 300 + i))[0]
    assert "threads grew from" in growth(rows(120, threads=lambda i: 7 + i // 30))[0]
    assert "open files grew" in growth(rows(120, files=lambda i: 20 + i // 10))[0]


def test_the_verdict_names_what_was_wrong() -> None:
    good = Fault(1, "source.dies", 3.0, 3.0, met=True, named=1, back_s=0.2)
    judge = Judge(hides_room=True)
    judge.pictures = 9
    assert verdict(rows(60), [good], judge, "") == []
    bad = [
        Fault(2, "source.dies", 3.0, 3.0, met=True, named=3, back_s=0.2),
        Fault(3, "sink.blocks", 9.0, 3.0, met=True, named=0, back_s=None),
        Fault(4, "tracker.slows", 15.0, 3.0, met=False, back_s=0.1),
    ]
    judge.leaks = 2
    text = "\n".join(verdict(rows(60), bad, judge, "boom"))
    for words in ("ended: boom", "fault 2 (source.dies, 3 s) was named 3 times", "fault 3", "fault 4", "seen in 2"):
        assert words in text
    assert verdict(rows(60), bad, judge, "", [(4.0, 70.0)]) == ["the room was seen in 2 frames"]
    assert len(verdict(rows(60), bad, judge, "", [(40.0, 70.0)])) > 3


def test_the_ear_files_messages_by_their_fault() -> None:
    faults = [Fault(1, "source.stalls", 0.0, 50.0), Fault(2, "sink.dies", 60.0, 1.0)]
    clock = Clock(faults)
    clock.begin()
    ear = LogWatcher(clock)
    logger = logging.getLogger("a soak's ear")
    logger.addHandler(ear)
    logger.warning("the input has delivered no frame for 2 s")
    logger.error("sink Dying stopped: %s", faults[1].message)
    logger.error("something else")
    assert (faults[0].named, faults[1].named, ear.others) == (1, 1, ["something else"])


def test_what_is_named_late_still_belongs_to_its_fault() -> None:
    faults = [Fault(1, "gpu.lost", 0.0, 1e-6), Fault(2, "source.stalls", 1e-6, 50.0)]
    clock = Clock(faults)
    clock.begin()
    ear = LogWatcher(clock)
    logger = logging.getLogger("a late soak's ear")
    logger.addHandler(ear)
    for _ in range(2):
        logger.error("the graphics context was lost: everything is made again in a new one")
    assert (faults[0].named, faults[1].named, len(ear.others)) == (1, 0, 1)


# Everything is given up soon, so that faults may be short.
SHORT = Timeouts(source_silent_s=0.7, source_retry_s=0.1, hang_report_s=1.0, live_result_s=0.7)


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [t.name for t in threading.enumerate() if t not in before and t.is_alive()] == []


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.usefixtures("no_thread_is_left")
def test_a_short_soak_meets_every_fault_and_goes_on() -> None:
    scene = made(shader("vec4(0.2, uv.x, 0.3, 1.0) * mask(uv)", needs=frozenset({"person"})), private=True)
    times: list[float] = []
    found = soak(
        scene,
        lambda: TestCardSource(SIZE, 30.0, 40),
        lambda name: FakeTracker(lambda frame: flat(0.0, frame.id, SIZE)),
        seconds=30.0,
        fault_s=1.2,
        calm_s=1.3,
        progress=times.append,
        timeouts=SHORT,
    )
    assert found["wrong"] == []
    assert {fault["kind"] for fault in found["faults"]} == set(KINDS)
    assert found["summary"]["room_seen"] == 0
    assert found["summary"]["drawn"] > 100
    assert found["summary"]["slates"] > 0
    assert times[-1] >= 30.0
    json.dumps(found)


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_half_a_minute_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where, graph = tmp_path / "soak.json", tmp_path / "soak.png"
    words = ["soak", "--minutes", "0.45", "--size", "320x180", "--json", str(where), "--graph", str(graph)]
    code = main(words)
    said = capsys.readouterr().out
    assert code == 0, said
    assert "nothing was wrong" in said
    assert "the room was seen in 0 frames" in said
    found = json.loads(where.read_text())
    assert len(found["faults"]) == 4
    assert len(found["rows"]) >= 20
    assert cv2.imread(str(graph)) is not None


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_graph_is_drawn(tmp_path: Path, suffix: str) -> None:
    where = tmp_path / f"soak.{suffix}"
    draw(rows(400), schedule(400, 0), "A soak", str(where))
    assert where.stat().st_size > 5000


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="gif"):
        draw(rows(20), [], "A soak", str(tmp_path / "soak.gif"))


def test_the_report_says_what_was_wrong() -> None:
    fault = {"number": 1, "kind": "source.dies", "at_s": 3.0, "seconds": 3.0, "met": True, "named": 2, "back_s": None}
    summary = {
        "seconds": 9.0, "drawn": 200, "fps": 30.0, "slates": 4, "longest_gap_s": 0.1, "room_seen": 1,
        "stood_still_s": 60.0,
        "memory_mb": {"first": 1.0, "last": 2.0, "most": 3.0}, "threads": {"first": 7, "last": 7},
    }  # fmt: skip
    text = command.report({"faults": [fault], "summary": summary, "wrong": ["named twice"]})
    assert "WRONG: named twice" in text
    assert "never" in text
    assert "nothing was wrong" not in text
    assert "stood still for 60 s" in text


def test_a_camera_is_no_input_for_a_soak(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["soak", "mirror", "--input", "camera:/dev/video-nowhere"]) in (1, 2)
    assert "camera" in capsys.readouterr().err
