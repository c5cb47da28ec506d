"""The virtual camera on a real v4l2loopback, in a throw-away virtual machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import helpers_guest
import pytest

CHECK = Path(__file__).with_name("virtual_camera_check.py")


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What the check inside the guest found."""
    command = [sys.executable, str(CHECK), "/dev/video10", "640", "480", "45"]
    said = helpers_guest.made_or_skipped().run(command, setup=helpers_guest.LOAD_LOOPBACK, timeout_s=400)
    lines = [line for line in said.splitlines() if line.startswith("RESULT ")]
    assert lines, said
    found: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT "))
    return found


@pytest.mark.slow
def test_frames_arrive_in_order(report: dict[str, Any]) -> None:
    for trip in report["trips"]:
        assert trip["reader"] == "ready"
        assert trip["in_order"]
        assert trip["distinct"] >= 20
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
    assert "no such device" in report["missing"]
    assert "/dev/video10" in report["missing"]
    for trip in report["trips"]:
        assert "another program" in trip["second_writer"]
