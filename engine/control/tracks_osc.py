"""Tracks as OSC, once a frame in as few datagrams as networks take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..core.closing import Closing
from .each_frame import UdpSender
from .osc_format import bundles, floats, message
from .osc_values import to_signal_path

LISTS = {"faces": "face", "poses": "pose", "hands": "hand"}


class TracksByOsc(Closing):
    """Sends tracks to a UDP port. Raises ControlError."""

    def __init__(self, host: str, port: int) -> None:
        self._sender = UdpSender(host, port, "--tracks osc:")

    def send(self, tracks: Mapping[str, Any]) -> None:
        """Sends those of one frame."""
        self._sender.send(bundles(messages(tracks)))

    def close(self) -> None:
        """Releases the port."""
        self._sender.close()


def messages(tracks: Mapping[str, Any]) -> Iterator[bytes]:
    """The messages of one frame. `/frame` comes first and `/frame/end` last, so that a receiver knows what belongs
    together."""
    yield message("/frame", tracks["frame"], float(tracks["time_s"]), *tracks["size"])
    for key, name in LISTS.items():
        if key in tracks:
            yield message(f"/{name}/count", len(tracks[key]))
            for number, one in enumerate(tracks[key]):
                yield from _told(f"/{name}/{number}", one)
    if "person" in tracks:
        yield from _told("/person", tracks["person"])
    for signal, value in tracks["signals"].items():
        yield message(to_signal_path(signal), value)
    yield message("/frame/end", tracks["frame"])


def _told(path: str, value: Any) -> Iterator[bytes]:
    """A table as a message for each of its entries, a list of numbers as one."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _told(f"{path}/{name}", part)
    elif isinstance(value, np.ndarray):
        yield floats(path, value)
    else:
        yield message(path, value)
