"""The page's server: parameters, signals and scenes as JSON, the live socket, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_waiting import PATIENCE_S, wait_until

pytest.importorskip("aiohttp")

import aiohttp
from helpers_panel import AMOUNT, Played
from phosphene.engine.control.panel import PanelControl
from phosphene.engine.control.panel_http import PAGES
from phosphene.engine.core.errors import ControlError
from phosphene.engine.core.problem import Problem
from phosphene.engine.sinks.http_server import MOST_CONNECTIONS


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played("duotone", "mirror")
    yield made
    made.end()


def talk(played: Played, what: Callable[[Any], Awaitable[Any]], path: str = "/api/live") -> Any:
    """What comes of `what`, which is given a socket of the page."""

    async def connected() -> Any:
        protocols = ("phosphene", played.panel.guard.token)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                f"http://127.0.0.1:{played.panel.port}{path}", protocols=protocols, max_msg_size=0
            ) as live,
        ):
            return await what(live)

    return asyncio.run(connected())


async def until(live: Any, found: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The first message of which `found` says so."""
    async with asyncio.timeout(PATIENCE_S):
        while not found(message := await live.receive_json()):
            pass
    return message


def test_every_parameter_is_told_with_its_descriptor(played: Played) -> None:
    status, found = played.ask("GET", "/api/parameters")
    assert (status, set(found)) == (200, set(played.playlist.scene.addresses()))
    amount = found[AMOUNT]
    assert (amount["type"], amount["range"], amount["bindable"]) == ("float", [0.0, 1.0], True)
    assert amount["bound"]["from"] == "face.smile"
    assert found["camera/duotone.ink"]["default"] == found["camera/duotone.ink"]["value"]
    assert found["camera/blend"]["options"] == ["normal", "add", "screen", "multiply"]


def test_the_token_may_stand_in_the_query_of_what_only_looks(played: Played) -> None:
    path = f"/api/parameters?t={played.panel.guard.token}"
    assert played.ask("GET", path, token="")[0] == 200
    assert played.ask("POST", path.replace("?", f"/{AMOUNT}?"), {"value": 0.5}, token="")[0] == 401


def test_a_value_is_answered_as_it_was_taken(played: Played) -> None:
    status, found = played.ask("POST", f"/api/parameters/{AMOUNT}", {"value": "0.25"})
    assert (status, found) == (200, {"address": AMOUNT, "value": 0.25, "bound": None})
    assert played.amount() == 0.25
    assert played.ask("POST", "/api/parameters/camera%2Fduotone.ink", {"value": "#ff0000"})[1]["value"] == [1, 0, 0, 1]


def test_a_value_that_does_not_fit_is_refused_in_words(played: Played) -> None:
    before = played.ask("POST", f"/api/parameters/{AMOUNT}", {"value": 0.5})[1]["value"]
    status, found = played.ask("POST", f"/api/parameters/{AMOUNT}", {"value": 7})
    assert status == 400
    assert "expected a number 0 … 1" in found["error"]
    status, found = played.ask("POST", "/api/parameters/camera/duotone.amuont", {"value": 1})
    assert status == 400
    assert "amount" in found["hint"]
    assert played.amount() == before


def test_a_parameter_is_bound_and_let_go(played: Played) -> None:
    played.ask("POST", f"/api/parameters/{AMOUNT}", {"value": 0.5})
    status, found = played.ask("POST", f"/api/parameters/{AMOUNT}", {"bind": {"from": "lfo.2", "to": [0.2, 0.4]}})
    assert (status, found["bound"]) == (200, {"from": "lfo.2", "to": [0.2, 0.4]})
    assert 0.2 <= found["value"] <= 0.4
    status, found = played.ask("POST", f"/api/parameters/{AMOUNT}", {"bind": None})
    assert (status, found["bound"]) == (200, None)
    assert 0.2 <= played.amount() <= 0.4
    assert played.ask("POST", f"/api/parameters/{AMOUNT}", {"bind": {"from": "face.smiel"}})[0] == 400
    assert played.ask("POST", "/api/parameters/camera/duotone.ink", {"bind": {"from": "time"}})[0] == 400


