"""Teaching: recordings, honest divisions, the nearest examples, the folder that is written, and what is refused."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers_tflite import Net
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.audio.base import Shared
from phosphene.engine.audio.opening import open_sound
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.teach import keep
from phosphene.engine.commands.teach.examples import Examples, Recording, classes_of, frames_of, gather, sources_of
from phosphene.engine.commands.teach.judge import accuracy, confusion, folds, table_text
from phosphene.engine.commands.teach.learn import learn
from phosphene.engine.commands.teach.live import KEYS, LiveRecorder
from phosphene.engine.commands.teach.panel import confusion_panel, panel
from phosphene.engine.commands.teach.preview import Preview
from phosphene.engine.core.errors import ModelError, TrackerError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.results import Classification, Hand, Poses
from phosphene.engine.effect.shapes import Box
from phosphene.engine.models import tensorflow as tf_jobs
from phosphene.engine.trackers.custom import find
from phosphene.engine.trackers.custom.feature_classifier import RowNode
from phosphene.engine.trackers.custom.features import Extractor, of_face, of_hands, of_pose, of_sound
from phosphene.engine.trackers.custom.neighbours import MOST, Neighbours
from phosphene.engine.trackers.custom.open import open_node

from phosphene.testing import fake_face, fake_pose

RNG = np.random.default_rng(4)


def examples(*recordings: tuple[str, int], apart: float = 6.0) -> Examples:
    """Rows of eight numbers: (class, how many) a recording; classes lie `apart`."""
    made = []
    for n, (label, count) in enumerate(recordings):
        middle = np.zeros(8)
        middle["abcdef".index(label)] = apart
        made.append(Recording(label, f"r{n}", list(RNG.normal(middle, 1.0, (count, 8)).astype(np.float32)), count))
    return gather(made, "anything")


def clip(path: Path, code: int, frames: int = 30) -> Path:
    """A short clip of one grey."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for _ in range(frames):
        writer.write(np.full((48, 64, 3), code, np.uint8))
    writer.release()
    return path


# Classes and recordings


def test_classes_are_named_on_the_command_line(tmp_path: Path) -> None:
    one, two = clip(tmp_path / "one.avi", 1), clip(tmp_path / "two.avi", 2)
    assert classes_of([f"a={one}", f"b={two}", f"a={two}"]) == {"a": [one, two], "b": [two]}
    assert classes_of([f"a={one},{two}", f"b={two}"])["a"] == [one, two]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["x"], "LABEL=PATH"),
        (["=x", "b=."], "LABEL=PATH"),
        (["a=.", "b=nowhere.mp4"], "no file or folder 'nowhere.mp4'"),
        (["a=."], "1 class given, expected at least two"),
        ([], "0 classes"),
    ],
)
def test_classes_that_cannot_be(texts: list[str], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        classes_of(texts)


def test_a_clip_is_a_recording_and_so_is_a_folder_of_pictures(tmp_path: Path) -> None:
    clip(tmp_path / "x.avi", 9)
    (tmp_path / "burst").mkdir()
    for n in range(3):
        cv2.imwrite(str(tmp_path / "burst" / f"{n}.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("nothing")
    found = dict(sources_of(tmp_path))
    assert list(found) == ["x.avi", "burst"]
    assert len(found["burst"]) == 3


def test_frames_are_not_taken_faster_than_they_differ(tmp_path: Path) -> None:
    times = [frame.time_s for frame in frames_of([clip(tmp_path / "x.avi", 9)])]
    assert 8 <= len(times) <= 12
    assert min(np.diff(times)) >= 1 / 12 - 2e-3


def test_a_class_of_which_nothing_is_seen_is_told() -> None:
    seen = Recording("a", "x", [np.zeros(3, np.float32)] * 9, 9)
    with pytest.raises(UsageError, match="class b: a body was found in 1 of 30 frames"):
        gather([seen, Recording("b", "y", [np.zeros(3, np.float32)], 30)], "a body")


# Honest numbers


def test_whole_recordings_are_held_out() -> None:
    made = examples(("a", 10), ("a", 12), ("b", 9), ("b", 9), ("b", 9))
    divisions, alone = folds(made)
    assert alone == ()
    assert len(divisions) >= 2
    for fold in divisions:
        assert not set(made.recordings[fold.held]) & set(made.recordings[fold.learn])


def test_each_example_is_held_out_at_most_once() -> None:
    divisions, _ = folds(examples(("a", 10), ("a", 12), ("b", 40), ("c", 8), ("c", 8), ("c", 8), ("c", 8), ("c", 8)))
    held = np.concatenate([fold.held for fold in divisions])
    assert len(set(held.tolist())) == len(held)


def test_of_one_recording_parts_are_held_out_with_a_gap() -> None:
    made = examples(("a", 40), ("b", 40))
    divisions, alone = folds(made)
    assert alone == ("a", "b")
    assert len(divisions) == 4
    for fold in divisions:
        assert not set(fold.held) & set(fold.learn)
        beside = {(n, m) for n in fold.learn for m in (n - 1, n + 1) if m in fold.held}
        assert not [pair for pair in beside if made.classes[pair[0]] == made.classes[pair[1]]]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(4, 30)), min_size=2, max_size=9))
