"""OSC: parameters and scenes are changed by it, faders are answered, and nothing that is good is lost among garbage."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from helpers_desk import DrawnDesk
from helpers_waiting import wait_until
from phosphene.engine.control import osc_format
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.osc import OscControl
from phosphene.engine.control.osc_values import to_address, to_path
from phosphene.engine.core.errors import ControlError
from pythonosc.osc_packet import OscPacket

AMOUNT = "camera/duotone.amount"


class Client:
    """A program with faders: sends messages, and remembers the newest answer of each address."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self._to = ("127.0.0.1", port)
        self.answers: dict[str, list[object]] = {}

    def send(self, path: str, *arguments: object) -> None:
        self.socket.sendto(osc_format.message(path, *arguments), self._to)

    def raw(self, data: bytes) -> None:
        self.socket.sendto(data, self._to)

    def answer(self, path: str) -> list[object] | None:
        """The newest answer at `path` so far."""
        while True:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return self.answers.get(path)
            for timed in OscPacket(data).messages:
                self.answers[timed.message.address] = timed.message.params

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


@contextmanager
def opened(show: DrawnDesk, option: str = "0") -> Iterator[tuple[OscControl, Client, Desk]]:
    with show.drawing() as desk, OscControl(option, desk) as control, Client(control.port) as client:
        yield control, client, desk


@pytest.mark.parametrize(
    "address", [AMOUNT, "camera/opacity", "person/matte.feather", "a b/c-d.é", "layer/50%.x", "l/a.b.name"]
)
def test_addresses_and_back(address: str) -> None:
    path = to_path(address)
    assert path.isascii()
    assert not set(path) & set(" #*,?[]{}")
    assert to_address(path) == address
    assert to_address(f"/{address}") == address


def test_every_parameter_of_the_scenes_that_come_along_has_an_address_of_its_own() -> None:
    from phosphene.engine.scene.registry import Registry
    from phosphene.engine.scene.toml_read import load_scene

    registry = Registry()
    for name in registry.scenes():
        addresses = list(load_scene(name, registry).addresses())
        assert [to_address(to_path(address)) for address in addresses] == addresses


def test_a_parameter_is_set_in_every_way_of_writing_it() -> None:
    show = DrawnDesk()
    with opened(show) as (_, client, _):
        for number, path in enumerate(("/camera/duotone/amount", f"/{AMOUNT}", "/duotone.amount", "/amount")):
            client.send(path, 0.1 + number / 5)
            wait_until(lambda value=0.1 + number / 5: show.get(AMOUNT) == pytest.approx(value))
        assert show.get(AMOUNT) == 0.7  # not what single precision makes of it


def test_each_kind_of_value() -> None:
    show = DrawnDesk()
    with opened(show) as (_, client, _):
        client.send("/camera/duotone/ink", 1.0, 0.5, 0.0)
        wait_until(lambda: show.get("camera/duotone.ink") == (1.0, 0.5, 0.0, 1.0))
        client.send("/camera/duotone/ink", "#00ff00")
        wait_until(lambda: show.get("camera/duotone.ink") == (0.0, 1.0, 0.0, 1.0))
        client.raw(b"/camera/duotone/ink\0,r\0\0\xff\x00\x00\xff")
        wait_until(lambda: show.get("camera/duotone.ink") == (1.0, 0.0, 0.0, 1.0))
        client.send("/camera/visible", 0.0)
        wait_until(lambda: show.get("camera/visible") is False)
        client.send("/camera/visible", True)
        wait_until(lambda: show.get("camera/visible") is True)
        client.send("/camera/blend", 1.0)
        wait_until(lambda: show.get("camera/blend") != "normal")


def test_faders_are_answered_whoever_moves_them() -> None:
    show = DrawnDesk()
    with opened(show) as (control, client, desk), Client(control.port) as other:
        other.send("/refresh")
        wait_until(lambda: other.answer("/camera/duotone/amount"))
        client.send("/camera/duotone/amount", 0.25)
        wait_until(lambda: other.answer("/camera/duotone/amount") == [0.25])
        wait_until(lambda: client.answer("/camera/duotone/amount") == [0.25])
        desk.set(AMOUNT, 0.75, "page")
        wait_until(lambda: client.answer("/camera/duotone/amount") == [0.75])


def test_refresh_gives_every_parameter_and_the_scene() -> None:
    show = DrawnDesk()
    with opened(show) as (_, client, _):
        client.send("/refresh")
        wanted = {to_path(address) for address in show.playlist.scene.addresses()} | {"/scene"}
        wait_until(lambda: client.answer("/scene") and wanted <= client.answers.keys())
        assert client.answers["/scene"] == ["duotone"]
        assert len(client.answers["/camera/duotone/ink"]) == 4