def test_signals_have_their_range_and_value(played: Played) -> None:
    found = played.ask("GET", "/api/signals")[1]
    assert found["face.yaw"]["range"] == [-45, 45]
    assert (found["face.smile"]["tracker"], found["face.smile"]["value"]) == ("face", 0.0)
    assert 0.0 <= found["lfo.4"]["value"] <= 1.0


def test_scenes_change_by_name_and_step_and_the_show_ends(played: Played) -> None:
    assert [scene["name"] for scene in played.ask("GET", "/api/scenes")[1]["scenes"]] == ["duotone", "mirror"]
    assert played.ask("POST", "/api/scenes/mirror")[0] == 200
    wait_until(lambda: played.playlist.scene.name == "mirror")
    assert played.ask("POST", "/api/show/previous")[0] == 200
    wait_until(lambda: played.playlist.scene.name == "duotone")
    status, found = played.ask("POST", "/api/scenes/miror")
    assert (status, "mirror" in found["hint"]) == (400, True)
    assert played.ask("POST", "/api/show/explode")[0] == 404
    assert not played.desk.stopping
    assert played.ask("POST", "/api/show/stop")[0] == 200
    assert played.desk.stopping


def test_a_page_is_told_everything_and_then_what_changes(played: Played) -> None:
    async def look(live: Any) -> tuple[Any, ...]:
        whole = await live.receive_json()
        await live.send_json({"a": AMOUNT, "v": 0.125, "n": 7})
        answer = await until(live, lambda m: m.get("n") == 7)
        other = played.desk.set(AMOUNT, 0.75, "another")
        change = await until(live, lambda m: m.get("a") == AMOUNT and m["v"] == 0.75 and "n" not in m)
        other.result(PATIENCE_S)
        await live.send_json({"scene": "mirror", "n": 8})
        await until(live, lambda m: m.get("n") == 8)
        return whole, answer, change, await until(live, lambda m: "state" in m)

    whole, answer, change, another = talk(played, look)
    assert whole["state"]["scene"] == "duotone"
    assert set(whole["state"]["parameters"]) == set(played.playlist.scenes[0].addresses())
    assert answer == {"ok": True, "a": AMOUNT, "v": 0.125, "n": 7}
    assert change["bound"] is None
    assert another["state"]["scene"] == "mirror"


def test_a_change_that_is_refused_says_why_and_keeps_its_number(played: Played) -> None:
    async def ask(live: Any) -> list[dict[str, Any]]:
        found = []
        for number, wrong in enumerate([{"a": AMOUNT, "v": 9}, {"a": 3}, {"v": 3}, {"a": AMOUNT, "bind": 3}]):
            await live.send_json({**wrong, "n": number})
            found.append(await until(live, lambda m, number=number: m.get("n") == number))
        await live.send_str("{")
        found.append(await until(live, lambda m: "JSON" in m.get("error", "")))
        return found

    assert all(message["error"] for message in talk(played, ask))


def test_problems_and_the_log_reach_the_page(played: Played) -> None:
    async def look(live: Any) -> dict[str, Any]:
        await live.receive_json()
        played.problems = {"camera/duotone": Problem("camera/duotone", "does not compile", hint="look at line 3")}
        found = await until(live, lambda m: m.get("problems"))
        logging.getLogger("phosphene").warning("a word in the log")
        await until(live, lambda m: any("a word" in line["text"] for line in m.get("log", ())))
        return found

    assert talk(played, look)["problems"][0]["hint"] == "look at line 3"


def test_two_pages_agree(played: Played) -> None:
    async def both(first: Any) -> dict[str, Any]:
        protocols = ("phosphene", played.panel.guard.token)
        address = f"http://127.0.0.1:{played.panel.port}/api/live"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, protocols=protocols, max_msg_size=0) as second,
        ):
            await second.receive_json()
            await first.send_json({"a": AMOUNT, "v": 0.0625, "n": 1})
            return await until(second, lambda m: m.get("v") == 0.0625)

    assert talk(played, both)["a"] == AMOUNT


