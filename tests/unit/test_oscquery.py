"""OSCQuery, by a client that is written from the proposal's text: the tree is walked, values are listened to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from helpers_desk import DrawnDesk
from helpers_waiting import PATIENCE_S, wait_until
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.osc import OscControl
from phosphene.engine.control.osc_values import to_path
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

AMOUNT = "/camera/duotone/amount"


class Client:
    """Reads nodes over HTTP as the proposal says: JSON objects, attributes by `?NAME`, values over a WebSocket."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session, self.at = session, f"http://127.0.0.1:{port}"

    async def get(self, path: str, query: str = "", **headers: str) -> tuple[int, Any]:
        address = f"{self.at}{path}" + (f"?{query}" if query else "")
        async with self.session.get(address, headers=headers) as response:
            if response.content_type != "application/json":
                return response.status, None
            return response.status, json.loads(await response.text())

    async def walk(self, path: str = "/") -> list[dict[str, Any]]:
        """Each node below `path`, asked for one by one; what a node says of its contents must agree."""
        status, node = await self.get(path)
        assert status == 200
        assert node["FULL_PATH"] == path
        found = [node]
        for name, inner in node.get("CONTENTS", {}).items():
            full = f"{path.rstrip('/')}/{name}"
            assert inner["FULL_PATH"] == full
            found += await self.walk(full)
        return found


def with_client(show: DrawnDesk, work: Callable[[Client, Desk], Awaitable[None]]) -> None:
    """Does `work` with a client of a show that is drawn."""

    async def run(port: int, desk: Desk) -> None:
        async with aiohttp.ClientSession() as session:
            await work(Client(session, port), desk)

    with show.drawing() as desk, OscControl("0", desk) as control:
        asyncio.run(run(control.port, desk))