def test_every_division_knows_every_class(recordings: list[tuple[str, int]]) -> None:
    made = examples(*recordings)
    for fold in folds(made)[0]:
        assert len(fold.held) > 0
        assert set(made.classes[fold.learn]) == set(range(len(made.labels)))
        assert not set(fold.held) & set(fold.learn)


def test_a_lucky_recording_is_found_out() -> None:
    """A class whose recordings have nothing in common is told apart within a recording, and not across."""
    first = [Recording("a", f"{n}", list(RNG.normal(9 * n, 0.1, (12, 4)).astype(np.float32)), 12) for n in range(2)]
    second = [Recording("b", f"{n}", list(RNG.normal(9 * n + 3, 0.1, (12, 4)).astype(np.float32)), 12) for n in (0, 1)]
    made = gather([*first, *second], "anything")
    table = np.zeros((2, 2), int)
    for fold in folds(made)[0]:
        judge = Neighbours(made.rows[fold.learn], made.classes[fold.learn], 2)
        said = np.array([judge.probabilities(row).argmax() for row in made.rows[fold.held]])
        table += confusion(made.classes[fold.held], said, 2)
    assert accuracy(table) < 0.6


def test_accuracy_counts_classes_alike() -> None:
    table = np.array([[90, 0], [5, 5]])
    assert accuracy(table) == pytest.approx(0.75)
    assert accuracy(np.zeros((2, 2), int)) == 0.0
    text = table_text(table, ("nothing", "wave"))
    assert "90" in text
    assert "50% right" in text


# The nearest examples


def test_the_nearest_examples_tell_classes_apart(tmp_path: Path) -> None:
    made = examples(("a", 30), ("b", 30), ("c", 30))
    near = Neighbours(made.rows, made.classes, 3)
    right = [near.probabilities(row).argmax() == n for row, n in zip(made.rows, made.classes, strict=True)]
    assert np.mean(right) > 0.95
    assert near.probabilities(made.rows[0]).sum() == pytest.approx(1.0)
    near.save(tmp_path / "n.npz")
    again = Neighbours.load(tmp_path / "n.npz")
    assert np.allclose(again.probabilities(made.rows[5]), near.probabilities(made.rows[5]), atol=1e-4)
    with pytest.raises(TrackerError, match="3 numbers, but the examples have 8"):
        near.probabilities(np.zeros(3, np.float32))


def test_no_more_examples_are_kept_than_help() -> None:
    rows = RNG.normal(size=(MOST + 100, 2)).astype(np.float32)
    assert len(Neighbours(rows, np.zeros(len(rows)), 1).rows) == MOST


def test_what_was_shown_for_longer_is_not_seen_more_often() -> None:
    rows = np.random.default_rng(4).normal(size=(400, 3)).astype(np.float32)  # which tell nothing of the class
    near = Neighbours(rows, (np.arange(400) % 10 == 0).astype(np.int32), 2)
    asked = np.random.default_rng(5).normal(size=(200, 3)).astype(np.float32)
    shares = np.mean([near.probabilities(row) for row in asked], axis=0)
    assert 0.5 < float(shares[0]) < 0.8  # by numbers alone it would be 0.9, with endless neighbours a half


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"x" * 99])
def test_a_file_that_holds_no_examples(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.npz").write_bytes(content)
    with pytest.raises(ModelError, match="not a file of examples"):
        Neighbours.load(tmp_path / "n.npz")


def test_examples_of_classes_that_there_are_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "n.npz", rows=np.zeros((3, 2)), classes=np.array([0, 1, 7]), count=2)
    with pytest.raises(ModelError, match="do not match"):
        Neighbours.load(tmp_path / "n.npz")


