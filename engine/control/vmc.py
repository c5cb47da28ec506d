"""VMC: bones and expressions for avatar programs such as VSeeFace, Warudo and VNyan, once a frame by UDP.

Source: the Virtual Motion Capture protocol, https://protocol.vmc.info, as a performer speaks it to a marionette.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from ..core.closing import Closing
from ..core.errors import ControlError
from ..core.observation import Observation
from .desk import Desk
from .each_frame import EachFrame, UdpSender
from .osc_format import bundles, message, padded
from .osc_socket import endpoint
from .quaternions import REST, Quaternion
from .vmc_bones import OFFSETS, bones

OPTION = "--vmc"
NAMES = ("arkit", "perfect-sync")  # jawOpen, JawOpen
_NEUTRAL = "_neutral"  # MediaPipe's own; ARKit has none
_PLACE = struct.Struct(">7f")
_BONE = padded("/VMC/Ext/Bone/Pos") + padded(",sfffffff")
_BLEND = padded("/VMC/Ext/Blend/Val") + padded(",sf")


class VmcControl(Closing):
    """Sends the largest face and body to `HOST:PORT`, or `PORT` of this machine; it changes nothing in the show.

    Expressions bear ARKit's names; `?names=perfect-sync` begins each with a capital. Raises ControlError.
    """

    @staticmethod
    def trackers(wanted: str) -> frozenset[str]:  # noqa: ARG004 (see base.py)
        """What shall be tracked for it."""
        return frozenset({"face", "pose"})

    def __init__(self, wanted: str, desk: Desk) -> None:
        place, _, option = wanted.partition("?")
        key, _, names = option.partition("=")
        if option and (key != "names" or names not in NAMES):
            raise ControlError(
                f"{OPTION} {wanted}: unknown option '{option}'",
                hint=f"write {OPTION} {place}, or {OPTION} {place}?names=perfect-sync",
            )
        self._capitals = names == "perfect-sync"
        self._sender = UdpSender(*endpoint(place, OPTION), OPTION)
        self._frames = EachFrame("vmc", desk, self._send)

    def _send(self, observation: Observation) -> None:
        self._sender.send(bundles(messages(observation, capitals=self._capitals)))

    def close(self) -> None:
        """Ends it."""
        self._frames.close()
        self._sender.close()


def messages(observation: Observation, *, capitals: bool = False) -> Iterator[bytes]:
    """The messages of one frame; of what is not seen there is none, so that avatars hold it."""
    face = observation.faces[0] if observation.faces else None
    pose = observation.poses[0] if observation.poses else None
    yield message("/VMC/Ext/OK", 1, 3, 0, int(face is not None or pose is not None))  # loaded, calibrated, normal, seen
    yield message("/VMC/Ext/T", float(observation.frame.time_s))
    yield message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, *REST)
    yield from bone_messages(bones(pose, face))
    if face is not None:
        for name, value in face.blendshapes.items():
            if name != _NEUTRAL:
                written = name[0].upper() + name[1:] if capitals else name
                yield _BLEND + padded(written) + struct.pack(">f", value)
        yield message("/VMC/Ext/Blend/Apply")


def bone_messages(found: Mapping[str, Quaternion]) -> Iterator[bytes]:
    """One message a bone: its name, its position and its rotation, both from the bone before it."""
    for bone, rotation in found.items():
        yield _BONE + padded(bone) + _PLACE.pack(*OFFSETS[bone], *rotation)
