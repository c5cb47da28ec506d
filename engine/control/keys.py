"""What the keys of a window do: held ones are signals, and some of those that are pressed change the scene."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..scene.playlist import Playlist
from ..scene.signals import Signals


def take_keys(held: Collection[str], pressed: Iterable[str], playlist: Playlist, signals: Signals) -> None:
    """Takes what the keyboard did since the last frame; names of keys are those of the signals `key.NAME`."""
    signals.held = set(held)
    for key in pressed:
        press(key, playlist)


def press(key: str, playlist: Playlist) -> None:
    """N and P ask for the next scene and the one before, 1 to 9 for one by its place in the list."""
    if len(playlist.scenes) < 2:
        return
    if key in ("n", "p"):
        playlist.step_by(1 if key == "n" else -1)
    elif len(key) == 1 and key in "123456789":
        playlist.go(int(key) - 1)