# Rows of numbers


def test_a_face_means_the_same_wherever_it_is() -> None:
    left, right = (
        fake_face(at=(0.2, 0.4), blendshapes={"jawOpen": 0.4}),
        fake_face(at=(0.8, 0.5), blendshapes={"jawOpen": 0.4}),
    )
    assert np.allclose(of_face(left), of_face(right))
    assert of_face(left)[0] == pytest.approx(0.4)


def test_a_body_means_the_same_wherever_and_however_large_it_is() -> None:
    one, two = fake_pose((0.2, 0.5)), fake_pose((0.8, 0.4))
    large = type(two)(two.points, two.world * 3.0, two.visibility)
    assert np.allclose(of_pose(one), of_pose(large), atol=1e-5)
    assert of_pose(one).shape == (33 * 4,)


def test_hands_by_their_sides() -> None:
    points = RNG.uniform(size=(21, 3)).astype(np.float32)
    world = RNG.normal(size=(21, 3)).astype(np.float32)
    right = Hand(points, world, "right")
    row, both = of_hands((right,), 0.75), of_hands((right, Hand(points + 0.1, world, "left")), 0.75)
    assert row.shape == both.shape == (2 * 64 + 2,)
    assert not row[:64].any()
    assert np.allclose(both[:63], both[64:127])
    assert np.allclose(row[64:128], both[64:128])


def test_unknown_features_suggest_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown kind of features 'poses'"):
        Extractor("poses")


# The folder


def taught(folder: Path, *, labels: tuple[str, ...] = ("a", "b")) -> Path:
    """A folder that was taught by the nearest examples."""
    folder.mkdir(parents=True)
    made = examples(*((label, 20) for label in labels for _ in range(2)))
    learnt = learn(made, folder, "nearest")
    keep.describe(folder, keep.About("m", "pose"), learnt, made, [])
    return folder


def test_the_folder_is_a_model_that_scenes_can_name(tmp_path: Path) -> None:
    folder = taught(tmp_path / "m")
    spec = find.at("m", folder)
    assert (spec.kind, spec.labels, spec.input.of) == ("nearest", ("a", "b"), "pose")
    with open_node(spec) as node:
        assert isinstance(node, RowNode)
        row = np.zeros(8, np.float32)
        row[1] = 6.0
        assert node.labels[int(node.judge(row).argmax())] == "b"
    said = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert said["held_out"]["accuracy"] > 0.9
    assert said["examples"] == {"a": 40, "b": 40}
    assert not (folder / keep.EXAMPLES).exists()


def test_nobody_is_no_class(tmp_path: Path) -> None:
    class Blind(Extractor):
        def __init__(self) -> None:
            self.kind = "pose"

        def vector(self, frame: Frame) -> None:
            return None

        def close(self) -> None:
            pass

    with RowNode(find.at("m", taught(tmp_path / "m"))) as node:
        node._eyes = Blind()
        found = node.track(Frame(0, 0.0, np.zeros((8, 8, 3), np.uint8)))
    assert isinstance(found, Classification)
    assert not found.scores.any()


def test_a_tracker_that_runs_anyway_suffices(tmp_path: Path) -> None:
    with RowNode(find.at("m", taught(tmp_path / "m"))) as node:
        assert node.upstream == "pose"
        node._nearest = Neighbours(RNG.normal(size=(8, 132)).astype(np.float32), np.arange(8) % 2, 2)
        frame = Frame(3, 0.1, np.zeros((48, 64, 3), np.uint8))
        found = Poses(3, (fake_pose((64, 48)),))
        said = node.follow(frame, found)
        assert said.frame_id == 3
        assert np.array_equal(said.scores, node.judge(of_pose(found.items[0])))
        assert not node.follow(frame, Poses(4)).scores.any()
        assert not node.follow(frame, None).scores.any()
        assert node._eyes is None


