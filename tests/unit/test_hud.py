"""The numbers over the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from phosphene.engine.effect.shapes import Box, Label
from phosphene.engine.show.frame_hooks import AfterFrame
from phosphene.engine.show.hud import Hud
from phosphene.engine.show.stats import Stats, memory_mb


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


@pytest.mark.parametrize("help_shown", [False, True])
def test_the_list_of_keys_stands_alone(help_shown: bool) -> None:
    drawn: list[Any] = []
    nothing = SimpleNamespace(
        help_shown=help_shown,
        held=(),
        show=lambda _: True,
        pressed=list,
        governor=None,
        playlist=None,
        signals=SimpleNamespace(),
    )
    overlay = SimpleNamespace(draw=lambda shapes, _: drawn.append(shapes))
    renderer: Any = SimpleNamespace(
        size=(640, 480), overlay=overlay, canvas=SimpleNamespace(framebuffer=None), scene=None
    )
    window: Any = nothing
    after = AfterFrame(Stats(), progress=None, total=None, reloaders=(), window=window, hud=True)
    after.show = window
    assert after(renderer)
    assert bool(drawn) is not help_shown
