"""The MIDI ports of this machine, by python-rtmidi.

Messages are fetched in the thread `midi input`, some hundred times a second. A function of Python that the library
calls itself would let the server's own thread wait, and JACK drops what comes meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from ...core.errors import ControlError

EXTRA = "pip install 'phosphene[midi]' (it brings python-rtmidi)"
IN_USE = "another program may hold it: close that, or choose another device"
JACK = "jack:"  # before the name of a device of the JACK server
POLL_S = 0.002
WAITING = 16384  # messages that may wait between two looks


class Port(Protocol):
    """An open port."""

    def close(self) -> None:
        """Closes it."""


class OutPort(Port, Protocol):
    """An open port that messages are sent to."""

    def send(self, message: Sequence[int]) -> None:
        """Sends the bytes of one message. Raises OSError where the device is gone."""


class Ports(Protocol):
    """What is connected, and how it is opened."""

    def names(self) -> tuple[list[str], list[str]]:
        """The names of all inputs and of all outputs. Raises ControlError."""

    def open_input(self, name: str, heard: Callable[[Sequence[int]], None]) -> Port:
        """Opens an input; `heard` is called with the bytes of each message, in one thread. Raises ControlError."""

    def open_output(self, name: str) -> OutPort:
        """Opens an output. Raises ControlError."""

    def close(self) -> None:
        """Forgets what it holds to look for devices."""


class RtMidiPorts:
    """The ports of this machine, or those of the `jack` server. Raises ControlError where there is no MIDI."""

    def __init__(self, *, jack: bool = False) -> None:
        try:
            import rtmidi
        except ImportError as error:
            raise ControlError(f"--midi needs a library that is missing: {error.name}", hint=EXTRA) from None
        from rtmidi import RtMidiError

        self._errors = (RtMidiError, OSError, RuntimeError)
        self._rtmidi, self._api = rtmidi, rtmidi.API_UNIX_JACK if jack else rtmidi.API_UNSPECIFIED
        try:
            self._lists: tuple[Any, ...] = rtmidi.MidiIn(rtapi=self._api), rtmidi.MidiOut(rtapi=self._api)
        except self._errors as error:
            hint = "start the JACK server" if jack else "Linux: modprobe snd-seq, or name the device jack:NAME"
            raise ControlError(f"this machine has no MIDI: {error}", hint=hint) from None

    def names(self) -> tuple[list[str], list[str]]:
        """The names of all inputs and of all outputs. Raises ControlError."""
        try:
            inputs, outputs = (list(one.get_ports()) for one in self._lists)
        except self._errors as error:
            raise ControlError(f"MIDI devices cannot be listed: {error}") from None
        return inputs, outputs

    def open_input(self, name: str, heard: Callable[[Sequence[int]], None]) -> Port:
        """Opens an input. Raises ControlError."""
        port = self._opened(partial(self._rtmidi.MidiIn, queue_size_limit=WAITING), name, "input")
        port.ignore_types(sysex=True, timing=True, active_sense=True)
        return RtMidiIn(port, heard)

    def open_output(self, name: str) -> OutPort:
        """Opens an output. Raises ControlError."""
        return RtMidiOut(self._opened(self._rtmidi.MidiOut, name, "output"), self._errors)

    def _opened(self, make: Callable[..., Any], name: str, kind: str) -> Any:
        try:
            port = make(rtapi=self._api)
            names = port.get_ports()
            if name not in names:
                raise OSError("it is gone")
            return port.open_port(names.index(name))
        except self._errors as error:
            raise ControlError(f"the MIDI {kind} '{name}' cannot be opened: {error}", hint=IN_USE) from None

    def close(self) -> None:
        """Forgets what it holds to look for devices."""
        lists, self._lists = self._lists, ()
        for one in lists:
            one.delete()


class RtMidiIn:
    """An open input, and the thread that fetches its messages."""

    def __init__(self, port: Any, heard: Callable[[Sequence[int]], None]) -> None:
        self._port, self._heard = port, heard
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi input", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.wait(POLL_S):
            while (found := self._port.get_message()) is not None:
                self._heard(found[0])

    def close(self) -> None:
        """Ends the thread and closes the port."""
        self._closing.set()
        self._thread.join()
        self._port.close_port()
        self._port.delete()


class RtMidiOut:
    """An open output; `errors` are what the library raises."""

    def __init__(self, port: Any, errors: tuple[type[Exception], ...]) -> None:
        self._port, self._errors = port, errors

    def send(self, message: Sequence[int]) -> None:
        """Sends the bytes of one message. Raises OSError where the device is gone."""
        try:
            self._port.send_message(list(message))
        except self._errors as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Closes the port."""
        self._port.close_port()
        self._port.delete()


def matching(wanted: str, names: Sequence[str]) -> str | None:
    """The first of `names` that `wanted` is, or is a part of; capitals do not count."""
    exact = [name for name in names if name == wanted]
    part = [name for name in names if wanted.casefold() in name.casefold()]
    return next(iter(exact + part), None)