def test_labels_of_any_kind_are_kept(tmp_path: Path) -> None:
    made = examples(("a", 8), ("b", 8))
    odd = Examples(made.rows, made.classes, made.recordings, ('손 "들기"', "2 hands"), made.names)
    folder = tmp_path / "m"
    folder.mkdir()
    keep.describe(folder, keep.About("m", "pose"), learn(odd, folder, "nearest"), odd, [])
    assert find.at("m", folder).labels == odd.labels


def test_examples_are_kept_only_where_asked_for(tmp_path: Path) -> None:
    made = examples(("a", 8), ("b", 8))
    keep.keep_examples(tmp_path, made)
    with np.load(tmp_path / keep.EXAMPLES, allow_pickle=False) as held:
        assert held["rows"].shape == (16, 8)


def test_a_model_is_put_in_place_whole_and_nothing_else_is_replaced(tmp_path: Path) -> None:
    for overwrite in (False, True):  # the second time in the place of the first
        part = keep.scratch(tmp_path / "own" / "m")
        (part / keep.METADATA).write_text("{}")
        keep.put(part, tmp_path / "own" / "m", overwrite=overwrite)
    with pytest.raises(UsageError, match="already exists"):
        keep.check_place(tmp_path / "own" / "m", [], overwrite=False)
    (tmp_path / "own" / "m" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        keep.check_place(tmp_path / "own" / "m", [], overwrite=True)
    (tmp_path / "own" / "m" / "notes.txt").unlink()
    for read in (tmp_path / "own" / "m" / "clip.mp4", tmp_path / "own"):
        with pytest.raises(UsageError, match="the examples are in this folder"):
            keep.check_place(tmp_path / "own" / "m", [read], overwrite=True)
    assert [p.name for p in (tmp_path / "own").iterdir()] == ["m"]
    (tmp_path / "own" / "photos").mkdir()
    (tmp_path / "own" / "photos" / "one.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="the folder holds other files"):
        keep.put(keep.scratch(tmp_path / "own" / "photos"), tmp_path / "own" / "photos")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "a.b"])
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a model's name"):
        keep.home(name, tmp_path)


