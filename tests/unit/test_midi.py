"""MIDI from its bytes to the desk and back: moves, maps, picking up, endless knobs, lights, learning, plugs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.learning import Learning
from phosphene.engine.control.midi.control import MidiControl
from phosphene.engine.control.midi.fader import Fader
from phosphene.engine.control.midi.map_file import MapFile
from phosphene.engine.control.midi.moves import ControlName, Move, bytes_for, guessed_encoding, move_of, turned
from phosphene.engine.control.midi.ports import matching
from phosphene.engine.control.midi.values import position_of, span_of, turnable, value_at
from phosphene.engine.control.targets import Target
from phosphene.engine.core.errors import ControlError, SceneError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene

AMOUNT, OPACITY, VISIBLE = "camera/duotone.amount", "camera/opacity", "camera/visible"
SCENE = '[[layer]]\nsource = "camera"\neffects = [{ use = "duotone", amount = 0.5 }]\n'
MAP = f"""device = "Fake"  # the one on the left
[[control]]
midi = "cc 21"
to = "{AMOUNT}"
"""


class FakePorts:
    """A device that can be plugged in and out; what it is sent is kept."""

    def __init__(self, *names: str) -> None:
        self.there = list(names or ("Fake Controller 20:0",))
        self.hear: Callable[[Any], None] | None = None
        self.sent: list[tuple[int, ...]] = []
        self.opened = threading.Event()
        self.closed = threading.Event()

    def names(self) -> tuple[list[str], list[str]]:
        return list(self.there), list(self.there)

    def open_input(self, name: str, heard: Callable[[Any], None]) -> FakePort:
        self.hear = heard
        self.opened.set()
        return FakePort(self)

    def open_output(self, name: str) -> FakePort:
        return FakePort(self)

    def close(self) -> None:
        """It holds nothing."""


class FakePort:
    def __init__(self, ports: FakePorts) -> None:
        self._ports = ports

    def send(self, message: Sequence[int]) -> None:
        self._ports.sent.append(tuple(message))

    def close(self) -> None:
        self._ports.hear = None
        self._ports.closed.set()


class Playing:
    """A show without images and a device at it: `play` sends bytes as the device does, `draw` makes frames."""

    def __init__(self, folder: Path, text: str, *, ports: FakePorts | None = None, scenes: int = 1) -> None:
        paths = [folder / f"{name}.toml" for name in ("one", "two")[:scenes]]
        for path in paths:
            path.write_text(SCENE, encoding="utf-8")
        (folder / "map.toml").write_text(text, encoding="utf-8")
        self.scenes = [load_scene(str(path), Registry()) for path in paths]
        self.scene, self.map = self.scenes[0], folder / "map.toml"
        self.changes, self.playlist = Changes(), Playlist(self.scenes, transition_s=0.0)
        self.desk = Desk(self.playlist, self.changes)
        self.ports = ports or FakePorts()
        self.midi = MidiControl(str(self.map), self.desk, ports=self.ports, present_s=0.0)
        self.time_s = 0.0

    def frame(self) -> None:
        self.changes.apply(self.scenes, lambda setting: None)
        self.playlist.move(self.time_s, ())
        self.desk.update(Observation(Frame(0, self.time_s, np.zeros((2, 2, 3), np.uint8)), {}), {}, {})
        self.time_s += 0.1

    def draw(self) -> None:
        """Frames until the device has been shown three of them, the first of which is from now on."""
        seen = self.desk.snapshot.number
        for _ in range(3):
            while self.midi.seen <= seen:
                self.frame()
            seen = self.midi.seen

    def play(self, *messages: str) -> None:
        """Each message in hexadecimal bytes, then frames."""
        for message in split(" ".join(messages)):
            assert self.ports.hear is not None
            self.ports.hear(message)
        self.draw()

    def until(self, condition: Callable[[], bool]) -> None:
        """Frames until it holds; the test hangs where it never does."""
        while not condition():
            self.frame()

    @property
    def amount(self) -> float:
        return float(self.scene.get(AMOUNT))


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[Callable[..., Playing]]:
    made: list[Playing] = []

    def play(text: str = MAP, **more: Any) -> Playing:
        made.append(Playing(tmp_path, text, **more))
        made[-1].draw()
        return made[-1]

    yield play
    for one in made:
        one.midi.close()
        one.midi.close()


def split(text: str) -> list[list[int]]:
    """The messages in hexadecimal bytes: each begins with a byte of 80 and more, as a driver hands them out."""
    found: list[list[int]] = []
    for byte in bytes.fromhex(text):
        if byte >= 0x80 and byte != 0xF7:
            found.append([])
        found[-1].append(byte)
    return found


def moves(text: str) -> list[tuple[str, int, int]]:
    found = [move_of(message) for message in split(text)]
    return [(str(move.control), move.value, move.most) for move in found if move is not None]


def test_bytes_become_moves() -> None:
    assert moves("B0 15 40  B2 15 00  90 24 7F  80 24 40  90 24 00") == [
        ("cc 21", 64, 127), ("cc 21 channel 3", 0, 127), ("note 36", 127, 127), *[("note 36", 0, 127)] * 2,
    ]  # fmt: skip
    assert moves("E0 7F 7F  E0 00 40  C0 05  D0 10") == [
        ("pitch", 16383, 16383), ("pitch", 8192, 16383), ("program 5", 127, 127), ("pressure", 16, 127),
    ]  # fmt: skip


def test_what_no_control_sends_is_passed_over() -> None:
    """Clock, start, song position, system exclusive, "all notes off", and bytes that are no message at all."""
    assert moves("F8 FA F2 00 01 F0 7E 01 F7 B0 7B 00 A0 10 10") == []
    assert [move_of(message) for message in ([], [0x15, 0x40], [0xB0], [0xB0, 1], [0xB0, 1, 200], [0xC0, 1, 2])] == [
        None
    ] * 6


def test_names_of_controls() -> None:
    for text in ("cc 21", "note 0 channel 16", "program 127", "pitch", "pressure channel 2"):
        assert str(ControlName.parse(text)) == text
    for text in ("", "cc", "cc 128", "note 1 channel 17", "knob 3", "pitch 4", "cc -1"):
        with pytest.raises(UsageError, match="no control"):
            ControlName.parse(text)


@pytest.mark.parametrize(
    ("encoding", "up", "down"), [("twos-complement", (1, 3), (127, 125)), ("offset", (65, 67), (63, 61)),
                                 ("sign-bit", (1, 3), (65, 67))],
)  # fmt: skip
def test_endless_knobs(encoding: str, up: tuple[int, int], down: tuple[int, int]) -> None:
    assert [turned(value, encoding) for value in (*up, *down)] == [1, 3, -1, -3]


def test_endless_knobs_are_known_by_repeating_themselves() -> None:
    assert guessed_encoding([1, 1]) == "twos-complement"
    assert guessed_encoding([65, 65, 66]) == "offset"
    assert [guessed_encoding(v) for v in ([1], [0, 1, 2], [64, 65, 66], [5, 5])] == [""] * 4


def test_positions_become_bytes() -> None:
    assert bytes_for(ControlName.parse("cc 21 channel 2"), 1.0) == [(0xB1, 21, 127)]
    assert bytes_for(ControlName.parse("cc 1"), 0.5, fine=True) == [(0xB0, 1, 64), (0xB0, 33, 0)]
    assert bytes_for(ControlName.parse("pitch"), 0.5) == [(0xE0, 0, 64)]
    assert bytes_for(ControlName.parse("note 36"), 7.0) == [(0x90, 36, 127)]
    assert bytes_for(ControlName.parse("program 5"), 1.0) == []


def test_a_knob_is_picked_up_where_the_parameter_stands() -> None:
    fader, cc = Fader(), ControlName("cc", 0, 1)
    assert fader.moved(Move(cc, 0)) is None, "nobody knows where the parameter stands"
    assert fader.stands(0.5)
    assert [fader.moved(Move(cc, value)) for value in (10, 40, 70, 30)] == [None, None, 70 / 127, 30 / 127]
    fader.went(30 / 127)
    assert not fader.stands(30 / 127), "that was its own"
    assert fader.stands(0.9), "somebody else has moved it"
    assert [fader.moved(Move(cc, value)) for value in (31, 113, 114)] == [None, 113 / 127, 114 / 127]


def test_a_pair_has_fourteen_bits() -> None:
    fader = Fader(fine=True, pickup=False)
    cc = ControlName("cc", 0, 1)
    assert fader.moved(Move(cc, 127)) is None
    assert fader.moved(Move(cc, 127), low_half=True) == 1.0
    assert fader.moved(Move(cc, 126), low_half=True) == 16382 / 16383


@pytest.mark.parametrize(
    ("param", "values"),
    [
        (Float(0.0, -1.0, 3.0), [-1.0, 0.0, 3.0]), (Int(2, 2, 9), list(range(2, 10))), (Bool(False), [False, True]),
        (Choice("a", "abcde"), list("abcde")), (Choice("a", "a"), ["a"]),
    ],
)  # fmt: skip
def test_values_and_positions(param: Any, values: list[Any]) -> None:
    span = span_of(param, None)
    assert span is not None
    assert [value_at(param, position_of(param, value, span), span) for value in values] == values


def test_what_no_control_can_move() -> None:
    assert not turnable(Color("red"))
    assert span_of(Float(0.0), None) is None
    assert span_of(Int(0), None) is None
    assert span_of(Float(0.0), (5.0, 1.0)) == (5.0, 1.0)


@pytest.mark.parametrize(
    "text", ["camera/duotone.amount", "scene:one", "preset:warm night", "morph:a,b", "cue:3", "next", "previous", "tap"]
)
def test_targets(text: str) -> None:
    assert str(Target.parse(text)) == text


@pytest.mark.parametrize("text", ["", "scene:", "sceen:one", "morph:a", "morph:a,", "cue:0", "cue:x"])
def test_targets_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        Target.parse(text)


def test_learning_gives_each_target_to_another_control() -> None:
    learning = Learning()
    first, gone, second = (learning.begin(text) for text in ("amount", "opacity", "next"))
    gone.cancel()
    assert learning.take("cc 1") == Target("parameter", ("amount",))
    assert learning.take("cc 1") is None, "it is still being turned"
    assert learning.take("cc 2") == Target("next")
    assert (first.result(0), second.result(0), learning.waiting) == ("cc 1", "cc 2", ())
    learning.begin("previous")
    assert learning.take("cc 1") == Target("previous"), "later it may learn something else"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[control]]\nmidi = "cc 1"\nto = "a"\n', 1, "names no device"),
        ('device = "x"\n[[control]]\nmidi = "cc 200"\nto = "a"\n', 3, "no control of MIDI"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "scnee:a"\n', 4, "nothing that a control can do"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "a"\nrange = [1, 1]\n', 5, "two different numbers"),
        ('device = "x"\n[[control]]\nmidi = "cc 40"\nto = "a"\nbits = 14\n', 5, "14 for cc 0 to cc 31"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "a"\nrelative = "ofset"\n', 5, "unknown encoding"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "a"\nover_s = -1\n', 5, "a number from 0"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "a"\npickup = 1\n', 5, "true or false"),
        ('device = "x"\n[[control]]\nmidi = "cc 1"\nto = "a"\nrnage = 1\n', 5, "unknown key"),
    ],
)
def test_what_is_wrong_in_a_map_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SceneError, match=words) as caught:
        MapFile(str(tmp_path / "map.toml"))
    assert caught.value.where == f"{tmp_path / 'map.toml'}:{line}"


def test_a_missing_device_names_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no MIDI device 'Fake'") as caught:
        Playing(tmp_path, MAP, ports=FakePorts("Launchpad", "Keystation"))
    assert "'Launchpad', 'Keystation'" in caught.value.hint
    assert matching("LAUNCH", ["My Launchpad Mini", "Launch"]) == "My Launchpad Mini"


def test_a_knob_moves_a_parameter_when_it_has_reached_it(playing: Callable[..., Playing]) -> None:
    show = playing()
    show.play("B0 15 0A")
    assert show.amount == 0.5
    show.play("B0 15 50")
    assert show.amount == 80 / 127
    show.play("B0 15 51 B0 15 7F")
    assert show.amount == 1.0
    show.desk.set(AMOUNT, 0.25, "test")
    show.draw()
    show.play("B0 15 7E")
    assert show.amount == 0.25, "somebody else has moved it away"


def test_lights_and_motors_follow(playing: Callable[..., Playing]) -> None:
    show = playing()
    show.until(lambda: show.ports.sent == [(0xB0, 21, 64)])
    show.desk.set(AMOUNT, 1.0, "test")
    show.until(lambda: show.ports.sent[-1] == (0xB0, 21, 127))
    show.play("B0 15 7F", "B0 15 7E")
    show.draw()
    assert show.amount == 126 / 127
    assert len(show.ports.sent) == 2, "what the hand does is not sent back"


def test_kinds_of_controls(playing: Callable[..., Playing]) -> None:
    show = playing(f"""device = "Fake"
