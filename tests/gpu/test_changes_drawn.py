"""Changes while a show runs: in the very next image, refused without harm, and in a take as they were drawn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.control.changes import Changes
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.options import RunOptions, run_options
from phosphene.engine.show.session import play
from phosphene.engine.show.takes.take import Take

from phosphene.testing import FakeSink

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
CARD = "testcard:64x48@30x10"


def asked(scene: str = "duotone", **more: Any) -> RunOptions:
    return run_options(scene, CARD, ["null"], flash_guard=False, **more)


def drawn(options: RunOptions, change: Callable[[int, Changes], None] = lambda *_: None) -> list[Pixels]:
    """The images of a run; `change` is called after each of them, with the number of the next one."""
    sink, changes = FakeSink(), Changes()
    drawn_ids: list[int] = []

    def on_image(seen: Drawn) -> bool:
        """Called while an image is waited for, too."""
        if seen.observation is not None and seen.observation.frame.id not in drawn_ids:
            drawn_ids.append(seen.observation.frame.id)
            change(len(drawn_ids), changes)
        return True

    play(options, extra_sinks=[sink], on_image=on_image, changes=changes)
    return sink.images


def same(these: list[Pixels], those: list[Pixels]) -> bool:
    return len(these) == len(those) > 0 and all(map(np.array_equal, these, those))


def test_a_change_is_in_the_next_image() -> None:
    plain, inked = (drawn(asked(parameters={"amount": amount})) for amount in (0.0, 1.0))

    def change(number: int, changes: Changes) -> None:
        if number == 4:
            changes.put("amount", 1.0, "test")
        if number == 7:
            changes.put("duotone.amount", "0", "test")

    images = drawn(asked(parameters={"amount": 0.0}), change)
    assert same(images[:4], plain[:4])
    assert same(images[4:7], inked[4:7])
    assert same(images[7:], plain[7:])
    assert not np.array_equal(plain[4], inked[4])


def test_what_is_refused_leaves_every_image_as_it_was() -> None:
    results: list[Future[str]] = []

    def change(number: int, changes: Changes) -> None:
        for address, value in (("amount", 7), ("no-such", 1), ("ink", "dark"), ("trackers/face.max_faces", 2)):
            results.append(changes.put(address, value, f"test {number}"))

    assert same(drawn(asked(), change), drawn(asked()))
    answered = [result for result in results if result.done()]
    assert len(answered) >= 4 * 9, "those after the last image are answered by who made the queue"
    assert all(isinstance(result.exception(0), UsageError) for result in answered)


def test_a_signal_may_drive_a_parameter_from_now_on() -> None:
    table = {"from": "time", "range": [0, 0.3], "to": [0.0, 1.0]}
    driven = drawn(asked(bindings={"amount": table}))

    def change(number: int, changes: Changes) -> None:
        if number == 3:
            changes.put("amount", table, "test")

    images = drawn(asked(parameters={"amount": 1.0}), change)
    assert same(images[3:], driven[3:])
    assert not np.array_equal(images[2], driven[2])


def test_a_take_holds_changes_as_they_were_drawn(tmp_path: Path) -> None:
    def change(number: int, changes: Changes) -> None:
        changes.put("amount", 0.1 * number + 1e-9, "test")
        changes.put("amount", 7, "test")
        if number == 3:
            changes.put("ink", "orange", "test")
        if number == 5:
            changes.put("paper", (0.123456789, 0.5, 0.25), "test")
        if number == 7:
            changes.put("amount", {"from": "lfo.4", "smooth_s": 0.1}, "test")

    folder = tmp_path / "take"
    given = {"amount": 0.123456789, "ink": (0.1, 0.2, 0.30000001), "paper": "#00ff00"}
    images = drawn(asked(parameters=given, record_take=folder), change)
    assert len({image.tobytes() for image in images}) == len(images)
    again = drawn(run_options("duotone", outputs=["null"], take=folder, flash_guard=False))
    assert same(again, images)
    with Take(folder) as take:
        assert dict(take.about.settings)["amount"] == 0.123456789


def test_a_change_may_come_from_another_thread_at_any_time(tmp_path: Path) -> None:
    """A take of a show that is changed all the while re-renders as it was."""
    import threading

    changes, over = Changes(), threading.Event()

    def send() -> None:
        number = 0
        while not over.wait(0.001):
            number += 1
            changes.put("amount", (number % 11) / 10, "test")

    sender = threading.Thread(target=send)
    sink = FakeSink()
    sender.start()
    try:
        options = run_options(
            "duotone", "testcard:64x48@30x40", ["null"], flash_guard=False, record_take=tmp_path / "take"
        )
        play(options, extra_sinks=[sink], changes=changes)
    finally:
        over.set()
        sender.join(60)
    again = drawn(run_options("duotone", outputs=["null"], take=tmp_path / "take", flash_guard=False))
    assert same(again, sink.images)