def every_value(node: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Type tag, value and range of each argument of a node."""
    yield from zip(node["TYPE"], node["VALUE"], node.get("RANGE", [{}] * len(node["TYPE"])), strict=True)


def test_the_tree_is_walked_node_by_node() -> None:
    show = DrawnDesk("duotone", "mirror")

    async def work(client: Client, desk: Desk) -> None:
        nodes = {node["FULL_PATH"]: node for node in await client.walk()}
        scene = show.playlist.scene
        for address, (_, param) in scene.addresses().items():
            node = nodes[to_path(address)]
            assert node["ACCESS"] == 3
            assert node["DESCRIPTION"] == param.doc
            for tag, value, limits in every_value(node):
                kind = {"f": int | float, "i": int, "s": str, "T": bool, "F": bool}[tag]
                assert isinstance(value, kind)
                assert tag not in "TF" or value is (tag == "T")
                if "MIN" in limits:
                    assert limits["MIN"] <= value <= limits["MAX"]
                if "VALS" in limits:
                    assert value in limits["VALS"]
        assert nodes[AMOUNT]["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
        assert nodes["/camera/duotone/ink"]["TYPE"] == "ffff"
        assert nodes["/scene"]["VALUE"] == ["duotone"]
        assert nodes["/scene"]["RANGE"] == [{"VALS": ["duotone", "mirror"]}]
        assert (nodes["/next"]["TYPE"], nodes["/next"]["ACCESS"], "VALUE" in nodes["/next"]) == ("I", 2, False)
        assert nodes["/camera"]["ACCESS"] == 0

    with_client(show, work)


def test_attributes_host_info_and_what_is_not_there() -> None:
    async def work(client: Client, desk: Desk) -> None:
        status, value = await client.get(AMOUNT, "VALUE")
        assert (status, list(value)) == (200, ["VALUE"])
        assert await client.get(AMOUNT, "TYPE") == (200, {"TYPE": "f"})
        assert await client.get("/next", "VALUE") == (204, None)
        assert await client.get("/camera", "TYPE") == (200, {})
        assert await client.get(AMOUNT, "COLOUR") == (400, None)
        assert await client.get("/nowhere") == (404, None)
        status, info = await client.get("/", "HOST_INFO")
        assert (status, info["OSC_TRANSPORT"], info["OSC_IP"]) == (200, "UDP", "127.0.0.1")
        assert info["OSC_PORT"] == int(client.at.rpartition(":")[2])
        assert all(info["EXTENSIONS"][name] for name in ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "LISTEN"))

    with_client(DrawnDesk(), work)


def test_who_listens_hears_what_changes_and_nothing_else() -> None:
    async def work(client: Client, desk: Desk) -> None:
        async with client.session.ws_connect(client.at) as ws:
            for text in ("[", "[1]", '{"COMMAND":"LISTEN","DATA":7}', '{"COMMAND":"DANCE","DATA":"/"}', "9" * 9):
                await ws.send_str(text)
            await ws.send_bytes(b"\0")
            await ws.send_json({"COMMAND": "LISTEN", "DATA": AMOUNT})
            await ws.send_json({"COMMAND": "LISTEN", "DATA": "/camera/opacity"})
            await ws.send_json({"COMMAND": "IGNORE", "DATA": "/camera/opacity"})
            # What was sent before is heeded once something is heard: values are changed until then.
            heard, number = None, 0
            while heard is None:
                number += 1
                desk.set("camera/opacity", 0.5 + number % 2 / 4, "test")
                desk.set("camera/duotone.amount", 0.25 + number % 2 / 4, "test")
                try:
                    heard = await ws.receive(timeout=0.1)
                except TimeoutError:
                    continue
            (timed,) = OscPacket(heard.data).messages
            assert timed.message.address == AMOUNT
            assert timed.message.params[0] in (0.25, 0.5)

    with_client(DrawnDesk(), work)


def test_values_are_set_over_the_socket_too() -> None:
    show = DrawnDesk()

    async def work(client: Client, desk: Desk) -> None:
        async with client.session.ws_connect(client.at) as ws:
            await ws.send_bytes(b"no OSC")
            for value in (0.25, 0.75):
                builder = OscMessageBuilder(AMOUNT)
                builder.add_arg(value)
                await ws.send_bytes(builder.build().dgram)
                await asyncio.to_thread(wait_until, lambda wanted=value: show.get("camera/duotone.amount") == wanted)

    with_client(show, work)


def test_another_scene_has_other_paths_and_says_so() -> None:
    show = DrawnDesk("duotone", "mirror")

    async def work(client: Client, desk: Desk) -> None:
        async with client.session.ws_connect(client.at) as ws:
            desk.go("mirror")
            message = await ws.receive(timeout=PATIENCE_S)
            assert json.loads(message.data) == {"COMMAND": "PATH_CHANGED", "DATA": "/"}
            assert (await client.get(AMOUNT))[0] == 404
            assert (await client.get("/scene", "VALUE"))[1] == {"VALUE": ["mirror"]}

    with_client(show, work)


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_pages_from_elsewhere_are_refused(headers: dict[str, str]) -> None:
    async def work(client: Client, desk: Desk) -> None:
        assert (await client.get("/", **headers))[0] == 403

    with_client(DrawnDesk(), work)


def test_who_listens_at_the_end_hears_of_it() -> None:
    show = DrawnDesk()

    async def run(control: OscControl) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{control.port}") as ws:
            await asyncio.to_thread(control.close)
            while (await ws.receive(timeout=PATIENCE_S)).type == aiohttp.WSMsgType.BINARY:
                pass
            assert ws.closed

    with show.drawing() as desk:
        asyncio.run(run(OscControl("0", desk)))


def test_hundreds_of_connections_do_not_stop_the_show() -> None:
    """They are refused beyond some; once they have gone, everybody is served again."""

    async def work(client: Client, desk: Desk) -> None:
        port = int(client.at.rpartition(":")[2])
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        for reader, _ in opened[-100:]:
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(1), PATIENCE_S) == b""
        number = desk.snapshot.number
        await asyncio.to_thread(desk.look, number, PATIENCE_S)
        assert desk.snapshot.number > number
        for _, writer in opened:
            writer.close()
        while True:
            try:
                status, _ = await client.get("/", "HOST_INFO")
            except aiohttp.ClientConnectionError:
                continue  # the server has not heard of all of it yet
            assert status == 200
            return

    with_client(DrawnDesk(), work)


def test_what_is_too_long_ends_its_connection_alone() -> None:
    async def work(client: Client, desk: Desk) -> None:
        async with client.session.ws_connect(client.at) as ws, client.session.ws_connect(client.at) as other:
            await ws.send_str("x" * 1_000_000)
            while (message := await ws.receive(timeout=PATIENCE_S)).type == aiohttp.WSMsgType.BINARY:
                pass
            assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED)
            assert not other.closed
            assert (await client.get("/", "HOST_INFO"))[0] == 200

    with_client(DrawnDesk(), work)