# The command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "no classes"),
        (["--class", "a=."], "expected at least two"),
        (["--live", "a,b", "--class", "a=."], "--live and --class cannot be used together"),
        (["--live", "a"], "two to nine"),
        (["--live", "a,a"], "different classes"),
    ],
)
def test_wrong_words_are_told(words: list[str], expected: str, capsys: Any, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("phosphene.engine.trackers.custom.features.Extractor.__init__", lambda self, kind, sound: None)
    assert main(["teach", "m", "--into", str(tmp_path), *words]) == 2
    assert expected in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


class Grey:
    """Eyes that see how bright a picture is."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def vector(self, frame: Frame) -> np.ndarray:
        return np.array([frame.pixels.mean(), frame.pixels.std()], np.float32)

    def __enter__(self) -> Grey:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_the_command_teaches_and_reports(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("phosphene.engine.commands.teach.examples.Extractor", Grey)
    for label, codes in (("dark", (10, 20)), ("bright", (200, 220))):
        (tmp_path / label).mkdir()
        for code in codes:
            clip(tmp_path / label / f"{code}.avi", code)
    words = [f"--class={label}={tmp_path / label}" for label in ("dark", "bright")]
    command = ["teach", "light", *words, "--method", "nearest", "--into", str(tmp_path / "own"), "--keep-examples"]
    assert main([*command, "--json", str(tmp_path / "said.json")]) == 0
    said = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    assert said["accuracy"] == 1.0
    assert said["labels"] == ["dark", "bright"]
    assert said["parts_of_one_recording"] == []
    told = capsys.readouterr().out
    assert "held out, 100% right" in told
    assert 'from = "class.light.dark"' in told
    assert {p.name for p in (tmp_path / "own" / "light").iterdir()} == {
        "examples.npz", "labels.txt", "metadata.json", "model.toml", "nearest.npz",
    }  # fmt: skip
    assert main([*command, "--export", "tfjs"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--export", "tfjs", "--overwrite"]) == 2
    assert "--method net" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "own").iterdir()] == ["light"]


def test_without_tensorflow_a_net_is_refused_and_the_rest_works(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", str(tmp_path / "none"))
    made = examples(("a", 8), ("a", 8), ("b", 8), ("b", 8))
    assert learn(made, tmp_path, "auto").method == "nearest"
    with pytest.raises(ModelError, match="needs TensorFlow"):
        learn(made, tmp_path, "net")


@pytest.mark.slow
def test_a_net_is_trained_judged_and_exported(tmp_path: Path) -> None:
    if not tf_jobs.interpreter():
        pytest.skip("TensorFlow is not installed (extra `teach`, or PHOSPHENE_TENSORFLOW)")
    made = examples(("a", 30), ("a", 30), ("b", 30), ("b", 30), ("c", 30), ("c", 30))
    told: list[Any] = []
    learnt = learn(made, tmp_path, "net", 1, told.append)
    assert learnt.method == "net"
    assert learnt.accuracy is not None
    assert learnt.accuracy > 0.9
    assert any("epoch" in said for said in told)
    assert any("table" in said for said in told)
    keep.describe(tmp_path, keep.About("m", "pose"), learnt, made, [])
    tf_jobs.run("export_tfjs", keras=str(tmp_path / "model.keras"), out=str(tmp_path / "tfjs"))
    tf_jobs.run("convert", kind="tfjs", file=str(tmp_path / "tfjs" / "model.json"), out=str(tmp_path / "js.tflite"))
    tf_jobs.run("convert", kind="keras", file=str(tmp_path / "model.keras"), out=str(tmp_path / "keras.tflite"))
    found = []
    for file in ("model.tflite", "js.tflite", "keras.tflite"):
        (tmp_path / "model.toml").write_text(f'file = "{file}"\nlabels = "labels.txt"\n[input]\nof = "pose"\n')
        with RowNode(find.at("m", tmp_path)) as node:
            found.append(np.array([node.judge(row) for row in made.rows[::7]]))
    assert np.abs(found[0] - found[1]).max() < 1e-3
    assert np.abs(found[0] - found[2]).max() < 1e-3
    assert (found[0].argmax(axis=1) == made.classes[::7]).mean() > 0.9


# Live


def test_each_press_of_a_key_is_a_recording() -> None:
    recorder = LiveRecorder(("still", "wave"))
    row = np.zeros(2, np.float32)
    for n in range(90):
        held = {"1"} if n < 30 else {"2"} if n < 50 else set() if n < 60 else {"2"}
        recorder.add(held, row, n / 30)
    assert [(label, recordings) for label, _, recordings in recorder.counts()] == [("still", 1), ("wave", 2)]
    assert all(6 <= r.frames <= 13 for r in recorder.recordings)
    assert gather(recorder.recordings, "anything").labels == ("still", "wave")


def test_two_keys_at_once_mean_neither() -> None:
    recorder = LiveRecorder(("still", "wave"))
    recorder.add({"1", "2"}, np.zeros(2, np.float32), 0.0)
    recorder.add({"space"}, np.zeros(2, np.float32), 0.1)
    assert recorder.recordings == []
    assert not recorder.wants({"9"})


def test_the_window_says_what_is_recorded() -> None:
    recorder = LiveRecorder(("still", "wave"))
    recorder.add({"2"}, None, 0.0)
    texts = [getattr(shape, "text", "") for shape in recorder.shapes({"2"}, None, (640, 360))]
    assert {"2  wave", "0, 0 times", "recording wave:\nnobody is seen"} <= set(texts)
    assert "hold a key" in " ".join(getattr(s, "text", "") for s in recorder.shapes(set(), None, (640, 360)))


@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (360, 640)])
def test_everything_in_the_window_lies_within_it(count: int, size: tuple[int, int]) -> None:
    labels = [f"a rather long name {n}" for n in range(count)]
    scores = np.full(count, 1.0 / count, np.float32)
    shapes = panel([(label, 100, 3) for label in labels], KEYS, labels[0], "recording", scores, size)
    shapes += confusion_panel(np.eye(count, dtype=int) * 7 + 1, labels, KEYS, size)
    boxes = [shape for shape in shapes if isinstance(shape, Box)]
    assert all(0.0 <= v <= 1.0 for box in boxes for v in (*box.top_left, *box.bottom_right))


def test_what_would_be_learnt_is_known_while_recording() -> None:
    preview = Preview(("a", "b"))
    made = examples(("b", 12), ("a", 12), ("b", 9), ("a", 9), apart=200.0)
    recordings = [
        Recording(made.names[n].partition(":")[0], f"{n}", list(made.rows[made.recordings == n])) for n in range(4)
    ]
    preview.learn(recordings[:1])
    preview.close()
    assert preview.probabilities(made.rows[0]) is None, "one class alone is not enough"
    preview.learn(recordings)
    preview.close()
    assert preview.known is not None
    assert preview.known.table.tolist() == [[21, 0], [0, 21]]
    said = preview.probabilities(made.rows[0])
    assert said is not None
    assert said.argmax() == 1, "the classes stand in the order of their keys"
    assert preview.probabilities(None) is None


# Sound


def tone(path: Path, pitch_hz: float, loud: float = 0.3, seconds: float = 2.0) -> Path:
    """A sound file of one tone, with a little noise."""
    time_s = np.arange(round(seconds * 16000)) / 16000
    samples = loud * np.sin(2 * np.pi * pitch_hz * time_s) + RNG.normal(0, 0.002, len(time_s))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.clip(samples, -1, 1) * 32000).astype("<i2").tobytes())
    return path


def test_sound_means_the_same_however_loud() -> None:
    time_s = np.arange(48000) / 48000
    low, high = (np.sin(2 * np.pi * f * time_s).astype(np.float32) for f in (300.0, 3000.0))
    assert np.abs(of_sound(low) - of_sound(low * 0.2)).max() < 0.05
    assert np.abs(of_sound(low) - of_sound(high)).max() > 1.0
    assert np.isfinite(of_sound(np.zeros(48000, np.float32))).all()


def test_sounds_are_taught_and_told_apart(tmp_path: Path) -> None:
    words = []
    for label, pitches in (("low", (300, 330, 310)), ("high", (2000, 2200, 2100))):
        (tmp_path / label).mkdir()
        for pitch in pitches:
            tone(tmp_path / label / f"{pitch}.wav", pitch)
        words.append(f"--class={label}={tmp_path / label}")
    command = ["teach", "pitch", "--from", "sound", *words, "--method", "nearest", "--into", str(tmp_path / "own")]
    assert main([*command, "--json", str(tmp_path / "said.json")]) == 0
    said = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    assert said["accuracy"] > 0.95
    assert said["parts_of_one_recording"] == []
    spec = find.at("pitch", tmp_path / "own" / "pitch")
    frame = Frame(0, 1.5, np.zeros((8, 8, 3), np.uint8))
    with Shared(open_sound(str(tone(tmp_path / "new.wav", 2050, 0.05)))) as sound, open_node(spec, sound) as node:
        found = node.track(frame)
    assert found.names[found.best] == "high"
    with open_node(spec) as deaf:
        assert not deaf.track(frame).scores.any()


def test_a_model_of_the_wave_itself_hears_its_own_rate(tmp_path: Path) -> None:
    """Teachable Machine's sound models take 44032 samples, 44100 a second."""
    ops, options = schema.BuiltinOperator, schema.BuiltinOptions
    net = Net()
    begin = net.tensor((1, 44032), "wave")
    square = net.op(ops.MUL, [begin, begin], net.tensor((1, 44032), "square"), options.MulOptions, schema.MulOptionsT())
    axis = net.constant(np.array([1], np.int32), "axis")
    reduce = schema.ReducerOptionsT()
    reduce.keepDims = True
    end = net.op(ops.MEAN, [square, axis], net.tensor((1, 1), "power"), options.ReducerOptions, reduce)
    (tmp_path / "soundclassifier_with_metadata.tflite").write_bytes(net.content([begin], [end]))
    (tmp_path / "labels.txt").write_text("0 loud\n")
    spec = find.at("m", tmp_path)
    assert spec.input.of == "sound"
    with open_sound(str(tone(tmp_path / "a.wav", 440, 0.5))) as sound, open_node(spec, sound) as node:
        found = node.track(Frame(0, 1.5, np.zeros((8, 8, 3), np.uint8)))
    assert found.scores[0] == pytest.approx(0.5**2 / 2 * (32000 / 32768) ** 2, rel=0.05)


def test_silence_is_told(tmp_path: Path) -> None:
    words = [f"--class={n}={tone(tmp_path / f'{n}.wav', 300, 0.3 * n)}" for n in (0, 1)]
    quiet = tone(tmp_path / "0.wav", 300, 0.0)
    with wave.open(str(quiet), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    assert main(["teach", "m", "--from", "sound", *words, "--into", str(tmp_path / "own"), "--method", "nearest"]) == 2
