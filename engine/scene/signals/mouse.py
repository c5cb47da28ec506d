"""The signals of the mouse over the window of a live show. A take writes them down: nothing else knows them."""

from __future__ import annotations

from .signal import Signal

TABLE = (
    Signal("mouse.x", "where the mouse is over the picture, 0 left … 1 right", absent=0.5),
    Signal("mouse.y", "where the mouse is over the picture, 0 top … 1 bottom", absent=0.5),
    Signal("mouse.left", "1 while its left button is held"),
    Signal("mouse.middle", "1 while its middle button is held"),
    Signal("mouse.right", "1 while its right button is held"),
)
