"""A frame's ticket: what gathers on it, and that nobody waits for ever."""

from __future__ import annotations

import threading
from typing import Any

from helpers import plain
from phosphene.engine.core.frame import Frame
from phosphene.engine.show.ticket import Ticket

ENOUGH_S = 30.0  # only ever reached where something hangs
FRAME = Frame(7, 0.5, plain((8, 4)))


def ticket(*trackers: str) -> Ticket:
    return Ticket(FRAME, trackers, threading.Condition())


def answer_to(waiting: Ticket, act: Any) -> Any:
    """What who waits for "pose" gets, when `act` is done meanwhile."""
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(waiting.wait_for("pose", ENOUGH_S)))
    thread.start()
    act()
    thread.join(ENOUGH_S / 2)
    assert not thread.is_alive(), "it waits on"
    return got[0]


def test_it_is_done_when_all_have_answered() -> None:
    made = ticket("face", "pose")
    made.answer("face", "a face")
    assert (made.done, made.waiting_for) == (False, {"pose"})
    made.answer("pose", None)
    assert made.done
    assert made.results == {"face": "a face"}


def test_who_waits_for_another_gets_its_answer() -> None:
    made = ticket("pose")
    assert answer_to(made, lambda: made.answer("pose", "a pose")) == "a pose"
    assert made.wait_for("pose", 0.0) == "a pose"


def test_who_was_not_asked_is_not_waited_for() -> None:
    assert ticket("face").wait_for("pose", ENOUGH_S) is None


def test_a_wait_ends_in_time() -> None:
    made = ticket("pose")
    assert made.wait_for("pose", 0.01) is None
    assert not made.done


def test_a_wait_ends_when_the_frame_is_given_up_and_later_answers_are_left_out() -> None:
    made = ticket("pose")
    assert answer_to(made, made.give_up) is None
    made.answer("pose", "too late")
    assert made.results == {}
    assert made.done


def test_it_is_drawn_with_what_another_frame_has() -> None:
    made, other = ticket(), Frame(8, 0.6, plain((8, 4)))
    results = {"pose": "of the other"}
    made.draw_with(other, results)
    results.clear()
    assert made.frame is other
    assert made.results == {"pose": "of the other"}
