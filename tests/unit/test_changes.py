"""The queue of changes: who wins, what is refused, what is reported, and what an effect never gets to see."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import layer, scene, shader, stack
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.audio.tapped import TappedBeat
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.keys import press
from phosphene.engine.control.limits import Limits
from phosphene.engine.control.settings import Setting
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Choice, Color, Float, Media
from phosphene.engine.models.store import State
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.scene import Scene


class Tuned(type(shader("frame_here()"))):  # type: ignore[misc]
    """An effect with parameters of several kinds, which notes every value that it was given."""

    amount = Float(0.5, 0.0, 1.0, "how much")
    other = Float(0.5, 0.0, 1.0, "how much else")
    mode = Choice("left", ("left", "right"), "where")
    ink = Color("#000000", "what colour")
    picture = Media("", "what picture")


def tuned() -> tuple[Scene, Tuned]:
    effect = Tuned()
    return scene(effect), effect


def everything_goes(_: Setting) -> None:
    """A running show that can take everything on."""


def put_all(changes: Changes, *wanted: tuple[str, Any]) -> list[Future[str]]:
    return [changes.put(address, value, "test") for address, value in wanted]


def test_a_change_is_applied_where_the_queue_is_emptied_and_not_before() -> None:
    made, effect = tuned()
    changes = Changes()
    result = changes.put("amount", 0.25, "test")
    assert (effect.amount, result.done()) == (0.5, False)
    changes.apply([made])
    assert (effect.amount, result.result(0)) == (0.25, "camera/e0.amount")


@pytest.mark.parametrize(
    ("address", "value", "held"),
    [("amount", "0.75", 0.75), ("e0.amount", np.float64(0.75), 0.75), ("mode", "right", "right"),
     ("ink", "#ff0000", (1.0, 0.0, 0.0, 1.0)), ("ink", [0, 1, 0], (0.0, 1.0, 0.0, 1.0)),
     ("camera/opacity", 0.5, 0.5)],
)  # fmt: skip
def test_values_are_those_of_python_or_as_they_are_typed(address: str, value: Any, held: Any) -> None:
    made, _ = tuned()
    changes = Changes()
    changes.put(address, value, "test")
    changes.apply([made])
    assert made.get(address) == held


@pytest.mark.parametrize(
    ("address", "value", "message"),
    [
        ("amuont", 1.0, "unknown parameter"), ("amount", 2.0, "camera/e0.amount: amount cannot be 2.0"),
        ("amount", "x", "expected a number"), ("amount", None, "expected a number"),
        ("amount", float("nan"), "expected a number"), ("amount", np.zeros(3), "expected a number"),
        ("mode", "up", "unknown mode value"), ("mode", {"from": "lfo.4"}, "only numbers and switches"),
        ("amount", {"from": "nothing"}, "nothing"), ("amount", {"form": "lfo.4"}, "form"), ("ink", "dark", "ink"),
        ("picture", "no-such.jpg", "no file|no such file"), ("trackers/face.max_faces", 1, "while the show runs"),
        ("", 1.0, "fits several|unknown"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_reported_to_who_asked_and_changes_nothing(address: str, value: Any, message: str) -> None:
    made, effect = tuned()
    before = {name: getattr(effect, name) for name in Tuned.params()}
    changes = Changes()
    wrong, right = put_all(changes, (address, value), ("other", 0.75))
    changes.apply([made], everything_goes)
    with pytest.raises(UsageError, match=message):
        wrong.result(0)
    assert right.result(0) == "camera/e0.other"
    assert {name: getattr(effect, name) for name in Tuned.params()} == {**before, "other": 0.75}
    assert made.bindings == {}


def test_an_unknown_address_suggests_the_nearest() -> None:
    made, _ = tuned()
    changes = Changes()
    result = changes.put("e0.amuont", 1.0, "test")
    changes.apply([made])
    with pytest.raises(UsageError) as reported:
        result.result(0)
    assert "amount" in reported.value.hint


def test_the_newest_of_one_parameter_wins_and_listeners_hear_of_it_alone() -> None:
    made, effect = tuned()
    heard: list[tuple[str, Any]] = []
    made.listeners.append(lambda address, value: heard.append((address, value)))
    changes = Changes()
    results = put_all(
        changes, ("amount", 0.1), ("other", 0.2), ("e0.amount", 0.3), ("amount", 7), ("camera/e0.amount", 0.4)
    )
    changes.apply([made], everything_goes)
    assert (effect.amount, effect.other) == (0.4, 0.2)
    assert heard == [("camera/e0.other", 0.2), ("camera/e0.amount", 0.4)]
    assert [r.exception(0) is None for r in results] == [True, True, True, False, True]


def test_a_signal_drives_a_parameter_until_it_is_set() -> None:
    made, effect = tuned()
    changes = Changes()
    changes.put("amount", {"from": "time", "to": [0, 1], "range": [0, 10]}, "test")
    changes.apply([made], everything_goes)
    made.apply({"time": 5.0}, 0.0)
    assert effect.amount == 0.5
    changes.put("amount", 0.9, "test")
    changes.apply([made], everything_goes)
    made.apply({"time": 1.0}, 0.0)
    assert effect.amount == 0.9


def test_every_scene_that_knows_the_address_is_changed_or_none() -> None:
    first, second = Tuned(), Tuned()
    scenes = [stack(layer(first, name="a")), stack(layer(second, name="b")), scene()]
    changes = Changes()
    fine = changes.put("amount", 0.25, "test")
    changes.apply(scenes, everything_goes)
    assert (first.amount, second.amount, fine.result(0)) == (0.25, 0.25, "a/e0.amount")
    only = changes.put("b/e0.amount", 0.75, "test")
    changes.apply(scenes, everything_goes)
    assert (first.amount, second.amount, only.result(0)) == (0.25, 0.75, "b/e0.amount")

    def not_the_second(change: Setting) -> None:
        if change.scene is scenes[1]:
            raise UsageError("no")

    refused = changes.put("amount", 1.0, "test")
    changes.apply(scenes, not_the_second)
    assert isinstance(refused.exception(0), UsageError)
    assert (first.amount, second.amount) == (0.25, 0.75)


def test_a_tracker_is_set_before_the_show_alone() -> None:
    made, _ = tuned()
    changes = Changes()
    results = put_all(changes, ("trackers/face.max_faces", "2"), ("trackers/faec.max_faces", 2), ("trackers/face.x", 1))
    changes.apply([made])
    assert made.trackers == {"face": {"max_faces": 2}}
    assert [r.exception(0) is None for r in results] == [True, False, False]


def test_a_files_path_is_that_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beach.jpg").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    made, effect = tuned()
    changes = Changes()
    put_all(changes, ("picture", Path("beach.jpg")))
    changes.apply([made], everything_goes)
    assert effect.picture == str(tmp_path / "beach.jpg")
    put_all(changes, ("picture", "none"))
    changes.apply([made], everything_goes)
    assert effect.picture == ""


def test_a_file_that_is_being_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"x")
    made, effect = tuned()

    def guard(param: Any, value: Any) -> None:
        if str(value).endswith("out.mp4"):
            raise UsageError("it is being written")

    made.guards.append(guard)
    changes = Changes()
    result = changes.put("picture", str(tmp_path / "out.mp4"), "test")
    changes.apply([made], everything_goes)
    with pytest.raises(UsageError, match="being written"):
        result.result(0)
    assert effect.picture == ""


def test_a_change_may_be_taken_back_before_it_is_applied() -> None:
    made, effect = tuned()
    changes = Changes()
    result = changes.put("amount", 0.1, "test")
    assert result.cancel()
    changes.apply([made], everything_goes)
    assert effect.amount == 0.5


def test_a_sender_that_fails_when_it_is_answered_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    made, effect = tuned()
    changes = Changes()

    def failing(_: Future[str]) -> None:
        raise RuntimeError("mine")

    changes.put("amount", 0.1, "test").add_done_callback(failing)
    changes.put("other", 0.1, "test")
    with caplog.at_level(logging.CRITICAL, logger="concurrent.futures"):
        changes.apply([made], everything_goes)
    assert (effect.amount, effect.other) == (0.1, 0.1)


def test_the_queue_holds_the_newest_where_nothing_is_drawn() -> None:
    made, effect = tuned()
    changes = Changes(most_waiting=8)
    results = [changes.put(("amount", "other")[n % 2], n / 100, "test") for n in range(100)]
    changes.apply([made], everything_goes)
    assert (effect.amount, effect.other) == (0.98, 0.99)
    overtaken = [r for r in results if r.cancelled()]
    assert len(overtaken) >= 92
    with pytest.raises(CancelledError):
        overtaken[0].result(0)


def test_more_addresses_than_may_wait_are_refused() -> None:
    changes = Changes(most_waiting=8)
    results = [changes.put(f"p{n}", 1.0, "test") for n in range(10)]
    assert [r.done() for r in results] == [False] * 8 + [True] * 2
    with pytest.raises(UsageError, match="8 changes wait already"):
        results[-1].result(0)


def test_after_the_end_nothing_is_changed_and_nobody_waits() -> None:
    made, effect = tuned()
    changes = Changes()
    waiting = changes.put("amount", 0.1, "test")
    changes.close()
    late = changes.put("amount", 0.2, "test")
    changes.apply([made], everything_goes)
    assert effect.amount == 0.5
    for result in (waiting, late):
        with pytest.raises(UsageError, match="the show has ended"):
            result.result(0)


def test_what_was_changed_stays_when_the_scene_is_loaded_again(caplog: pytest.LogCaptureFixture) -> None:
    made, _ = tuned()
    changes = Changes()
    put_all(changes, ("amount", 0.1), ("e0.amount", 0.2), ("other", {"from": "lfo.4"}))
    changes.apply([made], everything_goes)
    put_all(changes, ("amount", 0.3))
    changes.apply([made], everything_goes)
    fresh = changes.reapply(scene(Tuned()))
    assert fresh.get("amount") == 0.3
    assert list(fresh.bindings) == ["camera/e0.other"]
    changes.reapply(scene())  # knows none of them
    assert caplog.messages == []


# Any interleaving

VALUES = st.one_of(st.floats(0.0, 1.0), st.sampled_from([-1.0, 2.0, float("nan"), "x", None, "0.5", {"from": 3}]))
ADDRESSES = st.sampled_from(["amount", "e0.amount", "camera/e0.amount", "other", "amuont"])


class Noting(Tuned):
    """Notes whatever reaches it."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("amount", "other"):
            assert 0.0 <= getattr(self, name) <= 1.0


