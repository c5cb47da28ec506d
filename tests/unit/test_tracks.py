"""Tracks out: everything that is known of a frame, as OSC and as JSON, and for nobody from elsewhere."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from helpers_desk import DrawnDesk
from helpers_waiting import PATIENCE_S
from phosphene.engine.control.local_server import trusted
from phosphene.engine.control.tracks import TracksControl, box_of, tracks
from phosphene.engine.control.tracks_osc import messages
from phosphene.engine.core.errors import ControlError
from phosphene.engine.core.fakes import fake_face, fake_frame, fake_mask, fake_observation, fake_pose
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Hand, Hands, Mask
from phosphene.engine.show.options import run_options
from pythonosc.osc_packet import OscPacket


def known(frame_id: int = 30) -> Observation:
    """A frame of which everything is known."""
    frame = fake_frame(frame_id=frame_id)
    points = np.linspace(0, 1, 63, dtype=np.float32).reshape(21, 3)
    return fake_observation(
        frame,
        faces=[fake_face(blendshapes={"jawOpen": 0.5, "mouthSmileLeft": 0.25})],
        poses=[fake_pose(), fake_pose((0.2, 0.5))],
        mask=fake_mask(),
        results={"hands": Hands(frame_id, (Hand(points, points, "left", "victory", 0.75),))},
        signals={"face.smile": 0.5, "class.signs.thumb up": 1.0},
    )


def test_a_frame_has_what_is_known_and_nothing_else() -> None:
    found = tracks(known())
    assert (found["frame"], found["time_s"], found["size"]) == (30, 1.0, [320, 180])
    assert [len(found[key]) for key in ("faces", "poses", "hands")] == [1, 2, 1]
    assert set(tracks(fake_observation())) == {"frame", "time_s", "size", "signals"}
    nobody = tracks(fake_observation(faces=[], mask=fake_mask(everywhere=0.0)))
    assert (nobody["faces"], nobody["person"]) == ([], {"present": False})


def test_the_box_of_a_person() -> None:
    confidence = np.zeros((10, 20), np.float32)
    confidence[2:5, 4:10] = 0.9
    assert box_of(Mask(0, confidence)) == pytest.approx([0.2, 0.2, 0.5, 0.5])
    assert box_of(Mask(0, confidence * 0.5)) is None


def by_osc(packets: Iterator[bytes] | list[bytes]) -> dict[str, list[Any]]:
    """What python-osc reads: arguments by address."""
    return {m.message.address: m.message.params for packet in packets for m in OscPacket(packet).messages}


def test_osc_says_all_of_it() -> None:
    observation = known()
    said = by_osc(messages(tracks(observation)))
    assert said["/frame"] == [30, 1.0, 320, 180]
    assert said["/face/count"] == [1]
    assert np.array(said["/face/0/points"]) == pytest.approx(observation.faces[0].points.ravel())
    assert said["/face/0/expressions/jawOpen"] == [0.5]
    assert said["/face/0/head/position_cm"] == [0, 0, -45]
    assert len(said["/face/0/head/yaw_pitch_roll_deg"]) == 3
    assert len(said["/pose/1/points"]) == len(said["/pose/1/world_m"]) == 99
    assert len(said["/pose/0/visibility"]) == 33
    assert (said["/hand/0/side"], said["/hand/0/gesture"]) == (["left"], ["victory"])
    assert said["/person/present"] == [True]
    assert len(said["/person/box"]) == 4
    assert said["/signal/face/smile"] == [0.5]
    assert said["/signal/class/signs/thumb%20up"] == [1.0]
    assert list(said)[-1] == "/frame/end"


def test_frames_come_by_osc() -> None:
    show = DrawnDesk()
    show.observation = known()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hears:
        hears.bind(("127.0.0.1", 0))
        hears.settimeout(PATIENCE_S)
        with show.drawing() as desk, TracksControl(f"osc:127.0.0.1:{hears.getsockname()[1]}", desk):
            said: dict[str, list[Any]] = {}
            while "/frame/end" not in said:
                said |= by_osc([hears.recv(65536)])
    assert {"/frame", "/face/0/points", "/pose/1/points", "/signal/face/smile"} <= said.keys()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_frames_come_as_json_until_the_end() -> None:
    show, port = DrawnDesk(), free_port()
    show.observation = known()

    async def read(control: TracksControl) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}/") as ws,
            session.ws_connect(f"ws://localhost:{port}/") as other,
        ):
            # A frame is sent once: one is shown that comes after the reader.
            first: dict[str, Any] = {}
            number = 60
            while not first:
                show.observation = known(number)
                number += 1
                try:
                    first = await ws.receive_json(timeout=0.1)
                except TimeoutError:
                    continue
            await asyncio.to_thread(control.close)
            while (await other.receive(timeout=PATIENCE_S)).type == aiohttp.WSMsgType.TEXT:
                pass
            assert other.closed
            return first

    with show.drawing() as desk:
        found = asyncio.run(read(TracksControl(f"ws:{port}", desk)))
    wanted = json.loads(json.dumps(tracks(known()), default=lambda array: array.tolist()))
    assert found["frame"] == 30 or found["frame"] >= 60
    assert np.array(found["faces"][0]["points"]) == pytest.approx(np.array(wanted["faces"][0]["points"]), abs=1e-5)
    assert found["signals"] == wanted["signals"]
    assert found["person"]["box"] == pytest.approx(wanted["person"]["box"], abs=1e-5)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 426),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "rebound.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_from_elsewhere_are_refused(headers: dict[str, str], status: int) -> None:
    port = free_port()

    async def ask() -> int:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/", headers=headers) as got:
            return got.status

    with TracksControl(f"ws:{port}", DrawnDesk().desk):
        assert asyncio.run(ask()) == status


def test_who_is_trusted() -> None:
    assert trusted("127.0.0.1:9", None, "none")
    assert trusted("[::1]:9", "http://[::1]:9", "same-origin")
    assert trusted("192.168.1.5:9", None, "none")
    assert not trusted("127.0.0.1:9", "http://127.0.0.1:8", "none")
    assert not trusted("127.0.0.1.evil.example", None, "none")
    assert not trusted("[", None, "none")


@pytest.mark.parametrize("wrong", ["9000", "udp:9000", "osc:x", "ws:", "ws:1?without=face", "ws:1?with=fase", ""])
def test_what_is_typed_wrong_is_said(wrong: str) -> None:
    with pytest.raises(ControlError):
        TracksControl(wrong, DrawnDesk().desk)


def test_a_port_that_is_taken_is_said_and_nothing_stays_open() -> None:
    port = free_port()
    with (
        TracksControl(f"ws:{port}", DrawnDesk().desk),
        pytest.raises(ControlError, match="cannot be used"),
    ):
        TracksControl(f"osc:127.0.0.1:9,ws:{port}", DrawnDesk().desk)


def test_trackers_that_are_named_run_whatever_the_scene_needs() -> None:
    from phosphene.engine.show.session import open_playlist, registry_for

    for more, trackers in (
        ({"tracks": "ws:1?with=hands+face"}, {"face", "hands"}),
        ({"vmc": "1"}, {"face", "pose"}),
    ):
        usual = open_playlist(options := run_options("duotone"), registry_for(options)).needs()
        options = run_options("duotone", **more)
        playlist = open_playlist(options, registry_for(options))
        assert playlist.needs() == playlist.needs(0.0) == usual | trackers