[[control]]
midi = "cc 1"
to = "{AMOUNT}"
relative = "offset"
step = 0.1
[[control]]
midi = "note 36"
to = "{VISIBLE}"
[[control]]
midi = "cc 2"
to = "{OPACITY}"
bits = 14
pickup = false
[[control]]
midi = "pitch"
to = "duotone.amount"
range = [1.0, 0.0]
pickup = false
""")
    show.play("B0 01 42")
    assert show.amount == pytest.approx(0.7)
    show.play("B0 01 3F", "B0 01 3F")
    assert show.amount == pytest.approx(0.5)
    assert show.scene.get(VISIBLE) is True
    show.play("90 24 7F 80 24 00")
    assert show.scene.get(VISIBLE) is False
    show.play("90 24 7F 80 24 00")
    assert show.scene.get(VISIBLE) is True
    show.play("B0 02 40")
    show.play("B0 22 01")
    assert show.scene.get(OPACITY) == pytest.approx((64 << 7 | 1) / 16383)
    show.play("E0 7F 7F")
    assert show.amount == 0.0


def test_buttons_do_what_the_map_says(playing: Callable[..., Playing], tmp_path: Path) -> None:
    (tmp_path / "one.presets.toml").write_text(
        f'[preset.a]\n"{AMOUNT}" = 0.25\n[preset.b]\n"{AMOUNT}" = 0.75\n', encoding="utf-8"
    )
    rows = {"note 1": "preset:a", "cc 9": "next", "program 3": "scene:one", "cc 10": "morph:a,b", "note 2": "scene:two"}
    text = 'device = "Fake"\n' + "".join(f'[[control]]\nmidi = "{k}"\nto = "{v}"\n' for k, v in rows.items())
    show = playing(text, scenes=2)
    show.play("90 01 7F 80 01 00")
    show.until(lambda: show.amount == 0.25)
    show.play("B0 0A 40")
    show.until(lambda: show.amount == pytest.approx(0.25 + 0.5 * 64 / 127))
    show.play("B0 09 7F")
    show.until(lambda: show.playlist.scene.name == "two")
    show.until(lambda: (0x90, 2, 127) in show.ports.sent)
    show.play("B0 09 7F")
    show.draw()
    assert show.playlist.scene.name == "two", "it has not been let go"
    show.play("C0 03")
    show.until(lambda: show.playlist.scene.name == "one")


def test_learning_is_written_down(playing: Callable[..., Playing]) -> None:
    show = playing(MAP.replace("[[control]]", "# the knobs\n[[control]]"))
    learned = [show.desk.learning.begin(text) for text in (OPACITY, "next", "amount")]
    show.play("B0 05 01", "B0 05 01", "90 30 7F", "80 30 00", "B0 06 10 B0 26 01")
    assert [one.result(0) for one in learned] == ["cc 5", "note 48", "cc 6"]
    show.until(lambda: 'to = "amount"' in show.map.read_text(encoding="utf-8"))
    text = show.map.read_text(encoding="utf-8")
    assert text.startswith('device = "Fake"  # the one on the left\n# the knobs\n')
    found = {
        str(entry.control): (str(entry.to), entry.relative, entry.fine) for entry in MapFile(str(show.map)).entries
    }
    assert found == {
        "cc 21": (AMOUNT, "", False), "cc 5": (OPACITY, "twos-complement", False), "note 48": ("next", "", False),
        "cc 6": ("amount", "", True),
    }  # fmt: skip
    before = show.scene.get(OPACITY)
    show.play("B0 05 7F")
    assert show.scene.get(OPACITY) == pytest.approx(before - 1 / 127)


def test_a_device_is_unplugged_and_comes_back(
    playing: Callable[..., Playing], caplog: pytest.LogCaptureFixture
) -> None:
    show = playing()
    there, show.ports.there = show.ports.there, []
    show.until(show.ports.closed.is_set)
    show.ports.opened.clear()
    for _ in range(5):
        show.draw()
    assert sum("is unplugged" in record.message for record in caplog.records) == 1
    show.ports.sent.clear()
    show.ports.there = [name.replace("20", "24") for name in there]
    show.until(show.ports.opened.is_set)
    show.until(lambda: show.ports.sent == [(0xB0, 21, 64)])
    show.play("B0 15 40", "B0 15 7F")
    assert show.amount == 1.0


def test_what_does_nothing_is_named_once(playing: Callable[..., Playing], caplog: pytest.LogCaptureFixture) -> None:
    show = playing(
        'device = "Fake"\n[[control]]\nmidi = "cc 1"\nto = "gone.x"\n[[control]]\nmidi = "cc 2"\nto = "ink"\n'
    )
    for _ in range(3):
        show.play("B0 01 40", "B0 02 40")
    said = [record.message for record in caplog.records]
    assert sum("no parameter gone.x" in one for one in said) == 1
    assert sum("it is no number" in one for one in said) == 1


def test_of_a_storm_nothing_is_lost_and_the_newest_wins(playing: Callable[..., Playing]) -> None:
    """A second's worth of 8,000 events on eight controls, from a thread of its own, while frames are drawn."""
    rows = "".join(f'[[control]]\nmidi = "cc {n}"\nto = "{AMOUNT}"\npickup = false\n' for n in range(8))
    show = playing(f'device = "Fake"\n{rows}')
    messages = [(0xB0, n % 8, (n * 7) % 128) for n in range(8000)] + [(0xB0, 3, 99)]
    assert all(move_of(message) is not None for message in messages)
    heard = show.ports.hear
    assert heard is not None
    sender = threading.Thread(target=lambda: [heard(message) for message in messages])
    sender.start()
    while sender.is_alive():
        show.frame()
    show.draw()
    assert show.amount == 99 / 127


def test_the_real_library_says_what_is_missing(tmp_path: Path) -> None:
    """Either this machine has no MIDI at all, or no device of that name."""
    pytest.importorskip("rtmidi")
    (tmp_path / "map.toml").write_text('device = "no device is called so"\n', encoding="utf-8")
    with pytest.raises(ControlError, match="no MIDI") as caught:
        MidiControl(str(tmp_path / "map.toml"), Desk(Playlist([load_scene("duotone", Registry())]), Changes()))
    assert caught.value.hint