def expected(puts: list[tuple[str, Any]]) -> dict[str, float]:
    """The values of one change after another."""
    found = {"amount": 0.5, "other": 0.5}
    for address, value in puts:
        name = address.rsplit(".", 1)[-1]
        if name in found and (value == "0.5" or (isinstance(value, float) and 0.0 <= value <= 1.0)):
            found[name] = float(value)
    return found


@given(st.lists(st.lists(st.tuples(ADDRESSES, VALUES), max_size=6), max_size=5))
def test_the_end_is_that_of_one_change_after_another(drains: list[list[tuple[str, Any]]]) -> None:
    """However the changes fall into the times between frames."""
    effect = Noting()
    made = scene(effect)
    changes = Changes()
    for drain in drains:
        results = put_all(changes, *drain)
        changes.apply([made], everything_goes)
        assert all(result.done() for result in results)
    every = [put for drain in drains for put in drain]
    assert {"amount": effect.amount, "other": effect.other} == expected(every)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=20), min_size=1, max_size=4))
def test_any_interleaving_of_threads_ends_with_the_last_valid_value_of_one(threads: list[list[Any]]) -> None:
    """Each thread's own order is kept, so the end is the last valid value of one of them, and each was answered."""
    effect = Noting()
    made = scene(effect)
    changes = Changes()
    results: list[Future[str]] = []
    begin = threading.Barrier(len(threads) + 1)

    def send(values: list[Any]) -> None:
        begin.wait(60)
        results.extend(changes.put("amount", value, "test") for value in values)

    senders = [threading.Thread(target=send, args=(values,)) for values in threads]
    for sender in senders:
        sender.start()
    begin.wait(60)
    while any(sender.is_alive() for sender in senders):
        changes.apply([made], everything_goes)
    changes.apply([made], everything_goes)
    assert len(results) == sum(map(len, threads))
    assert all(result.done() for result in results)
    ends = [expected([("amount", v) for v in values])["amount"] for values in threads if any(map(valid, values))]
    assert effect.amount in (ends or [0.5])