def test_a_page_that_comes_later_sees_the_show_as_it_is_then(played: Played) -> None:
    async def first(live: Any) -> Any:
        return (await live.receive_json())["state"]["parameters"][AMOUNT]["value"]

    for value in (0.25, 0.75):
        played.desk.set(AMOUNT, value, "another").result(PATIENCE_S)
        assert talk(played, first) == value


def test_images_are_taken_only_while_somebody_watches(played: Played) -> None:
    sink: Any = played.panel.sink
    image = np.full((90, 1600, 4), (200, 30, 60, 255), np.uint8)
    assert sink.resting

    async def look(live: Any) -> bytes:
        await asyncio.to_thread(wait_until, lambda: not sink.resting)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await asyncio.to_thread(sink.write, image, 0.0)
                try:
                    return bytes(await live.receive_bytes(timeout=0.1))
                except TimeoutError:
                    continue

    import cv2

    data = talk(played, look, "/api/images")
    shown = cv2.imdecode(np.frombuffer(data[16:], np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[1] == 960
    assert np.abs(shown[20, 400].astype(int) - (60, 30, 200)).max() < 8
    wait_until(lambda: sink.resting)


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", "ä", "x" * 5000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/parameters"),
        ("GET", "/api/live"),
        ("GET", "/api/images"),
        ("POST", "/api/show/stop"),
        ("GET", "/api/x"),
    ],
)
def test_nothing_is_told_without_the_token(played: Played, method: str, path: str, token: str) -> None:
    encoded = token.encode("utf-8").decode("latin-1")
    assert played.ask(method, path, token=encoded)[0] == 401
    assert not played.desk.stopping
    assert played.goes_on()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},  # a foreign name that was made to lead here
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": "http://[evil"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/api/live"), ("POST", "/api/show/stop")])
def test_other_sites_are_refused(played: Played, method: str, path: str, headers: dict[str, str]) -> None:
    assert played.ask(method, path, headers=headers)[0] == 403
    assert not played.desk.stopping


def test_every_answer_forbids_what_the_page_does_not_need(played: Played) -> None:
    import http.client

    for path in ("/", "/nothing", "/api/parameters"):
        connection = http.client.HTTPConnection("127.0.0.1", played.panel.port, timeout=PATIENCE_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert "frame-ancestors 'none'" in str(answer.getheader("Content-Security-Policy"))
        assert answer.getheader("Referrer-Policy") == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["/../panel.py", "/%2e%2e/panel.py", "/..%2fpanel.py", "//etc/passwd", "/?file=../../etc/passwd&x=/panel.py"],
)
def test_only_the_pages_own_files_are_served(played: Played, path: str) -> None:
    found = played.ask("GET", path)[1]
    assert b"PanelControl" not in found if isinstance(found, bytes) else "error" in found
    assert b"root:" not in found if isinstance(found, bytes) else True


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe\x00", b"[1]", b"3", b"{}", b'{"value": 1, "bind": {}}', b'{"value": {"from": "time"}}',
     b'{"bind": "face.smile"}', b'{"value": null}', b'{"value": NaN}', b'{"value": 1e999}', b"[" * 30000],
)  # fmt: skip
def test_malformed_bodies_are_refused(played: Played, body: bytes) -> None:
    played.ask("POST", f"/api/parameters/{AMOUNT}", {"value": 0.5})
    status, found = played.ask("POST", f"/api/parameters/{AMOUNT}", body)
    assert (status, bool(found["error"])) == (400, True)
    assert played.amount() == 0.5
    assert played.goes_on()


def test_a_body_that_is_too_large_is_refused(played: Played) -> None:
    assert played.ask("POST", f"/api/parameters/{AMOUNT}", b"1" * 100_000)[0] == 413
    assert played.goes_on()


