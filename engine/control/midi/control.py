"""`--midi NAME`: a MIDI device changes the show while it runs, and shows what has become of it.

Messages arrive in the thread `midi input` and go to the desk from there. The thread `midi` waits for what is drawn
and sends it to motors and lights, writes down what was learned, and notices when the device is unplugged.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from ...core.errors import ControlError, PhospheneError
from ..desk import Desk
from .board import Board
from .map_file import MapFile
from .ports import JACK, OutPort, Port, Ports, RtMidiPorts, matching

log = logging.getLogger("phosphene")

LOOK_S = 0.2  # how soon the end is noticed while no frame comes
PRESENT_S = 2.0  # how often it is looked whether the device is there


class MidiControl:
    """A MIDI device at one show. `wanted` is a part of its name, or the path of a map.

    `seen` is the number of the snapshot that the device shows.

    Raises UsageError for a map that says something wrong, and ControlError where the device or the library is missing.
    """

    def __init__(self, wanted: str, desk: Desk, *, ports: Ports | None = None, present_s: float = PRESENT_S) -> None:
        self._desk, self._present_s = desk, present_s
        self._map = MapFile(wanted)
        self._device = self._map.device.removeprefix(JACK)
        self._ports = ports or RtMidiPorts(jack=self._device != self._map.device)
        self._board = Board(self._map.entries, desk)
        self._in: Port | None = None
        self._out: OutPort | None = None
        self._name = ""
        self.seen = 0
        inputs, outputs = self._ports.names()
        try:
            if matching(self._device, inputs) is None:
                there = ", ".join(f"'{name}'" for name in inputs) or "none is connected"
                raise ControlError(f"no MIDI device '{self._device}'", hint=f"there are: {there}")
            self._open(inputs, outputs)
        except ControlError:
            self._shut()
            self._ports.close()
            raise
        count = len(self._map.entries)
        log.info("MIDI: %s, %d controls mapped in %s", self._name, count, self._map.path)
        if not count and not desk.learning.waiting:
            log.warning("MIDI: no control of %s does anything yet: --learn ADDRESS teaches one", self._name)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and closes the ports."""
        self._closing.set()
        self._thread.join()
        self._shut()
        self._ports.close()

    def _open(self, inputs: list[str], outputs: list[str]) -> None:
        name = matching(self._device, inputs)
        if name is None:
            return
        self._in, self._name = self._ports.open_input(name, self._heard), name
        back = matching(name, outputs) or matching(self._device, outputs)
        self._out = None if back is None else self._ports.open_output(back)

    def _shut(self) -> None:
        ports, self._in, self._out = (self._in, self._out), None, None
        for port in ports:
            if port is not None:
                port.close()

    def _heard(self, message: Sequence[int]) -> None:
        """Called by the thread of the input, which one message must not end."""
        try:
            self._board.heard(message)
        except Exception as error:
            log.error("MIDI: %s is not done: %s", bytes(message).hex(" "), error, exc_info=error)

    def _run(self) -> None:
        looked_s = time.monotonic()
        while not self._closing.is_set() and not self._desk.ended:
            settled, before = self._board.settled(), self._desk.snapshot.number
            snapshot = self._desk.look(before, LOOK_S)
            if snapshot.number > before:
                self._board.refresh(snapshot, settled)
                self._send(self._board.lights(snapshot))
                self.seen = snapshot.number
            self._write_down()
            if time.monotonic() - looked_s >= self._present_s:
                self._look_after()
                looked_s = time.monotonic()

    def _send(self, messages: list[tuple[int, ...]]) -> None:
        if self._out is None:
            return
        try:
            for message in messages:
                self._out.send(message)
        except OSError as error:
            log.warning("MIDI: %s takes no messages: %s", self._name, error)
            self._out = None  # until it is plugged in again

    def _write_down(self) -> None:
        for entry in self._board.learned():
            try:
                self._map.add(entry)
                log.info("MIDI: %s does %s from now on, written to %s", entry.control, entry.to, self._map.path)
            except (PhospheneError, OSError) as error:
                log.error("MIDI: %s does %s in this show only: %s", entry.control, entry.to, error)

    def _look_after(self) -> None:
        """Gives the device up where it is gone, and takes it again when it is back."""
        try:
            inputs, outputs = self._ports.names()
            if self._in is not None and self._name not in inputs:
                log.warning("MIDI: %s is unplugged; it is taken again when it is back", self._name)
                self._shut()
            elif self._in is None and matching(self._device, inputs) is not None:
                self._open(inputs, outputs)
                self._board.forget_lights()
                log.info("MIDI: %s is back", self._name)
        except ControlError as error:
            log.debug("MIDI: %s", error)  # it is looked again
