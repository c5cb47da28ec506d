"""The virtual camera on a real v4l2loopback, in a throw-away virtual machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import helpers_browser
import helpers_guest
import pytest

CHECK = Path(__file__).with_name("virtual_camera_check.py")
WANTED = 20  # different images that a reader waits for
REPORT = Path(__file__).with_name("virtual_camera_report.py")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the check inside the guest found."""
    guest = helpers_guest.made_or_skipped()
    return helpers_guest.once(tmp_path_factory, "virtual-camera", lambda: ask(guest))


def ask(guest: helpers_guest.Guest) -> Any:
    command = [sys.executable, str(CHECK), "/dev/video10", "640", "480", str(WANTED), "/dev/video0"]
    said = guest.run(command, setup=f"{helpers_guest.LOAD_LOOPBACK}; {helpers_guest.LOAD_CAMERAS}", timeout_s=900)
    lines = [line for line in said.splitlines() if line.startswith("RESULT ")]
    assert lines, said
    return json.loads(lines[-1].removeprefix("RESULT "))


@pytest.mark.slow
def test_frames_arrive_in_order(report: dict[str, Any]) -> None:
    for trip in report["trips"]:
        assert trip["reader"] == "ready"
        assert trip["in_order"]
        assert trip["distinct"] == WANTED  # however long a busy machine took
        assert trip["unreadable"] <= trip["read"] * 0.1  # nothing locks a reader's buffer: under load some frames tear


@pytest.mark.slow
def test_colors_arrive(report: dict[str, Any]) -> None:
    for trip in report["trips"]:
        assert trip["psnr_to_420"] > 45
        assert trip["psnr_to_card"] > 24  # what 4:2:0 leaves of hard coloured edges


@pytest.mark.slow
def test_device_lives_on_after_close_and_takes_another_size(report: dict[str, Any]) -> None:
    sizes = [tuple(trip["size"]) for trip in report["trips"]]
    assert sizes == [(640, 480), (320, 240)]
    assert all(trip["read"] > 0 for trip in report["trips"])


@pytest.mark.slow
def test_errors_are_said(report: dict[str, Any]) -> None:
    assert report["found"] == "/dev/video10"
    assert "device not found" in report["missing"]
    assert "/dev/video10" in report["missing"]
    for trip in report["trips"]:
        assert "another program" in trip["second_writer"]


@pytest.mark.slow
def test_consumers_come_and_go(report: dict[str, Any]) -> None:
    life = report["life"]
    assert not life["watched_by_nobody"]
    assert life["watched"]
    for numbers in (*life["numbers"], life["again"]):  # two at once, then one that opens it again
        good = [number for number in numbers if number is not None]
        assert len(good) >= len(numbers) * 0.8  # the first one closes while the second reads
        assert good == sorted(good)
    assert [len(numbers) for numbers in (*life["numbers"], life["again"])] == [25, 25, 10]
    assert life["left"]


@pytest.mark.slow
def test_a_held_size_is_refused_in_words_until_it_is_free(report: dict[str, Any]) -> None:
    assert "held at 320x240" in report["life"]["held"]
    assert "--size 320x240" in report["life"]["held"]
    assert report["life"]["free"] == [160, 120]


@pytest.mark.slow
def test_a_scene_arrives(report: dict[str, Any]) -> None:
    scene = report["scene"]
    assert scene["up"]
    assert scene["code"] == 0
    good = [number for number in scene["numbers"] if number is not None]
    assert len(set(good)) >= 10
    assert good == sorted(good)
    assert scene["psnr"] > 45


@pytest.mark.slow
def test_the_camera_is_on_only_while_somebody_reads(report: dict[str, Any]) -> None:
    told = report["on_demand"]
    assert told["up"]
    assert told["alive"]
    assert (told["before"], told["during"], told["after"]) == (False, True, True)
    assert told["code"] == 0


@pytest.mark.slow
def test_a_browser_takes_it_as_a_webcam() -> None:
    if helpers_browser.shell() is None:
        pytest.skip("chromium-headless-shell is not installed")
    guest = helpers_guest.made_or_skipped()
    command = [sys.executable, str(REPORT), "--guest", "Chromium"]
    said = guest.run(command, setup=helpers_guest.LOAD_LOOPBACK, timeout_s=500, memory_mb=3072)
    row = next(json.loads(line.removeprefix("ROW ")) for line in said.splitlines() if line.startswith("ROW "))
    assert "problem" not in row, said[-4000:]
    assert row["in_order"]
    assert row["received"] >= 15
    assert row["torn"] <= (row["received"] + row["torn"]) * 0.1
    assert row["psnr"] > 45
