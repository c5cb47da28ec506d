"""What the keys of a window do that are pressed: some of them change the scene. Held keys are signals."""

from __future__ import annotations

from ..scene.playlist import Playlist
from .desk import Desk


def press(key: str, playlist: Playlist, desk: Desk) -> None:
    """N and P ask for the next scene and the one before, 1 to 9 for one by its place in the list.

    T taps the beat, 0 goes back to that of the sound.
    """
    if key == "t":
        desk.tap()
    elif key == "0":
        desk.clear_taps()
    if len(playlist.scenes) < 2:
        return
    if key in ("n", "p"):
        playlist.step_by(1 if key == "n" else -1)
    elif len(key) == 1 and key in "123456789":
        playlist.go(int(key) - 1)