def test_a_refused_value_is_named_once_and_the_fader_goes_back(caplog: pytest.LogCaptureFixture) -> None:
    show = DrawnDesk()
    with opened(show) as (control, client, _):
        client.send("/camera/duotone/amount", 0.5)
        wait_until(lambda: client.answer("/camera/duotone/amount") == [0.5])
        for count in (1, 2):
            client.answers.clear()
            client.send("/camera/duotone/amount", 7.0)
            wait_until(lambda: client.answer("/camera/duotone/amount") == [0.5])
            wait_until(lambda wanted=count: control.counts.refused == wanted)
        client.send("/camera/duotone/amuont", 1.0)
        wait_until(lambda: control.counts.refused == 3)
    assert sum("amount cannot be 7.0" in r.getMessage() for r in caplog.records) == 1
    assert any("amuont" in r.getMessage() and "did you mean" in r.getMessage() for r in caplog.records)


def test_scenes_by_name_number_button_and_step() -> None:
    show = DrawnDesk("duotone", "mirror", "blur")
    with opened(show) as (_, client, desk):
        wait_until(lambda: desk.snapshot.number)
        for message, scene in (
            (("/scene", "mirror"), "mirror"),
            (("/scene", 3), "blur"),
            (("/scene/duotone", 1.0), "duotone"),
            (("/next",), "mirror"),
            (("/next", 1.0), "blur"),
            (("/previous", True), "mirror"),
        ):
            client.send(*message)
            wait_until(lambda wanted=scene: show.scene == wanted)
            wait_until(lambda wanted=scene: client.answer("/scene") == [wanted])
        client.send("/next", 0.0)  # a button that comes up
        client.send("/scene/blur", False)
        client.send("/mirror/none", 1.0)
        client.send("/scene", "duotone")
        wait_until(lambda: show.scene == "duotone")


def test_the_beat_is_tapped(monkeypatch: pytest.MonkeyPatch) -> None:
    show, tapped = DrawnDesk(), list[float]()
    monkeypatch.setattr(show.tapped, "tap", tapped.append)
    with opened(show) as (_, client, _):
        client.send("/tap")
        client.send("/tap", 0.0)  # a button that comes up
        client.send("/tap", 1.0)
        client.send("/next")
        wait_until(lambda: len(tapped) == 2)


def test_answers_go_to_the_port_that_was_asked_for() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hears:
        hears.bind(("127.0.0.1", 0))
        hears.settimeout(240.0)
        with opened(DrawnDesk(), f"0?reply={hears.getsockname()[1]}") as (_, client, _):
            client.send("/refresh")
            assert OscPacket(hears.recv(65536)).messages


def test_of_ten_thousand_messages_with_garbage_none_of_the_good_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    """In bursts that the system can keep however busy the machine is."""
    chance, count = random.Random(3), 10_000
    paths = ("/camera/duotone/amount", "/camera/opacity", "/camera/duotone/ink")
    show = DrawnDesk()
    with opened(show) as (control, client, _):
        for number in range(count):
            if number % 5 == 4:
                client.raw(chance.randbytes(chance.randint(1, 40)).replace(b"/", b"!"))
            else:
                client.send(paths[number % 3], *[number / count] * (3 if number % 3 == 2 else 1))
            if number % 250 == 249:
                wait_until(lambda so_far=number: control.counts.messages + control.counts.garbage > so_far)
        last = {n % 3: n / count for n in range(count) if n % 5 != 4}
        wait_until(lambda: show.get(AMOUNT) == pytest.approx(last[0]))
        wait_until(lambda: show.get("camera/opacity") == pytest.approx(last[1]))
        wait_until(lambda: show.get("camera/duotone.ink")[0] == pytest.approx(last[2]))
        assert (control.counts.messages, control.counts.garbage, control.counts.refused) == (8000, 2000, 0)
    assert sum("is no OSC" in r.getMessage() for r in caplog.records) == 1
    assert sum("2000 datagrams were no OSC" in r.getMessage() for r in caplog.records) == 1


def test_bundles_set_several_at_once_and_the_newest_wins() -> None:
    show = DrawnDesk()
    with opened(show) as (_, client, _):
        messages = [osc_format.message("/amount", value) for value in (0.1, 0.9, 0.3)]
        client.raw(next(osc_format.bundles([*messages, osc_format.message("/camera/opacity", 0.5)])))
        wait_until(lambda: (show.get(AMOUNT), show.get("camera/opacity")) == (0.3, 0.5))