def valid(value: Any) -> bool:
    return expected([("amount", value)]) != {"amount": 0.5, "other": 0.5} or value in ("0.5", 0.5)


# What a running show cannot take on


def limits(made: Scene, *, opened: dict[str, dict[str, Any]]) -> Limits:
    found = Limits(Playlist([made]), made.needs())
    for name, params in opened.items():
        found.opened(name, params)
    return found


def ask(made: Scene, judge: Limits, address: str, value: Any) -> BaseException | None:
    changes = Changes()
    result = changes.put(address, value, "test")
    changes.apply([made], judge.check)
    return result.exception(0)


def test_a_tracker_that_runs_is_not_asked_for_something_else() -> None:
    made = stack(layer(Tuned(), name="me", cut="person"))
    judge = limits(made, opened={"person": {}})
    for value in ("middle", "same"):
        assert ask(made, judge, "me/matte.who", value) is None, "the pose tracker does not run yet"
    judge.opened("pose", {"masks": True})
    assert ask(made, judge, "me/matte.softness", 0.2) is None
    error = ask(made, judge, "me/matte.quality", "best")
    assert isinstance(error, UsageError)
    assert "'person' runs already" in error.message
    assert made.get("me/matte.quality") == "good"


def test_a_tracker_that_is_new_must_have_its_models_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = stack(layer(Tuned(), name="me"))
    ready = [False]
    monkeypatch.setattr("phosphene.engine.models.store.state", lambda _: State(ready[0], tmp_path))
    judge = limits(made, opened={})
    error = ask(made, judge, "me/cut", "person")
    assert isinstance(error, UsageError)
    assert "phosphene models --fetch" in error.hint
    assert made.get("me/cut") == "none"
    assert isinstance(ask(made, judge, "amount", {"from": "face.smile"}), UsageError)
    assert made.bindings == {}
    ready[0] = True
    assert ask(made, judge, "me/cut", "person") is None
    assert ask(made, judge, "amount", {"from": "face.smile"}) is None
    assert made.needs() == {"person", "face"}


