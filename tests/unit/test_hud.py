"""The numbers over the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from phosphene.engine.effect.shapes import Box, Label
from phosphene.engine.show.hud import Hud
from phosphene.engine.show.stats import Stats, memory_mb
from phosphene.engine.sinks.window import WindowSink, help_shapes


def stats() -> Stats:
    made = Stats()
    for _ in range(40):
        made.add("draw", 0.004)
        made.add("lag", 0.05)
        made.frame_done()
    return made


@pytest.mark.parametrize("size", [(320, 180), (1280, 720), (720, 1280)])
def test_numbers_stand_in_a_box_inside_the_picture(size: tuple[int, int]) -> None:
    box, label = Hud(stats()).shapes(size)
    assert isinstance(box, Box)
    assert isinstance(label, Label)
    assert box.bottom_right[1] < 1.0
    assert "lag 50 ms" in label.text
    assert "draw  4.0 ms" in label.text


def test_what_was_traded_is_named() -> None:
    label = Hud(stats()).shapes((640, 480), ("draft matte",))[1]
    assert isinstance(label, Label)
    assert "traded: draft matte" in label.text


def test_numbers_hold_still_long_enough_to_be_read() -> None:
    hud = Hud(stats())
    first = hud.shapes((640, 480))
    hud.stats.add("draw", 1.0)
    assert hud.shapes((640, 480)) is first


def test_memory_is_told_where_the_system_says() -> None:
    found = memory_mb()
    assert found is None or found > 1.0


class Unopened(WindowSink):
    """A window that needs no screen."""

    def __init__(self) -> None:
        self._help_shown = False

    def _show(self, image: Any) -> bool:
        return True


@pytest.mark.parametrize("help_shown", [False, True])
def test_the_list_of_keys_stands_alone(help_shown: bool) -> None:
    drawn: list[Any] = []
    canvas = SimpleNamespace(framebuffer=None)
    image: Any = SimpleNamespace(
        size=(640, 480), overlay=SimpleNamespace(draw=lambda shapes, _: drawn.append(shapes)), canvas=canvas
    )
    window = Unopened()
    if help_shown:
        window._on_char(None, ord("?"))
    numbers = Hud(stats()).shapes(image.size)
    assert window.present(image, numbers)
    assert drawn == [help_shapes(image.size) if help_shown else numbers]
