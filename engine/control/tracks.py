"""What is tracked, for other programs: faces, poses, hands, the person's box and all signals, once a frame.

`tracks` is the one table of it; tracks_osc.py writes it as OSC, tracks_socket.py as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.errors import ControlError
from ..core.maths import head_angles
from ..core.observation import Observation
from ..core.results import Face, Hand, Mask, Pose
from ..trackers.names import TRACKERS
from .desk import Desk
from .each_frame import EachFrame
from .osc_socket import endpoint

OPTION = "--tracks"
HINT = f"write {OPTION} osc:HOST:PORT, {OPTION} ws:PORT, or both with a comma between"
SURE = 0.5  # confidence from which a pixel belongs to the person


def tracks(observation: Observation) -> dict[str, Any]:
    """What is known of a frame, as texts, numbers, arrays, lists and tables.

    Points are uv from the top left, with z in units of the image's width. A tracker that did not run has no entry; one
    that found nobody has an empty list.
    """
    known = observation.results
    found: dict[str, Any] = {
        "frame": observation.frame.id,
        "time_s": observation.frame.time_s,
        "size": list(observation.frame.size),
    }
    if "face" in known:
        found["faces"] = [_face(face) for face in observation.faces]
    if "pose" in known:
        found["poses"] = [_pose(pose) for pose in observation.poses]
    if "hands" in known:
        found["hands"] = [_hand(hand) for hand in observation.hands]
    if (mask := observation.mask) is not None:
        box = box_of(mask)
        found["person"] = {"present": box is not None, **({} if box is None else {"box": box})}
    found["signals"] = {name: float(value) for name, value in observation.signals.items()}
    return found


def _face(face: Face) -> dict[str, Any]:
    yaw, pitch, roll = head_angles(face)
    return {
        "identity": face.identity,
        "points": face.points,
        "expressions": {name: float(value) for name, value in face.blendshapes.items()},
        "head": {"position_cm": face.transform[:3, 3], "yaw_pitch_roll_deg": np.array((yaw, pitch, roll))},
    }


def _pose(pose: Pose) -> dict[str, Any]:
    return {
        "identity": pose.identity,
        "points": pose.points,
        "world_m": pose.world,
        "visibility": pose.visibility,
    }


def _hand(hand: Hand) -> dict[str, Any]:
    return {
        "side": hand.side,
        "gesture": hand.gesture,
        "score": float(hand.score),
        "points": hand.points,
        "world_m": hand.world,
    }


def box_of(mask: Mask) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    """Left, top, right and bottom of the person in uv; None where nobody is."""
    sure = mask.confidence >= SURE
    columns, rows = np.flatnonzero(sure.any(axis=0)), np.flatnonzero(sure.any(axis=1))
    if not (mask.present and columns.size):
        return None
    height, width = sure.shape
    ends = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    return np.array(ends, np.float32)


class TracksControl(Closing):
    """Sends the tracks to `osc:HOST:PORT`, and serves them at `ws:PORT`; it changes nothing in the show.

    It sends what the scenes track. `?with=face+pose+hands+person` at the end names trackers that run besides. Raises
    ControlError.
    """

    @staticmethod
    def trackers(wanted: str) -> frozenset[str]:
        """The trackers that were named."""
        _, _, option = wanted.partition("?")
        key, _, names = option.partition("=")
        if option and key != "with":
            raise ControlError(f"{OPTION} {wanted}: unknown option '{key}'", hint=f"write {OPTION} ws:9001?with=face")
        found = frozenset(filter(None, names.split("+")))
        for name in sorted(found):
            if name not in TRACKERS:
                raise ControlError(
                    f"{OPTION} {wanted}: unknown tracker '{name}'", hint=f"known: {', '.join(sorted(TRACKERS))}"
                )
        return found

    def __init__(self, wanted: str, desk: Desk) -> None:
        self.trackers(wanted)
        self._opened: list[Closing] = []
        ways: list[Callable[[Mapping[str, Any]], None]] = []
        try:
            for place in wanted.partition("?")[0].split(","):
                ways.append(self._open(place.strip()))
        except ControlError:
            self.close()
            raise

        def send(observation: Observation) -> None:
            found = tracks(observation)
            for way in ways:
                way(found)

        self._opened.insert(0, EachFrame("tracks", desk, send))

    def _open(self, place: str) -> Callable[[Mapping[str, Any]], None]:
        kind, _, rest = place.partition(":")
        if kind == "osc":
            from .tracks_osc import TracksByOsc

            by_osc = TracksByOsc(*endpoint(rest, f"{OPTION} osc:"))
            self._opened.append(by_osc)
            return by_osc.send
        if kind == "ws":
            from .tracks_socket import TracksBySocket

            by_socket = TracksBySocket(*endpoint(rest, f"{OPTION} ws:"))
            self._opened.append(by_socket)
            return by_socket.send
        raise ControlError(f"{OPTION} {place}: expected osc: or ws:", hint=HINT)

    def close(self) -> None:
        """Ends all of it."""
        for one in self._opened:
            one.close()