@pytest.mark.parametrize("value", ["../../etc/passwd", "/etc/passwd", ".git/config", "link"])
def test_files_outside_the_working_folder_are_refused(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").touch()
    (tmp_path / "link").symlink_to("/etc/passwd")
    played = Played("teleport")
    try:
        status, found = played.ask("POST", "/api/parameters/place/place.picture", {"value": value})
        assert (status, "outside" in found["error"]) == (400, True)
        assert played.playlist.scene.get("place/place.picture") == ""
    finally:
        played.end()


async def _closed_with(live: Any) -> int:
    async with asyncio.timeout(PATIENCE_S):
        async for _ in live:
            pass
    return int(live.close_code)


def test_binary_and_oversized_messages_end_their_socket_alone(played: Played) -> None:
    async def binary(live: Any) -> int:
        await live.send_bytes(os.urandom(64))
        return await _closed_with(live)

    async def oversized(live: Any) -> int:
        await live.send_str("x" * 200_000)
        return await _closed_with(live)

    assert talk(played, binary) == 1003
    assert talk(played, oversized) == 1009
    assert played.goes_on()


def test_pages_are_counted(played: Played) -> None:
    async def many(_: Any) -> int:
        protocols = ("phosphene", played.panel.guard.token)
        address = f"http://127.0.0.1:{played.panel.port}/api/live"
        async with aiohttp.ClientSession() as session:
            opened = []
            try:
                for _ in range(2 * PAGES):
                    opened.append(await session.ws_connect(address, protocols=protocols, max_msg_size=0))
            except aiohttp.WSServerHandshakeError as error:
                return int(error.status)
            finally:
                for one in opened:
                    await one.close()
        return 0

    assert talk(played, many) == 503
    wait_until(played.goes_on)


def test_many_connections_leave_the_show_alone(played: Played) -> None:
    opened = []
    try:
        for _ in range(2 * MOST_CONNECTIONS):
            opened.append(socket.create_connection(("127.0.0.1", played.panel.port), timeout=PATIENCE_S))
        with contextlib.suppress(ConnectionError):  # which says the same
            assert opened[-1].recv(1) == b""  # it was one too many
        before = played.frames
        wait_until(lambda: played.frames > before)
    finally:
        for one in opened:
            one.close()
    wait_until(played.goes_on)


def test_the_token_is_printed_once_and_never_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    played = Played("duotone")
    token = played.panel.guard.token
    played.ask("GET", f"/api/parameters?t={token}", token="")
    played.end()
    out, err = capsys.readouterr()
    assert out == f"studio: http://127.0.0.1:{played.panel.port}/#t={token}\n"
    assert "this machine" in err
    assert token not in err + caplog.text


@pytest.mark.parametrize("port", ["-1", "x", "70000", "80.5"])
def test_what_is_no_port_is_refused(port: str, played: Played) -> None:
    with pytest.raises(ControlError, match="not a port"):
        PanelControl(port, played.desk)


def test_a_port_that_is_taken_says_so(played: Played) -> None:
    with pytest.raises(ControlError, match="cannot be used") as reported:
        PanelControl(str(played.panel.port), played.desk)
    assert "another port" in reported.value.hint


def test_the_address_for_the_browser_serves_once(played: Played) -> None:
    """Others can read it on the browser's command line, so that it is worth nothing afterwards."""
    import http.client

    ticket = played.panel.guard.ticket
    found = []
    for path in ("/open/another", f"/open/{ticket}", f"/open/{ticket}"):
        connection = http.client.HTTPConnection("127.0.0.1", played.panel.port, timeout=PATIENCE_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        found.append((answer.status, answer.getheader("Location")))
    assert found == [(403, None), (302, f"/#t={played.panel.guard.token}"), (403, None)]


def test_the_browser_is_opened_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    monkeypatch.setenv("DISPLAY", ":0")
    panel = PanelControl("0:browser", played.desk)
    panel.close()
    (address,) = opened
    assert address.startswith(f"http://127.0.0.1:{panel.port}/open/")
    assert panel.guard.token not in address