def test_trying_a_change_leaves_no_trace() -> None:
    made, effect = tuned()
    heard: list[str] = []
    made.listeners.append(lambda address, _: heard.append(address))
    with Setting(made, "camera/e0.amount", 0.75).tried():
        assert effect.amount == 0.75
    assert (effect.amount, heard) == (0.5, [])


# Keys


def test_keys_change_the_scene() -> None:
    playlist = Playlist([scene(), scene(), scene()], transition_s=0.0)
    desk = Desk(playlist, Changes())

    def after(*pressed: str) -> int:
        for key in pressed:
            press(key, playlist, desk)
        playlist.move(0.0, ())
        return playlist.at

    assert [after("n"), after("n"), after("n"), after("p"), after("2"), after("9"), after("x", "space")] == [
        1, 2, 0, 2, 1, 1, 1,
    ]  # fmt: skip
    alone = Playlist([scene()])
    for key in ("n", "2"):
        press(key, alone, desk)
    alone.move(0.0, ())
    assert alone.at == 0


def test_keys_tap_the_beat() -> None:
    playlist, tapped = Playlist([scene()]), TappedBeat()
    desk = Desk(playlist, Changes(), tapped)
    for moment_s in (1.0, 1.5):
        press("t", playlist, desk)
        desk.update(Observation(Frame(0, moment_s, np.zeros((2, 2, 3), np.uint8))), {}, {})
    assert tapped.at(2.0).tempo == pytest.approx(120.0)
    press("0", playlist, desk)
    desk.update(None, {}, {})
    assert not tapped.known
