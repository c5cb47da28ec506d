"""Takes: what is written comes back bit for bit, what is cut off plays up to there, what is hostile is named."""

from __future__ import annotations

import json
import logging
import math
import struct
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import noise, observe, scene, shader
from phosphene.engine.core.errors import PhospheneError, SinkError, SourceError, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Float
from phosphene.engine.core.results import Face, Faces, Mask, Poses
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.options import run_options
from phosphene.engine.show.takes.files import (
    HEAD,
    MAGIC,
    FrameWriter,
    TrackReader,
    TrackWriter,
    pack,
    read_frames,
    unpack,
)
from phosphene.engine.show.takes.recorder import TakeRecorder
from phosphene.engine.show.takes.take import About, Take, options_for, read_about

from phosphene.testing import fake_face, fake_mask, fake_pose

SIZE = (64, 36)


def same(a: Any, b: Any) -> bool:
    """Whether two results are the same, bit for bit and type for type."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, Faces | Poses | Mask) or hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, n), getattr(b, n)) for n in a.__dataclass_fields__)
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and bool(a == b)


def wild(seed: int) -> dict[str, Any]:
    """Results with every bit pattern that float32 knows."""
    draws = np.random.default_rng(seed)
    bits = draws.integers(0, 2**32, (9, 16), np.uint32).view(np.float32)
    shapes = {f"shape{i}": float(draws.normal()) for i in range(52)}
    one = fake_face(SIZE, points=draws.normal(size=(478, 3)).astype(np.float32), blendshapes=shapes, identity=seed)
    return {
        "face": Faces(seed, (one, fake_face(SIZE))),
        "pose": Poses(seed, (fake_pose(),)),
        "person": Mask(seed, bits),
    }


def about(**changes: Any) -> About:
    fields: dict[str, Any] = {"scene": "test", "size": SIZE, "fps": 30.0}
    return About(**{**fields, **changes})


def made(
    tmp_path: Path, count: int = 5, name: str = "take", end_s: float | None = None, **changes: Any
) -> tuple[Path, list[Observation]]:
    """A recorded take and what went into it."""
    folder = tmp_path / name
    recorder = TakeRecorder(folder, about(**changes), scene(), waits=True)
    frames = [Frame(3 * n + 1, 0.1 + n / 29.97, noise(SIZE, n)) for n in range(count)]
    observations = [Observation(f, wild(f.id), {"midi.knob": f.id / 7, "face.smile": 0.3}) for f in frames]
    for number, observation in enumerate(observations):
        recorder.add(observation, number / 3.0, observation.results, {"space"} if number % 2 else set())
    recorder.end(end_s)
    recorder.close()
    return folder, observations


def frames_of(take: Take) -> list[Frame]:
    found = []
    while (frame := take.read()) is not None:
        found.append(frame)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_results_come_back_bit_for_bit(seed: int) -> None:
    assert same(unpack(pack(wild(seed))), wild(seed))


@pytest.mark.parametrize(
    "value",
    [
        {}, [], None, True, 0, -1, 2**60, 0.1, math.nan, -0.0, math.inf, 5e-324, "ünïcode",
        {"a": [1, {"b": (2.5, "c")}]},
        np.zeros((0, 3), np.float32), np.array(3.5), np.arange(7, dtype=np.int16), np.array([True, False]),
        np.arange(24, dtype=np.float64).reshape(2, 3, 4)[:, ::2],
    ],
    ids=str,
)  # fmt: skip
def test_values_come_back(value: Any) -> None:
    assert same(unpack(pack(value)), value)


@pytest.mark.parametrize("value", [object(), {1: 2}, {"$kind": "Face"}, np.array([object()]), b"x", Exception()])
def test_what_a_record_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        pack(value)


def forged(text: Any, tail: bytes = b"") -> bytes:
    said = json.dumps(text).encode()
    return zlib.compress(struct.pack("<I", len(said)) + said + tail)


@pytest.mark.parametrize(
    "packed",
    [
        b"", b"rubbish", zlib.compress(b"ab"), forged({"$array": ["<f4", [4], 0]}),
        forged({"$array": ["O", [1], 0]}, b"x" * 8), forged({"$array": ["<f4", [-1], 0]}, b"abcd"),
        forged({"$array": ["<f4", [2**40, 2**40], 0]}), forged({"$array": 3}),
        forged({"$array": ["<f4", [1], -4]}, b"abcd"), forged({"$kind": "Frame", "fields": {}}),
        forged({"$kind": "os", "fields": {}}),
        forged({"$kind": "Mask", "fields": {"exec": 1}}), forged({"$kind": "Mask", "fields": 3}), forged({"$kind": []}),
        forged({"$tuple": 3}), zlib.compress(struct.pack("<I", 4) + b"[[[["), pack({"a": 1})[:-3],
        zlib.compress(struct.pack("<I", 100000) + b"[" * 100000),
    ],
    ids=range(18),
)  # fmt: skip
def test_forged_records_are_no_records(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unpack(packed)


def test_only_results_can_be_made_by_a_record() -> None:
    from phosphene.engine.show.takes.files import RESULTS

    assert {"Face", "Faces", "Pose", "Poses", "Mask"} <= set(RESULTS)
    assert not {"Frame", "Observation"} & set(RESULTS)


def test_records_that_are_packed_are_smaller_than_their_arrays() -> None:
    mask = fake_mask(size=(256, 144))
    assert len(pack({"person": mask})) < mask.confidence.nbytes / 4


def write_tracks(path: Path, records: Sequence[Any]) -> None:
    writer = TrackWriter(path)
    for record in records:
        writer.write(record)
    writer.close()


def test_a_track_file_cut_anywhere_gives_its_whole_records(tmp_path: Path) -> None:
    path, records = tmp_path / "t", [{"n": n, "a": np.arange(n)} for n in range(4)]
    write_tracks(path, records)
    whole = path.read_bytes()
    for length in range(len(MAGIC), len(whole) + 1, 3):
        path.write_bytes(whole[:length])
        reader = TrackReader(path)
        assert all(same(reader.read(i), records[i]) for i in range(reader.count))
        assert reader.count == 4 if length == len(whole) else reader.count < 4
        reader.close()


def test_every_changed_byte_of_a_record_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_tracks(path, [{"n": 1}])
    whole = path.read_bytes()
    for place in range(len(MAGIC) + HEAD.size, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        reader = TrackReader(path)
        with pytest.raises(SourceError, match="damaged"):
            reader.read(0)
        reader.close()


@pytest.mark.parametrize("content", [b"", b"GIF89a", MAGIC[:-1]])
def test_another_file_is_no_track_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(SourceError, match="does not hold the tracks"):
        TrackReader(tmp_path / "t")


@pytest.mark.parametrize("size", [(64, 36), (17, 16), (33, 17), (639, 361)])
def test_frames_are_lossless_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    pictures: list[Pixels] = [noise(size, n) for n in range(3)]
    writer = FrameWriter(tmp_path / "f", size, 30.0)
    for number, picture in enumerate(pictures):
        writer.write(picture, number / 30)
    writer.close()
    writer.close()
    assert same([p.copy() for p, _ in read_frames(tmp_path / "f", size)], pictures)


def test_frames_cut_off_anywhere_give_the_whole_ones(tmp_path: Path) -> None:
    folder, observations = made(tmp_path)
    path = folder / "frames.nut"
    whole = path.read_bytes()
    counts = []
    for part in (1.0, 0.8, 0.5, 0.3):
        path.write_bytes(whole[: int(len(whole) * part)])
        with Take(folder) as take:
            found = frames_of(take)
        assert all(same(f.pixels, o.frame.pixels) for f, o in zip(found, observations, strict=False))
        counts.append(len(found))
    assert counts[0] == 5
    assert counts == sorted(counts, reverse=True)
    assert counts[2] >= 2


def test_a_take_gives_back_everything_exactly(tmp_path: Path) -> None:
    folder, observations = made(tmp_path)
    with Take(folder) as take:
        assert take.frame_count == 5
        assert take.trackers == {"face", "person", "pose"}
        frames = frames_of(take)
        for number, (frame, observation) in enumerate(zip(frames, observations, strict=True)):
            assert (frame.id, frame.time_s) == (observation.frame.id, observation.frame.time_s)
            assert same(frame.pixels, observation.frame.pixels)
            assert same(dict(take.results(frame)), dict(observation.results))
            moment = take.begin(frame, scene())
            assert moment.dt == number / 3.0
            assert moment.held == (("space",) if number % 2 else ())
            assert dict(moment.signals) == {"midi.knob": frame.id / 7}


def test_signals_that_cannot_be_found_again_are_added_to_those_that_can(tmp_path: Path) -> None:
    folder, _ = made(tmp_path, 1)
    with Take(folder) as take:
        frame = frames_of(take)[0]
        full = take.begin(frame, scene()).complete(Observation(frame, {}, {"face.smile": 0.9}))
    assert dict(full.signals) == {"face.smile": 0.9, "midi.knob": 1 / 7}


def test_a_result_that_is_used_again_is_written_once_and_is_the_same_object(tmp_path: Path) -> None:
    held = fake_mask(0, (256, 144))
    recorder = TakeRecorder(tmp_path / "t", about(), scene(), waits=True)
    for number in range(6):
        result = held if number < 5 else fake_mask(5, (256, 144))
        recorder.add(Observation(Frame(number, number / 30, noise(SIZE)), {"person": result}), 0.0, {"person"})
    recorder.close()
    with Take(tmp_path / "t") as take:
        masks = [take.results(f)["person"] for f in frames_of(take)]
    assert all(m is masks[0] for m in masks[:5])
    assert same(masks[0], held)
    assert masks[5] is not masks[0]


class Tuned(type(shader("frame_here()"))):  # type: ignore[misc]
    """An effect with two numbers."""

    amount = Float(0.5, 0.0, 1.0, "how much")
    other = Float(0.5, 0.0, 1.0, "how much else")


def test_changes_of_the_scene_come_back_before_the_same_frame(tmp_path: Path) -> None:
    then = scene(Tuned())
    recorder = TakeRecorder(tmp_path / "t", about(), then, waits=True)

    def one(number: int) -> None:
        recorder.add(observe(noise(SIZE, number), number), 0.0, ())

    one(0)
    then.set("amount", "0.25")
    then.set("amount", 0.75)
    one(1)
    then.bind("other", Binding.parse({"from": "lfo.4", "to": [1.0, 0.0]}))
    one(2)
    recorder.close()
    then.set("amount", 0.1)  # after the end: nobody listens

    now = scene(Tuned())
    with Take(tmp_path / "t") as take:
        told = []
        for frame in frames_of(take):
            take.begin(frame, now)
            told.append((now.get("amount"), "camera/e0.other" in now.bindings))
    assert told == [(0.5, False), (0.75, False), (0.75, True)]
    assert then.listeners == []


def test_changes_that_another_scene_does_not_know_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    then = scene(Tuned())
    recorder = TakeRecorder(tmp_path / "t", about(), then, waits=True)
    for number in range(3):
        then.set("amount", number / 3)
        recorder.add(observe(noise(SIZE, number), number), 0.0, ())
    recorder.close()
    with Take(tmp_path / "t") as take, caplog.at_level(logging.WARNING):
        for frame in frames_of(take):
            take.begin(frame, scene())
    assert len([r for r in caplog.records if "amount" in r.getMessage()]) == 1


class Slow:
    """A frame writer that waits until it may go on."""

    gate = threading.Event()

    def __init__(self, *_: Any) -> None: ...

    def write(self, *_: Any) -> int:
        assert self.gate.wait(60)
        return 0

    def close(self) -> None: ...


def test_a_disk_that_cannot_follow_ends_the_recording_and_never_the_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("phosphene.engine.show.takes.recorder.FrameWriter", Slow)
    Slow.gate.clear()
    bytes_of_one = SIZE[0] * SIZE[1] * 3
    recorder = TakeRecorder(tmp_path / "t", about(), scene(), waits=False, capacity_bytes=4 * bytes_of_one)
    for number in range(50):  # none of these waits
        recorder.add(observe(noise(SIZE), number), 0.0, ())
    Slow.gate.set()
    recorder.close()
    assert 4 <= recorder.written <= 6
    said = read_about(tmp_path / "t")
    assert said.frames == recorder.written
    assert "could not keep up" in said.ended
    assert len([r for r in caplog.records if "could not keep up" in r.getMessage()]) == 1


class Full(Slow):
    """A disk that is full at the third frame."""

    count = 0

    def write(self, *_: Any) -> int:
        type(self).count += 1
        if self.count == 3:
            raise OSError(28, "No space left on device")
        return 0


@pytest.mark.parametrize("waits", [True, False])
def test_a_full_disk_ends_the_recording_and_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, waits: bool
) -> None:
    monkeypatch.setattr("phosphene.engine.show.takes.recorder.FrameWriter", Full)
    Full.count = 0
    recorder = TakeRecorder(tmp_path / "t", about(), scene(), waits=waits)
    for number in range(2000):  # more than there is room for
        recorder.add(observe(noise((2, 2)), number), 0.0, ())
    recorder.close()
    assert recorder.written == 2
    assert "No space left" in read_about(tmp_path / "t").ended
    assert any("the show goes on" in r.getMessage() for r in caplog.records)


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path / "t", about(), scene(), waits=True)
    recorder.close()
    recorder.close()
    with pytest.raises(SourceError, match="not one whole frame"):
        Take(tmp_path / "t")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(SinkError, match="is not empty"):
        TakeRecorder(tmp_path, about(), scene(), waits=True)
    assert [p.name for p in tmp_path.iterdir()] == ["precious"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="file"):
        TakeRecorder(tmp_path / "file" / "t", about(), scene(), waits=True)


def test_an_unfinished_take_says_so_and_plays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, _ = made(tmp_path)
    header = json.loads((folder / "take.json").read_text())
    (folder / "take.json").write_text(json.dumps({**header, "frames": None, "ended": ""}))
    tracks = (folder / "tracks.bin").read_bytes()
    (folder / "tracks.bin").write_bytes(tracks[:-10])
    with Take(folder) as take:
        assert [f.id for f in frames_of(take)] == [1, 4, 7, 10]
    assert "cut off" in caplog.text


def hurt(folder: Path, **changes: Any) -> None:
    header = json.loads((folder / "take.json").read_text())
    (folder / "take.json").write_text(json.dumps({k: v for k, v in {**header, **changes}.items() if v != "gone"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 2: this version reads format 1"),
        ({"format": "gone"}, "format None"),
        ({"size": [1280, 720]}, "expected huffyuv video of 1280×720"),
        ({"size": [0, 0]}, "cannot be"),
        ({"size": "gone"}, "size"),
        ({"size": "x"}, "what a take must say"),
        ({"scene": "gone"}, "scene"),
        ({"fps": 0}, "cannot be"),
        ({"fps": "fast"}, "what a take must say"),
        ({"seed": 0.5}, "cannot be"),
        ({"frames": "many"}, "cannot be"),
        ({"settings": 3}, "what a take must say"),
        ({"settings": [["a"]]}, "what a take must say"),
        ({"settings": [["a", None]]}, "what a take must say"),
        ({"bindings": [["a", 3]]}, "what a take must say"),
        ({"trackers": None}, "what a take must say"),
    ],
    ids=str,
)
def test_a_header_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    folder, _ = made(tmp_path, 2)
    hurt(folder, **changes)
    with pytest.raises(SourceError, match=message), Take(folder) as take:
        frames_of(take)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100000, "\ufeff\x00"])
def test_a_header_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    folder, _ = made(tmp_path, 1)
    (folder / "take.json").write_text(text)
    with pytest.raises(SourceError, match=r"take\.json"):
        Take(folder)


@pytest.mark.parametrize("name", ["take.json", "tracks.bin", "frames.nut"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder, _ = made(tmp_path, 1)
    (folder / name).unlink()
    with pytest.raises(SourceError, match=r"no take found here|tracks\.bin|frames\.nut"), Take(folder) as take:
        take.read()


@pytest.mark.parametrize("content", [b"", b"rubbish" * 1000, MAGIC, b"#EXTM3U\n/etc/passwd\n"])
@pytest.mark.parametrize("name", ["tracks.bin", "frames.nut"])
def test_a_file_of_rubbish_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    folder, _ = made(tmp_path, 1)
    (folder / name).write_bytes(content)
    with pytest.raises(PhospheneError, match=str(folder)), Take(folder) as take:
        take.read()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x"}, {"results": 3}, {"events": [3]}, {"results": {"face": {"same_as": 9}}}, {"signals": {"a": "b"}},
        {"held": None}, {"another": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_record_of_something_else_is_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    folder, _ = made(tmp_path, 1)
    reader = TrackReader(folder / "tracks.bin")
    record = reader.read(0)
    reader.close()
    write_tracks(folder / "tracks.bin", [{**record, **changes}])
    with pytest.raises(SourceError, match="record 0"), Take(folder) as take:
        take.read()


def test_what_was_asked_for_then_comes_first_and_that_of_now_last(tmp_path: Path) -> None:
    then = {"settings": [("amount", "0.3")], "bindings": [("other", {"from": "lfo.4"})], "seed": 7}
    folder, _ = made(tmp_path, 1, **then)
    with Take(folder) as take:
        now = options_for(run_options("test", take=folder, parameters=[("amount", "0.9")]), take).scene
        assert now.parameters == (("amount", "0.3"), ("amount", "0.9"))
        assert now.bindings == (("other", {"from": "lfo.4"}),)
        assert now.seed == 7
        assert options_for(run_options("test", take=folder, seed=0), take).scene.seed == 0
        same = options_for(run_options(folder / "scene.toml", take=folder), take)
        assert same.scene.parameters == (("amount", "0.3"),)
        assert options_for(run_options("another", take=folder), take).scene.parameters == ()


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"size": (64, 36)}, "--size"), ({"fps": 30.0}, "--fps"), ({"input": "clip.mp4"}, "--input"),
        ({"record_take": Path("x")}, "--record-take"), ({"pace": "live"}, "--pace live"),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_take_cannot_do_is_refused(tmp_path: Path, changes: dict[str, Any], option: str) -> None:
    folder, _ = made(tmp_path, 1)
    with Take(folder) as take, pytest.raises(UsageError, match=option):
        options_for(run_options("test", take=folder, **changes), take)


def test_a_scene_that_has_changed_since_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "test.toml"
    path.write_text("title = 'then'")
    then = Scene("test", path=path)
    TakeRecorder(tmp_path / "t", about(), then, waits=True).close()
    folder, _ = made(tmp_path, 1)
    (folder / "scene.toml").write_text("title = 'then'")
    with Take(folder) as take:
        take.compare(then)
        take.compare(Scene("another"))
        assert caplog.text == ""
        path.write_text("title = 'now'")
        take.compare(then)
    assert "has changed since" in caplog.text


def test_faces_keep_their_types() -> None:
    found = unpack(pack(Faces(3, (fake_face(SIZE),))))
    assert isinstance(found, Faces)
    assert isinstance(found.items, tuple)
    assert isinstance(found.items[0], Face)
    assert found.items[0].points.flags.writeable


@pytest.mark.parametrize("end_s", [None, 7.5])
def test_a_take_knows_when_its_last_frame_ends(tmp_path: Path, end_s: float | None) -> None:
    folder, observations = made(tmp_path, 3, end_s=end_s)
    with Take(folder) as take:
        assert take.end_s is None
        assert len(frames_of(take)) == len(observations)
        assert take.end_s == end_s
