"""Mailboxes: order, what is dropped, who waits, and who is woken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from phosphene.engine.core.mailbox import Mailbox

PATIENCE_S = 60.0  # only ever reached where something hangs


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(work()), daemon=True)
    thread.start()
    return thread, got


def finish(thread: threading.Thread) -> None:
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "a mailbox hangs"


def test_things_come_out_in_the_order_they_went_in() -> None:
    box: Mailbox[int] = Mailbox(5)
    for number in range(5):
        assert box.put(number) is None
    assert [box.get() for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("room", [1, 2, 7])
def test_a_full_dropping_box_lets_go_of_the_oldest(room: int) -> None:
    box: Mailbox[int] = Mailbox(room)
    lost = [box.put(number) for number in range(20)]
    assert [n for n in lost if n is not None] == list(range(20 - room))
    assert box.dropped == 20 - room
    assert [box.pop() for _ in range(room)] == list(range(20 - room, 20))
    assert box.pop() is None


def test_a_waiting_box_makes_the_sender_wait_and_drops_nothing() -> None:
    box: Mailbox[int] = Mailbox(1, drops=False)
    box.put(1)
    thread, got = in_thread(lambda: box.put(2))
    assert box.get(PATIENCE_S) == 1
    finish(thread)
    assert got == [None]
    assert box.get(PATIENCE_S) == 2
    assert box.dropped == 0


def test_closing_wakes_a_sender_which_gets_its_thing_back() -> None:
    box: Mailbox[int] = Mailbox(1, drops=False)
    box.put(1)
    thread, got = in_thread(lambda: box.put(2))
    box.close()
    finish(thread)
    assert got == [2]
    assert box.get() == 1


def test_closing_wakes_a_receiver() -> None:
    box: Mailbox[int] = Mailbox()
    thread, got = in_thread(box.get)
    box.close()
    finish(thread)
    assert got == [None]


def test_what_is_there_can_be_taken_after_closing() -> None:
    box: Mailbox[int] = Mailbox(3)
    box.put(1)
    box.put(2)
    box.close()
    assert not box.ended
    assert (box.get(), box.get(), box.get()) == (1, 2, None)
    assert box.ended


def test_nothing_goes_in_after_closing() -> None:
    box: Mailbox[int] = Mailbox(3)
    box.close()
    box.close()
    assert box.put(1) == 1
    assert len(box) == 0
    assert box.dropped == 0


def test_get_gives_up_after_its_time() -> None:
    assert Mailbox().get(timeout_s=0.001) is None


def test_boxes_with_one_bell_wake_one_waiter() -> None:
    bell = threading.Condition()
    first: Mailbox[int] = Mailbox(wake=bell)
    second: Mailbox[int] = Mailbox(wake=bell)

    def wait() -> bool:
        with bell:
            return bool(bell.wait_for(lambda: len(first) or len(second), PATIENCE_S))

    thread, got = in_thread(wait)
    second.put(1)
    finish(thread)
    assert got == [True]


@pytest.mark.parametrize("drops", [True, False])
def test_a_busy_box_never_reorders_and_counts_every_thing(drops: bool) -> None:
    box: Mailbox[int] = Mailbox(2, drops=drops)

    def send() -> None:
        for number in range(2000):
            box.put(number)
        box.close()

    thread, _ = in_thread(send)
    got = []
    while (number := box.get(PATIENCE_S)) is not None:
        got.append(number)
    finish(thread)
    assert got == sorted(set(got))
    assert len(got) + box.dropped == 2000
    assert drops or box.dropped == 0
    assert got[-1] == 1999
