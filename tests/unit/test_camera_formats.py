"""What is asked of a camera for a size and a rate, from what it offers; the driver's answers as packed."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from phosphene.engine.sources.camera_formats import Offer, choose, list_offers, summary

WEBCAM = [
    Offer("YUYV", 640, 480, 30.0), Offer("YUYV", 1280, 720, 10.0),
    Offer("MJPG", 640, 480, 30.0), Offer("MJPG", 1280, 720, 30.0), Offer("MJPG", 1920, 1080, 30.0),
]  # fmt: skip
PLAIN = [offer for offer in WEBCAM if offer.fourcc == "YUYV"]


@pytest.mark.parametrize(
    ("offers", "size", "fps", "wanted", "why"),
    [
        (WEBCAM, (1280, 720), 30.0, "MJPG 1280x720 at 30", "as asked; YUYV would be slower"),
        (WEBCAM, (640, 480), 30.0, "MJPG 640x480 at 30", "as asked"),
        (WEBCAM, (800, 600), 30.0, "MJPG 1280x720 at 30", "scaled down to 800x600; YUYV would be slower"),
        (WEBCAM, (1280, 720), 60.0, "MJPG 1280x720 at 30", "as asked, but no format gives 60 a second at this size"),
        (WEBCAM, (3840, 2160), 30.0, "MJPG 1920x1080 at 30", "scaled up: the largest, smaller than 3840x2160"),
        (PLAIN, (1280, 720), 30.0, "YUYV 640x480 at 30", "scaled up: at 1280x720 it gives only 10 a second"),
        (PLAIN, (1280, 720), 10.0, "YUYV 1280x720 at 10", "as asked"),
        ([Offer("MJPG", 1280, 720, 29.97)], (1280, 720), 30.0, "MJPG 1280x720 at 29.97", "as asked"),
        ([Offer("GREY", 640, 480, 0.0)], (640, 480), 30.0, "GREY 640x480", "as asked"),
    ],
)
def test_what_is_asked_for(offers: list[Offer], size: tuple[int, int], fps: float, wanted: str, why: str) -> None:
    found = choose(offers, size, fps)
    assert found is not None
    assert (str(found[0]), found[1]) == (wanted, why)
    assert choose(reversed(offers), size, fps) == found


def test_nothing_readable() -> None:
    assert choose([], (640, 480), 30.0) is None
    assert choose([Offer("H264", 640, 480, 30.0)], (640, 480), 30.0) is None
    assert list_offers("/dev/nothing-here") == []


def test_the_formats_in_a_line() -> None:
    assert summary(WEBCAM) == "up to MJPG 1920x1080 at 30, up to YUYV 1280x720 at 10"
    assert summary([*PLAIN, Offer("H264", 1920, 1080, 60.0)]) == "up to YUYV 1280x720 at 10, 1 that cannot be read"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="V4L2 is Linux's")
def test_a_drivers_answers_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import fcntl

    def answer(_descriptor: int, request: int, data: bytearray) -> int:
        number, length = request & 0xFF, request >> 16 & 0x3FFF
        assert length == len(data) == {2: 64, 74: 44, 75: 52}[number]
        index, code = struct.unpack_from("=II", data)
        if number == 2 and index < 2:
            struct.pack_into("=4s", data, 44, (b"YUYV", b"GREY")[index])
        elif number == 74 and code == int.from_bytes(b"YUYV", "little") and index < 2:
            struct.pack_into("=III", data, 8, 1, (640, 320)[index], (480, 240)[index])
        elif number == 74 and code == int.from_bytes(b"GREY", "little") and index == 0:
            struct.pack_into("=7I", data, 8, 3, 48, 1280, 16, 32, 720, 16)  # V4L2_FRMSIZE_TYPE_STEPWISE
        elif number == 75 and index < 2:
            struct.pack_into("=III", data, 16, 1, (1, 1001)[index], (15, 30000)[index])
        else:
            raise OSError(22, "no more")
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answer)
    device = tmp_path / "video"
    device.touch()
    offers = list_offers(str(device))
    assert [str(offer) for offer in offers] == [
        "YUYV 640x480 at 29.97", "YUYV 320x240 at 29.97",
        *(f"GREY {size} at 29.97" for size in ("320x240", "640x480", "1280x720")),
    ]  # fmt: skip
