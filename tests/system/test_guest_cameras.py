"""Cameras of a real kernel, in a throw-away virtual machine: vivid's test cameras, and a loopback in their part."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import helpers_guest
import pytest

CHECK = Path(__file__).with_name("guest_cameras_check.py")
# SMPTE's bars at 75 %; the eighth, where there is one, is black
BARS = [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [0, 0, 0]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every check in the guest found, by its name."""
    guest = helpers_guest.made_or_skipped()
    return helpers_guest.once(tmp_path_factory, "cameras", lambda: ask(guest))


def ask(guest: helpers_guest.Guest) -> Any:
    setup = f"{helpers_guest.LOAD_LOOPBACK}; {helpers_guest.LOAD_CAMERAS}"
    said = guest.run([sys.executable, str(CHECK)], setup=setup, timeout_s=500, fails=True)
    rows = [json.loads(line.removeprefix("CHECK ")) for line in said.splitlines() if line.startswith("CHECK ")]
    assert rows, said
    return {row["name"]: row for row in rows}


def close(seen: list[list[int]], wanted: list[list[int]], by: int = 4) -> bool:
    return all(abs(a - b) <= by for one, two in zip(seen, wanted, strict=True) for a, b in zip(one, two, strict=True))


def test_every_format_shows_its_colours(found: dict[str, dict[str, Any]]) -> None:
    check = found["formats"]
    assert "problem" not in check, check["problem"]
    shown = check["shown"]
    assert {"YUYV", "UYVY", "NV12", "YU12", "GREY", "RGB3"} <= set(shown)
    for fourcc, seen in shown.items():
        assert seen["got"] == fourcc
        if fourcc == "GREY":
            assert all(max(bar) == min(bar) for bar in seen["colours"])
            assert all(a[0] > b[0] for a, b in pairwise(seen["colours"]))  # bars grow darker from left to right
        else:
            assert close(seen["colours"], BARS), fourcc


def test_doctor_says_what_is_offered_and_asked_for(found: dict[str, dict[str, Any]]) -> None:
    camera, formats, mode = found["formats"]["rows"]
    assert camera[:3] == ["camera", "ok", "/dev/video0 vivid"]
    assert "up to YUYV 3840x2160" in formats[2]
    assert mode[2].startswith("YUYV 640x360 at ")
    assert mode[2].endswith("for 640x360 at 15: as asked")


def test_the_newest_picture_comes_after_a_stall(found: dict[str, dict[str, Any]]) -> None:
    check = found["newest"]
    assert "problem" not in check, check["problem"]
    assert check["dropped"] > 5
    assert min(check["ages_ms"]) < 500  # after 1.5 s in which nobody read


def test_two_cameras_and_one_of_them_twice(found: dict[str, dict[str, Any]]) -> None:
    check = found["two_at_once"]
    assert "problem" not in check, check["problem"]
    assert check["sizes"] == [[320, 180], [640, 360], [90, 160]]
    assert check["ids"] == [[0, 1, 2, 3, 4]] * 3
    assert all(close(bars, BARS) for bars in check["colours"])  # the last one is turned by 90°


def test_another_size_and_rate_in_the_middle(found: dict[str, dict[str, Any]]) -> None:
    check = found["changes"]
    assert "problem" not in check, check["problem"]
    assert check["sizes"] == [[320, 240], [320, 240]]
    assert check["negotiated"] == [[320, 240], [256, 192]]
    assert check["reopened"] >= 1
    for numbers in check["numbers"]:
        good = [number for number in numbers if number is not None]
        assert len(good) >= 3  # nothing locks a reader's buffer: under load some tear
        assert good == sorted(good)


def test_unplugged_it_comes_back_under_another_number(found: dict[str, dict[str, Any]]) -> None:
    check = found["comes_back"]
    assert "problem" not in check, check["problem"]
    assert check["gone"]
    assert check["before"] == "/dev/video0"
    assert check["after"] not in ("/dev/video0", "/dev/video10")
    assert check["reopened"] == 1
    assert check["ids"][1] > check["ids"][0]
    assert check["same_colours"]


def test_motion_jpeg_and_grey_alone(found: dict[str, dict[str, Any]]) -> None:
    check = found["motion_jpeg_and_grey"]
    if check.get("skipped"):
        pytest.skip(check["skipped"])
    assert "problem" not in check, check["problem"]
    assert check["MJPG"]["got"] == "MJPG"
    assert close(check["MJPG"]["bars"], BARS[:7], by=8)
    assert check["GREY"]["got"] == "GREY"
    assert all(max(bar) == min(bar) for bar in check["GREY"]["bars"])
