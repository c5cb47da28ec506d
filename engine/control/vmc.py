"""VMC: bones and expressions for avatar programs such as VSeeFace, Warudo and VNyan, once a frame by UDP.

Source: the Virtual Motion Capture protocol, https://protocol.vmc.info, as a performer speaks it to a marionette.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from ..core.closing import Closing
from ..core.errors import ControlError
from ..core.maths import ramp
from ..core.observation import Observation
from .desk import Desk
from .each_frame import EachFrame, UdpSender
from .osc_format import bundles, message, padded
from .osc_socket import endpoint
from .quaternions import REST, Quaternion
from .vmc_bones import OFFSETS, bones

OPTION = "--vmc"
NAMES = ("arkit", "perfect-sync", "vrm")  # jawOpen, JawOpen, A
# Expressions that every VRM model has, each with the one that it shows, and what that reads at rest and at full: rest
# lies above what neutral faces show, full below what people reach without effort.
VRM: Mapping[str, tuple[str, float, float]] = {
    "Blink_L": ("eyeBlinkLeft", 0.25, 0.55),
    "Blink_R": ("eyeBlinkRight", 0.25, 0.55),
    "A": ("jawOpen", 0.15, 0.65),
    "U": ("mouthPucker", 0.3, 0.9),
    "O": ("mouthFunnel", 0.1, 0.5),
}
_NEUTRAL = "_neutral"  # MediaPipe's own; ARKit has none
_PLACE = struct.Struct(">7f")
_BONE = padded("/VMC/Ext/Bone/Pos") + padded(",sfffffff")
_BLEND = padded("/VMC/Ext/Blend/Val") + padded(",sf")


class VmcControl(Closing):
    """Sends the largest face and body to `HOST:PORT`, or `PORT` of this machine; it changes nothing in the show.

    Expressions bear ARKit's names; `?names=perfect-sync` begins each with a capital, and `?names=vrm` sends the few
    that every VRM model has. Raises ControlError.
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
                hint=f"write {OPTION} {place}, {OPTION} {place}?names=perfect-sync or {OPTION} {place}?names=vrm",
            )
        self._names = names or NAMES[0]
        self._sender = UdpSender(*endpoint(place, OPTION), OPTION)
        self._frames = EachFrame("vmc", desk, self._send)

    def _send(self, observation: Observation) -> None:
        self._sender.send(bundles(messages(observation, self._names)))

    def close(self) -> None:
        """Ends it."""
        self._frames.close()
        self._sender.close()


def messages(observation: Observation, names: str = NAMES[0]) -> Iterator[bytes]:
    """The messages of one frame; of what is not seen there is none, so that avatars hold it."""
    face = observation.faces[0] if observation.faces else None
    pose = observation.poses[0] if observation.poses else None
    yield message("/VMC/Ext/OK", 1, 3, 0, int(face is not None or pose is not None))  # loaded, calibrated, normal, seen
    yield message("/VMC/Ext/T", float(observation.frame.time_s))
    yield message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, *REST)
    yield from bone_messages(bones(pose, face))
    if face is not None:
        for name, value in expressions(face.blendshapes, names).items():
            yield _BLEND + padded(name) + struct.pack(">f", value)
        yield message("/VMC/Ext/Blend/Apply")


def expressions(found: Mapping[str, float], names: str) -> dict[str, float]:
    """The expressions of a face, 0 to 1, under the names that one of NAMES stands for."""
    if names == "vrm":
        return {name: ramp(found.get(shown, 0.0), rest, full) for name, (shown, rest, full) in VRM.items()}
    known = {name: value for name, value in found.items() if name != _NEUTRAL}
    return {name[0].upper() + name[1:]: value for name, value in known.items()} if names == "perfect-sync" else known


def bone_messages(found: Mapping[str, Quaternion]) -> Iterator[bytes]:
    """One message a bone: its name, its position and its rotation, both from the bone before it."""
    for bone, rotation in found.items():
        yield _BONE + padded(bone) + _PLACE.pack(*OFFSETS[bone], *rotation)
