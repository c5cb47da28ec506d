"""Whole shows with ways in and out: what comes by OSC is drawn and is in the take, and tracks go out."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers_waiting import PATIENCE_S, show_threads
from phosphene.engine.core.errors import ControlError
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.show.takes.take import Take
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

import phosphene
from phosphene.testing import FakeSink

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "testcard:64x48@30"


@pytest.fixture
def hears() -> Iterator[socket.socket]:
    """A UDP port of this machine that waits for what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE_S)
        yield made


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def answers(hears: socket.socket) -> dict[str, list[object]]:
    return {timed.message.address: timed.message.params for timed in OscPacket(hears.recv(65536)).messages}


def test_a_fader_moves_the_picture_and_the_take_holds_it(hears: socket.socket, tmp_path: Path) -> None:
    port = free_port()
    fader = OscMessageBuilder("/camera/duotone/amount")
    fader.add_arg(1.0)
    more = {"outputs": ["null"], "flash_guard": False}
    with phosphene.run(
        "duotone", input=ENDLESS, pace="live", parameters={"amount": 0.0}, osc=str(port),
        record_take=tmp_path / "take", **more,
    ) as show:  # fmt: skip
        while show.stats.frames_out == 0:
            assert show.running
        hears.sendto(fader.build().dgram, ("127.0.0.1", port))
        while answers(hears).get("/camera/duotone/amount") != [1.0]:
            assert show.running
        assert show.get("amount") == 1.0
        number = show.stats.frames_out
        while show.stats.frames_out < number + 3:
            assert show.running
    assert show_threads() == []
    sink = FakeSink()
    play(run_options("duotone", take=tmp_path / "take", **more), extra_sinks=[sink])
    with Take(tmp_path / "take") as take:
        frames = [frame.pixels for frame in iter(take.read, None)]
    for amount, number in ((0.0, 0), (1.0, -1)):
        (image,) = phosphene.render("duotone", [frames[number]], parameters={"amount": amount}, flash_guard=False)
        assert np.array_equal(image.premultiplied, sink.images[number])


def test_the_command_sends_tracks_until_its_end(hears: socket.socket) -> None:
    command = [
        sys.executable, "main.py", "run", "mirror", "--input", ENDLESS, "--output", "null", "--pace", "live",
        "--seconds", "1", "--quiet", "--tracks", f"osc:127.0.0.1:{hears.getsockname()[1]}",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT) as process:
        found: dict[str, list[object]] = {}
        while "/frame/end" not in found:
            found |= answers(hears)
        assert found["/frame"][2:] == [64, 48]
        assert "/signal/time" in found
        assert process.wait(PATIENCE_S) == 0


def test_a_port_that_is_taken_ends_the_show_before_it_begins(hears: socket.socket) -> None:
    with pytest.raises(ControlError, match="cannot be used"):
        phosphene.run("duotone", input=ENDLESS, outputs="null", pace="live", osc=str(hears.getsockname()[1]))
    assert show_threads() == []