def test_systems_that_give_one_datagram_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from phosphene.engine.control import osc_socket

    monkeypatch.setattr(osc_socket._Many, "works_for", staticmethod(lambda port: False))
    show = DrawnDesk()
    with opened(show) as (control, client, _):
        for number in range(100):
            client.send("/camera/duotone/amount", number / 100)
        wait_until(lambda: control.counts.messages == 100)
        wait_until(lambda: client.answer("/camera/duotone/amount") == [pytest.approx(0.99)])


def test_what_comes_before_the_first_frame_is_kept() -> None:
    show = DrawnDesk()
    with OscControl("0", show.desk) as control, Client(control.port) as client:
        client.send("/camera/visible", 0.0)
        wait_until(lambda: control.counts.messages == 1)
        with show.drawing():
            wait_until(lambda: show.get("camera/visible") is False)


def test_it_ends_in_any_order(caplog: pytest.LogCaptureFixture) -> None:
    show = DrawnDesk()
    with show.drawing() as desk:
        control = OscControl("0", desk)
    control.close()
    control.close()


def test_a_port_that_is_taken_or_none_is_said() -> None:
    show = DrawnDesk()
    with OscControl("0", show.desk) as control, pytest.raises(ControlError, match="cannot be used"):
        OscControl(str(control.port), show.desk)
    for wrong in ("x", "99999", ":9000", "9000?answer=1", "9000?reply=x", "no.such.host.invalid:9000"):
        with pytest.raises(ControlError):
            OscControl(wrong, show.desk)


def test_only_this_machine_is_heard_unless_asked_otherwise() -> None:
    show = DrawnDesk()
    with OscControl("0", show.desk) as control:
        assert control._datagrams.host == "127.0.0.1"


def test_a_parameter_of_another_scene_is_set_too() -> None:
    show = DrawnDesk("mirror", "duotone")
    with opened(show) as (control, client, _):
        for value in (0.25, 0.75):
            client.send("/camera/duotone/amount", value)
            wait_until(lambda wanted=value: show.playlist.scenes[1].get(AMOUNT) == wanted)
        assert control.counts.refused == 0


def test_a_flood_of_unknown_addresses_stops_nothing_that_is_good() -> None:
    show = DrawnDesk()
    with opened(show) as (control, client, _):
        for number in range(2000):
            client.send(f"/nowhere/{number}/x", 1.0)
            if number % 100 == 99:
                client.send("/camera/duotone/amount", number / 2000)
                wait_until(lambda wanted=number / 2000: show.get(AMOUNT) == pytest.approx(wanted))
        wait_until(lambda: control.counts.refused == 2000)


def test_others_on_the_network_choose_no_files(caplog: pytest.LogCaptureFixture) -> None:
    from phosphene.engine.core.param_types import File

    show = DrawnDesk("teleport", "duotone")
    address = next(a for a, (_, p) in show.playlist.scene.addresses().items() if isinstance(p, File))
    before = show.get(address)
    with opened(show, "0.0.0.0:0") as (control, client, _):
        client.send(to_path(address), __file__)
        client.send(to_path(AMOUNT), 0.5)
        wait_until(lambda: control.counts.refused == 2)
        client.send("/scene", "duotone")
        wait_until(lambda: show.scene == "duotone")
        client.send(to_path(AMOUNT), 0.5)
        wait_until(lambda: show.get(AMOUNT) == 0.5)
    assert show.playlist.scenes[0].get(address) == before
    assert any("is a file: others on the network may not set it" in r.getMessage() for r in caplog.records)


ODD: tuple[tuple[object, ...], ...] = (
    (), (None,), (True,), (float("nan"),), (float("inf"),), (-1e38,), (2**62,), (-3,), ("",), ("a" * 5000,), ("none",),
    ("/dev/zero",), ("#12",), (b"\0\xff",), (1.0, 2.0), (1, "x"), (0.5, 0.5, 0.5), (None, None), tuple(range(40)),
    ("../..",),
)  # fmt: skip


@pytest.mark.parametrize("scene", ["duotone", "teleport", "makeup"])
def test_whatever_comes_the_show_goes_on(scene: str) -> None:
    """Every parameter gets values of every kind: what does not fit is refused, and nothing else fails."""
    show = DrawnDesk(scene)
    with opened(show) as (control, client, _):
        sent = 0
        for address in show.playlist.scene.addresses():
            for values in ODD:
                client.send(to_path(address), *values)
                sent += 1
                if sent % 100 == 0:
                    wait_until(lambda so_far=sent: control.counts.messages >= so_far)
        for path in ("/", "//", "/trackers/face/max_faces", "/%00", "/a.", "/scene/", "/scene", "/..", "/next/x"):
            client.send(path, 1.0)
            client.send(path, float("nan"))
        client.send("/camera/opacity" if scene != "teleport" else "/person/opacity", 0.125)
        wait_until(lambda: 0.125 in (layer.opacity for layer in show.playlist.scene.layers))
