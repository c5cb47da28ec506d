"""The desk: what ways in see of a show, what they may ask, and that nothing is made while nobody looks."""

from __future__ import annotations

import threading

import pytest
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk, Snapshot
from phosphene.engine.core.errors import UsageError
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene

NUMBERS = {"fps": 30.0}


def desk(*names: str) -> Desk:
    registry = Registry()
    return Desk(Playlist([load_scene(name, registry) for name in names or ("duotone",)]), Changes())


def looked(made: Desk) -> Snapshot:
    """What somebody who waits sees of the next frame."""
    seen: list[Snapshot] = []
    thread = threading.Thread(target=lambda: seen.append(made.look(made.snapshot.number)))
    thread.start()
    while thread.is_alive():
        made.update(None, NUMBERS, {})
        thread.join(0.001)
    return seen[0]


def test_nothing_is_made_while_nobody_looks() -> None:
    made = desk()
    made.update(None, NUMBERS, {})
    assert made.snapshot.number == 0


def test_a_snapshot_has_every_parameter_with_its_descriptor() -> None:
    made = desk()
    seen = looked(made)
    assert set(seen.parameters) == set(made.scene.addresses())
    amount = seen.parameters["camera/duotone.amount"]
    assert (amount.value, amount.param.kind) == (made.scene.get("camera/duotone.amount"), "float")
    assert (seen.scene, seen.scenes, seen.numbers) == ("duotone", ("duotone",), NUMBERS)


def test_a_bound_parameter_says_what_it_follows() -> None:
    from phosphene.engine.scene.binding import Binding

    made = desk()
    made.scene.bind("camera/duotone.amount", Binding.parse({"from": "face.smile"}))
    bound = looked(made).parameters["camera/duotone.amount"].binding
    assert bound is not None
    assert bound.source == "face.smile"


def test_what_is_asked_for_is_done_by_the_thread_that_draws() -> None:
    made, done = desk(), []
    result = made.ask(lambda: done.append(threading.current_thread()) or "ready")
    assert not done
    made.update(None, NUMBERS, {})
    assert (done, result.result(0)) == ([threading.current_thread()], "ready")


def test_an_action_that_fails_is_reported_to_who_asked() -> None:
    made = desk()
    result = made.ask(lambda: 1 // 0)
    made.update(None, NUMBERS, {})
    with pytest.raises(ZeroDivisionError):
        result.result(0)


def test_scenes_change_by_name_and_step() -> None:
    made = desk("duotone", "mirror")
    made.go("mirror").add_done_callback(lambda result: result.result())
    made.update(None, NUMBERS, {})
    unknown = made.go("miror")
    made.step(1)
    made.update(None, NUMBERS, {})
    with pytest.raises(UsageError, match="mirror"):
        unknown.result(0)


def test_at_the_end_nobody_waits_and_nothing_is_taken() -> None:
    made = desk()
    waiting = made.step(1)
    thread = threading.Thread(target=made.look)
    thread.start()
    made.close()
    thread.join(20.0)
    assert not thread.is_alive()
    for result in (waiting, made.step(1)):
        with pytest.raises(UsageError, match="ended"):
            result.result(0)
