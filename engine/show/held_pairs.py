"""With which image and which results a frame is drawn that not every tracker has looked at.

What hides something is drawn only from a pair: pixels, and what the trackers found in those very pixels. Where a
tracker skips a frame (the governor's `trackers-2`), or none is waited for (`sync = "latest"`), the newest pair is held:
image and results stand still together, while time, sound, places and everything else go on. Only a scene that shows
the camera as it is anyway gets the new image, with landmarks that are extrapolated to its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..core.frame import Frame
from ..core.results import AudioFeatures
from ..scene.playlist import Playlist
from ..scene.scene import Scene
from ..trackers import belongs_to_pixels
from .extrapolate import Extrapolator
from .ticket import Ticket

_OF_NOW = (AudioFeatures, Frame)  # of the moment, whatever image is shown: sound, and the frames of other inputs


class HeldPairs:
    """Keeps the newest frame that every tracker has answered for. `reused` counts the results that were used again."""

    def __init__(self, playlist: Playlist) -> None:
        self.reused = 0
        self._playlist = playlist
        self._bound: dict[str, bool] = {}  # by tracker: whether its results mean something over their own pixels alone
        self._extrapolator = Extrapolator()
        self._pair: tuple[Frame, Mapping[str, Any]] | None = None

    @property
    def required(self) -> bool:
        """Whether what is on must be drawn from pairs; then all trackers must skip the same frames."""
        scenes = self._playlist.near
        return any(hides(scene) for scene in scenes) or any(self._is_bound(n) for s in scenes for n in s.needs())

    def add(self, ticket: Ticket) -> None:
        """Takes a frame with what its trackers have answered; times must rise."""
        loose = {name: result for name, result in ticket.results.items() if not self._is_bound(name)}
        self._extrapolator.add(ticket.frame.time_s, loose)
        if not ticket.resting:
            self._pair = ticket.frame, dict(ticket.results)

    def fill(self, ticket: Ticket) -> None:
        """Gives a frame that trackers skipped, or that did not wait for them, what it is to be drawn with."""
        self.reused += len(ticket.resting)
        if not self.required:
            carried = self._extrapolator.at(ticket.frame.time_s)
            ticket.draw_with(ticket.frame, {**carried, **ticket.results})
            return
        of_now = {name: result for name, result in ticket.results.items() if isinstance(result, _OF_NOW)}
        if self._pair is None:
            ticket.draw_with(ticket.frame, of_now)
            return
        frame, results = self._pair
        ticket.draw_with(replace(ticket.frame, pixels=frame.pixels, held_from=frame), {**results, **of_now})

    def _is_bound(self, tracker: str) -> bool:
        if tracker not in self._bound:
            self._bound[tracker] = belongs_to_pixels(tracker, self._playlist.tracker_params(tracker))
        return self._bound[tracker]


def hides(scene: Scene) -> bool:
    """Whether a scene hides something or cuts something out."""
    return scene.hides_room() or any(layer.drawn and layer.cut != "none" for layer in scene.layers)
