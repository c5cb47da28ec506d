"""Model nodes: labels, descriptions, pictures, what comes out, and what is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_tflite import classifier, fixed, passing
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import ModelError, PhospheneError, TrackerError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Classification, Detection, Detections, Landmarks, Mask, ModelImage
from phosphene.engine.models import litert, litert_gpu
from phosphene.engine.models.litert import LiteRtModel
from phosphene.engine.models.tflite_graph import cut
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.custom_models import settle
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.signals import Signals, natural, tracker_of
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.scene.toml_write import save_scene
from phosphene.engine.show.options import parse_model, run_options
from phosphene.engine.show.session import open_scene
from phosphene.engine.trackers import models_of, open_tracker
from phosphene.engine.trackers.custom import find
from phosphene.engine.trackers.custom.boxes import anchors, decoded, suppressed
from phosphene.engine.trackers.custom.convert import ready
from phosphene.engine.trackers.custom.image_input import box, fitted, prepared, to_frame
from phosphene.engine.trackers.custom.labels import decoded as text_of
from phosphene.engine.trackers.custom.labels import parse_labels, read_labels, slug, slugs
from phosphene.engine.trackers.custom.node import Node, probabilities
from phosphene.engine.trackers.custom.spec import InputSettings, OutputSettings, Spec, read_table
from phosphene.engine.trackers.hysteresis import Hysteresis
from PIL import Image, ImageOps

RGB = np.eye(3, dtype=np.float32) * 8  # red, green and blue as classes


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither models nor a cache of the user's own."""
    monkeypatch.setenv("PHOSPHENE_MODELS", str(tmp_path / "own"))
    monkeypatch.setenv("PHOSPHENE_CACHE", str(tmp_path / "cache"))


def colour(name: str, size: tuple[int, int] = (40, 30), time_s: float = 0.0) -> Frame:
    """A frame of one colour."""
    return Frame(0, time_s, np.full((size[1], size[0], 3), {"red": (250, 9, 9), "blue": (9, 9, 250)}[name], np.uint8))


def colours(folder: Path, labels: str = "0 red\n1 green\n2 blue\n") -> Path:
    """A folder that looks like a Teachable Machine export, and tells colours apart."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_unquant.tflite").write_bytes(classifier(RGB))
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    return folder


def described(folder: Path, content: bytes, toml: str) -> Node:
    """A node of a model's bytes and its description."""
    (folder / "m.tflite").write_bytes(content)
    (folder / "m.toml").write_text('file = "m.tflite"\n' + toml, encoding="utf-8")
    return Node(find.at("m", folder / "m.toml"))


# Labels


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"0 sleep\n1 awake\n", ("sleep", "awake")),
        (b"\xef\xbb\xbf0 sleep\r\n1 awake\r\n", ("sleep", "awake")),
        (b"sleep\rawake", ("sleep", "awake")),
        (b"  sleep  \n\n\tawake\n\n", ("sleep", "awake")),
        (b"0 Class 1\n1 Class 2", ("Class 1", "Class 2")),
        (b"1: one\n2: two", ("one", "two")),
        (b"1 awake\n0 sleep\n", ("sleep", "awake")),
        (b"0\n1\n2\n", ("0", "1", "2")),
        (b"0 \n1 awake", ("0", "awake")),
        (b"2 hands\n1 hand", ("hand", "hands")),
        (b"2 hands\n5 fingers", ("2 hands", "5 fingers")),
        (b"2 hands\nno hand", ("2 hands", "no hand")),
        ("0 손\n1 얼굴".encode(), ("손", "얼굴")),
        ("0 손\n1 얼굴".encode("cp949"), ("손", "얼굴")),
        ("0 손\n1 얼굴".encode("utf-16"), ("손", "얼굴")),
        ("0 été\n1 hiver".encode("latin-1"), ("été", "hiver")),
        (b"", ()),
        (b"\n\n", ()),
    ],
)
def test_labels_are_read_however_they_are_written(raw: bytes, expected: tuple[str, ...]) -> None:
    assert parse_labels(text_of(raw)) == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_labels_of_some_kind(raw: bytes) -> None:
    assert all(label for label in parse_labels(text_of(raw)))


@given(st.lists(st.text(max_size=12), max_size=8))
def test_every_label_has_a_slug_of_its_own(labels: list[str]) -> None:
    found = slugs(labels)
    assert len(set(found)) == len(labels)
    assert all(slug(s) == s and "." not in s for s in found)


def test_slugs() -> None:
    assert slugs(("Class 1", "class-1", "Thumb_Up", "  ", "손 들기", "a.b")) == (
        "class-1", "class-1-2", "thumb-up", "unnamed", "손-들기", "a-b",
    )  # fmt: skip


def test_a_list_of_labels_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_labels(tmp_path / "none.txt")


# Pictures


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (50, 50), (33, 97)])
def test_the_middle_square_is_that_of_the_reference(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    expected = np.asarray(ImageOps.fit(Image.fromarray(pixels), (20, 20), Image.Resampling.LANCZOS))
    assert np.array_equal(fitted(pixels, (20, 20), "crop", "lanczos"), expected)


@pytest.mark.parametrize("filter", ["area", "bilinear", "lanczos"])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(64, 48), (48, 64), (7, 5)])
def test_every_fit_gives_the_size_asked_for(size: tuple[int, int], fit: str, filter: str) -> None:
    pixels = np.full((size[1], size[0], 3), 200, np.uint8)
    made = fitted(pixels, (24, 16), fit, filter)
    assert made.shape == (16, 24, 3)
    assert (made == 200).mean() == 1.0 if fit != "pad" else 0.4 < (made == 200).mean() <= 1.0


def test_padding_keeps_the_picture_in_the_middle() -> None:
    made = fitted(np.full((10, 20, 3), 99, np.uint8), (20, 20), "pad", "area")
    assert (made[5:15] == 99).all()
    assert (made[:5] == 0).all()
    assert (made[15:] == 0).all()


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_places_come_back_to_the_frame(fit: str) -> None:
    left, top, right, bottom = box((64, 48), (10, 20), fit)
    corners = np.array([[0.0, 0.0], [1.0, 1.0]], np.float32)
    back = to_frame(corners, (64, 48), (10, 20), fit)
    assert np.allclose(back, [[left / 64, top / 48], [right / 64, bottom / 48]])


def test_numbers_and_channels() -> None:
    settings = InputSettings()
    settings.set("low", -1.0)
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = 255
    assert prepared(pixels, (4, 4), settings)[0, 0].tolist() == [1.0, -1.0, -1.0]
    settings.set("channels", "bgr")
    assert prepared(pixels, (4, 4), settings)[0, 0].tolist() == [-1.0, -1.0, 1.0]
    settings.set("channels", "grey")
    grey = prepared(pixels, (4, 4), settings)
    assert grey.shape == (4, 4, 1)
    assert grey[0, 0, 0] == pytest.approx(0.2989 * 2 - 1, abs=1e-6)


# What comes out


def test_an_export_is_used_as_it_came(tmp_path: Path) -> None:
    with Node(find.at("colours", colours(tmp_path / "c"))) as node:
        found = node.track(colour("red"))
        assert isinstance(found, Classification)
        assert found.names == ("red", "green", "blue")
        assert found.names[found.best] == "red"
        assert found.scores.sum() == pytest.approx(1.0, abs=1e-5)
        assert node.labels[int(node.classify(colour("blue").pixels).argmax())] == "blue"
    with pytest.raises(TrackerError, match="is closed"):
        node.track(colour("red"))
    node.close()


def test_the_same_in_a_zip_as_it_was_downloaded(tmp_path: Path) -> None:
    folder = colours(tmp_path / "c")
    with zipfile.ZipFile(tmp_path / "converted_tflite.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    for _ in range(2):
        with Node(find.at("zipped", tmp_path / "converted_tflite.zip")) as node:
            assert node.labels == ("red", "green", "blue")


def test_a_quantised_model_answers_as_the_real_one(tmp_path: Path) -> None:
    for name, quantized in (("real", False), ("whole", True)):
        (tmp_path / f"{name}.tflite").write_bytes(classifier(RGB, quantized=quantized))
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    real, whole = (Node(find.at(n, tmp_path / f"{n}.tflite")).classify(noise) for n in ("real", "whole"))
    assert np.abs(real - whole).max() < 0.03
    assert real.argmax() == whole.argmax()


def test_without_labels_classes_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "bare.tflite").write_bytes(classifier(RGB))
    assert Node(find.at("bare", tmp_path / "bare.tflite")).labels == ("class 1", "class 2", "class 3")


def test_signals_of_classes_cross_one_half_with_hysteresis() -> None:
    steady = Hysteresis(0.0, 0.6, 0.4)
    values = [steady(np.array([p], np.float32), n / 30)[0] for n, p in enumerate((0.2, 0.55, 0.7, 0.45, 0.39, 0.55))]
    assert [bool(v >= 0.5) for v in values] == [False, False, True, True, False, False]


def test_smoothing_is_in_seconds_and_forgets_after_a_gap() -> None:
    fine, coarse = Hysteresis(0.2, 0.6, 0.4), Hysteresis(0.2, 0.6, 0.4)
    for steady in (fine, coarse):
        steady(np.zeros(1, np.float32), 0.0)
    for n in range(1, 9):
        fine(np.array([0.4], np.float32), n * 0.025)
    assert fine(np.array([0.4], np.float32), 0.2)[0] == pytest.approx(
        coarse(np.array([0.4], np.float32), 0.2)[0], abs=1e-5
    )
    assert coarse(np.array([0.9], np.float32), 5.0)[0] == pytest.approx(0.9)
    assert coarse(np.array([0.1], np.float32), 0.0)[0] == pytest.approx(0.1)


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=40))
def test_values_stay_between_0_and_1(scores: list[float]) -> None:
    steady = Hysteresis(0.1, 0.6, 0.4)
    for n, score in enumerate(scores):
        assert 0.0 <= steady(np.array([score], np.float32), n / 30)[0] <= 1.0


def test_scores_become_probabilities() -> None:
    settings = OutputSettings()
    raw = np.array([1.0, 2.0, 3.0], np.float32)
    settings.set("scores", "softmax")
    assert probabilities(raw, settings).sum() == pytest.approx(1.0)
    settings.set("scores", "sigmoid")
    assert probabilities(np.array([-1000.0, 0.0, 1000.0], np.float32), settings) == pytest.approx([0.0, 0.5, 1.0])
    settings.set("scores", "as-is")
    assert probabilities(np.array([np.nan, 2.0, -1.0], np.float32), settings).tolist() == [0.0, 1.0, 0.0]


def test_an_image_node_gives_a_picture(tmp_path: Path) -> None:
    with described(tmp_path, passing((8, 6)), 'task = "image"\n[input]\nfit = "crop"') as node:
        found = node.track(colour("red", (40, 40)))
    assert isinstance(found, ModelImage)
    assert found.pixels.shape == (6, 8, 3)
    assert found.pixels[3, 4].tolist() == [250, 9, 9]
    assert found.box == pytest.approx((0.0, 0.125, 1.0, 0.875))


def test_an_image_node_in_bgr_and_another_range(tmp_path: Path) -> None:
    toml = 'task = "image"\n[input]\nchannels = "bgr"\nrange = [0, 255]\n[output]\nrange = [0, 255]'
    with described(tmp_path, passing((8, 6)), toml) as node:
        found = node.track(colour("red"))
    assert found.pixels[3, 4].tolist() == [250, 9, 9]


def test_a_mask_node_gives_a_mask(tmp_path: Path) -> None:
    plane = np.zeros((1, 4, 4, 1), np.float32)
    plane[0, :2] = 1.0
    with described(tmp_path, fixed([plane]), 'task = "mask"') as node:
        found = node.track(colour("red"))
    assert isinstance(found, Mask)
    assert found.present
    assert found.confidence[0, 0] == 1.0
    assert found.confidence[3, 0] == 0.0


def test_a_mask_of_classes_is_all_but_what_is_behind(tmp_path: Path) -> None:
    planes = np.zeros((1, 4, 4, 3), np.float32)
    planes[..., 0] = 5.0
    planes[0, 0, 0] = 0.0, 9.0, 0.0
    toml = 'task = "mask"\n[output]\nscores = "softmax"'
    with described(tmp_path, fixed([planes]), toml) as node:
        found = node.track(colour("red"))
    assert found.confidence[0, 0] > 0.99
    assert found.confidence[2, 2] < 0.05


def test_a_mask_of_the_middle_covers_the_middle(tmp_path: Path) -> None:
    toml = 'task = "mask"\n[input]\nfit = "crop"'
    with described(tmp_path, fixed([np.ones((1, 4, 4, 1), np.float32)]), toml) as node:
        found = node.track(colour("red", (80, 40)))
    height, width = found.confidence.shape
    assert width == 2 * height
    assert found.confidence[:, width // 2].all()
    assert not found.confidence[:, 0].any()


def test_landmarks(tmp_path: Path) -> None:
    points = np.array([[[0.25, 0.5, 0.1, 0.9], [1.0, 1.0, 0.0, 0.2]]], np.float32)
    with described(tmp_path, fixed([points]), 'task = "landmarks"') as node:
        found = node.track(colour("red"))
    assert isinstance(found, Landmarks)
    assert np.allclose(found.points, [[0.25, 0.5, 0.1], [1.0, 1.0, 0.0]])
    assert np.allclose(found.scores, [0.9, 0.2])


def test_landmarks_in_pixels_of_the_input(tmp_path: Path) -> None:
    flat = np.array([[1.0, 2.0, 4.0, 4.0]], np.float32)
    with described(tmp_path, fixed([flat]), 'task = "landmarks"\n[output]\npixels = true\nper_point = 2') as node:
        assert np.allclose(node.track(colour("red")).points[:, :2], [[0.25, 0.5], [1.0, 1.0]])


def ssd(*, swapped: bool = False) -> bytes:
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6], [0.12, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0]]], np.float32)
    classes, scores = np.array([[1.0, 1.0, 0.0]], np.float32), np.array([[0.9, 0.8, 0.2]], np.float32)
    return fixed([boxes, *((scores, classes) if swapped else (classes, scores)), np.array([3.0], np.float32)])


def test_boxes_of_an_ssd(tmp_path: Path) -> None:
    with described(tmp_path, ssd(), 'task = "boxes"\nlabels = ["cat", "cup"]') as node:
        found = node.track(colour("red"))
    assert isinstance(found, Detections)
    assert [(t.label, round(t.score, 2)) for t in found.items] == [("cup", 0.9)]
    assert np.allclose(found.items[0].box, [0.2, 0.1, 0.6, 0.5])


def test_anchors_stand_where_efficientdet_has_them() -> None:
    near = anchors((320, 320), 4.0)
    assert near.shape == (19206, 4)
    assert near[0] * 320 == pytest.approx([4, 4, 32, 32])
    assert near[1] * 320 == pytest.approx([4, 4, 44.8, 22.4], abs=1e-3)
    corners = decoded(np.zeros((1, 4), np.float32), near[:1]) * 320
    assert corners[0] == pytest.approx([-12, -12, 20, 20])
    assert anchors((320, 320), 3.0)[0] * 320 == pytest.approx([4, 4, 24, 24])


def test_overlapping_boxes_of_one_class_count_once() -> None:
    corners = np.array([[0, 0, 1, 1], [0, 0, 1, 0.95], [0, 0, 1, 1], [2, 2, 3, 3]], np.float32)
    scores, classes = np.array([0.5, 0.9, 0.7, 0.1], np.float32), np.array([0, 0, 1, 0])
    assert suppressed(corners, scores, classes, 0.5) == [1, 2, 3]


# What is refused, in words


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("", "a model needs a file"),
        ('file = "none.tflite"', "'none.tflite' not found"),
        ('file = "../x.tflite"', "is outside its folder"),
        ("file = 3", "expected the path of a file"),
        ('file = "labels.txt"', "cannot be read as a model"),
        ('file = "m.tflite"\ntask = "label"', "unknown task of a model 'label'"),
        ('file = "m.tflite"\nfoo = 1', "unknown key in a model 'foo'"),
        ('file = "m.tflite"\nlabels = 4', "expected a file or a list of names"),
        ('file = "m.tflite"\nlabels = "none.txt"', "'none.txt' not found"),
        ('file = "m.tflite"\nlabels = ["a"]', "1 labels for 3 classes: a"),
        ('file = "m.tflite"\ninput = 4', "input must be a table"),
        ('file = "m.tflite"\n[input]\nsize = [1]', "expected \\[width, height\\]"),
        ('file = "m.tflite"\n[input]\nsize = [9, 9]', "but the model takes 8×6"),
        ('file = "m.tflite"\n[input]\nrange = [1, 1]', "expected two numbers"),
        ('file = "m.tflite"\n[input]\nfit = "cover"', "unknown fit value 'cover'"),
        ('file = "m.tflite"\n[input]\nchannels = "grey"', "takes \\(6, 8, 3\\), expected a grey image"),
        ('file = "m.tflite"\n[output]\non = 2', "on cannot be 2"),
        ('file = "m.tflite"\ntask = "boxes"', "cannot be read as boxes"),
        ('file = "broken.tflite"', "not a TFLite model"),
        ('file = "empty.tflite"', "not a TFLite model"),
        ('file = "damaged.tflite"', "cannot be loaded"),
        ("file = ", "not valid TOML"),
    ],
)
def test_what_cannot_be_a_model_is_told_in_words(tmp_path: Path, toml: str, expected: str) -> None:
    whole = classifier(RGB)
    (tmp_path / "m.tflite").write_bytes(whole)
    (tmp_path / "broken.tflite").write_bytes(b"<html>not found</html>")
    (tmp_path / "empty.tflite").write_bytes(b"")
    (tmp_path / "damaged.tflite").write_bytes(whole[:8] + bytes(100))
    (tmp_path / "labels.txt").write_text("0 a\n")
    (tmp_path / "x.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(PhospheneError, match=expected):
        Node(find.at("m", tmp_path / "x.toml"))


@pytest.mark.parametrize("labels", ["0 one\n", "a\nb\nc\nd\n"])
def test_a_wrong_number_of_labels_is_told(tmp_path: Path, labels: str) -> None:
    with pytest.raises(ModelError, match=r"labels for 3 classes"):
        Node(find.at("c", colours(tmp_path / "c", labels)))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("keras_model.h5", b"", "the file is empty"),
        ("keras_model.h5", b"not one", "not a Keras .h5 file"),
        ("model.keras", b"not one", "not a .keras file"),
        ("model.json", b"{", "not a TensorFlow.js model"),
        ("model.json", b"[]", "not a TensorFlow.js model"),
        ("model.json", b"{}", "not a TensorFlow.js model"),
        ("model.json", b'{"modelTopology": {"node": []}, "weightsManifest": []}', "the graph has 0 inputs"),
        (
            "model.json",
            b'{"modelTopology": {"node": [{"name": "a", "op": "PyFunc"}]}, "weightsManifest": []}',
            "graph model with PyFunc, which is not supported",
        ),
        (
            "model.json",
            b'{"modelTopology": {}, "weightsManifest": [{"paths": ["weights.bin"], "weights": []}]}',
            "weights.bin not found next to",
        ),
        (
            "model.json",
            b'{"modelTopology": {}, "weightsManifest": [{"paths": ["../../x.bin"], "weights": []}]}',
            "a file outside its folder",
        ),
    ],
)
def test_broken_exports_are_told_without_tensorflow(
    tmp_path: Path, name: str, content: bytes, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", str(tmp_path / "none"))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=expected):
        Node(find.at("m", tmp_path))


def test_cut_off_weights_are_told(tmp_path: Path) -> None:
    said = {
        "modelTopology": {},
        "weightsManifest": [
            {"paths": ["w.bin"], "weights": [{"name": "d/kernel", "shape": [4, 4], "dtype": "float32"}]}
        ],
    }
    (tmp_path / "model.json").write_text(json.dumps(said))
    (tmp_path / "w.bin").write_bytes(bytes(60))
    with pytest.raises(ModelError, match="cut off in d/kernel"):
        Node(find.at("m", tmp_path))


def test_without_tensorflow_the_next_step_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", str(tmp_path / "none"))
    (tmp_path / "m.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(ModelError, match="needs TensorFlow") as caught:
        ready(find.at("m", tmp_path / "m.h5"))
    assert "phosphene[teach]" in caught.value.hint


def test_an_empty_folder_and_a_wrong_file_say_what_is_expected(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=r"no model found|not found") as caught:
            find.at("m", path)
        assert "Teachable Machine" in caught.value.hint
    (tmp_path / "x.onnx").write_bytes(b"1")
    with pytest.raises(ModelError, match="cannot be read as a model"):
        find.at("m", tmp_path / "x.onnx")


def test_a_zip_that_reaches_outside_itself_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../evil.tflite", b"x")
    with pytest.raises(ModelError, match="outside the archive"):
        find.at("m", tmp_path / "evil.zip")
    (tmp_path / "none.zip").write_bytes(b"PK")
    with pytest.raises(ModelError, match="cannot be unpacked"):
        find.at("m", tmp_path / "none.zip")


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader_of_models(raw: bytes) -> None:
    with pytest.raises(ModelError):
        LiteRtModel(Path("m.tflite"), raw)


# Parts of models


def test_a_model_is_cut_at_a_tensor() -> None:
    content = classifier(RGB)
    net = LiteRtModel(Path("m.tflite"), cut(content, ["mean"]))
    (mean,) = net.run(np.full((6, 8, 3), 0.25, np.float32))
    assert mean == pytest.approx([0.25, 0.25, 0.25])
    with pytest.raises(ModelError, match="no tensor 'nothing'"):
        cut(content, ["nothing"])
    with pytest.raises(ModelError, match="0 operations Custom"):
        cut(content, without="Custom")


# In scenes


SCENE = """
[model.colours]
file = "c/model_unquant.tflite"
labels = "c/labels.txt"
[model.colours.input]
range = [-1, 1]
[[layer]]
effects = [{ use = "duotone", amount = { from = "class.colours.Red" } }]
"""


def scene_at(folder: Path, text: str = SCENE) -> Path:
    (folder / "t.toml").write_text(text, encoding="utf-8")
    return folder / "t.toml"


def test_a_scene_brings_a_model_and_follows_its_classes(tmp_path: Path) -> None:
    colours(tmp_path / "c")
    scene = load_scene(str(scene_at(tmp_path)), Registry([], []))
    assert scene.needs() == {"model.colours"}
    settle(scene, scene.needs())
    frame = colour("red")
    with open_tracker("model.colours", **scene.trackers["model.colours"]) as tracker:
        observation = Signals().observe(Observation(frame, {"model.colours": tracker.track(frame)}))
    assert observation.signal("class.colours.red") > 0.9
    scene.apply(observation.signals, 0.0)
    assert scene.get("amount") > 0.9
    assert models_of("model.colours", scene.trackers["model.colours"]) == ()


def test_a_saved_scene_brings_its_model_too(tmp_path: Path) -> None:
    colours(tmp_path / "c")
    scene = load_scene(str(scene_at(tmp_path)), Registry([], []))
    save_scene(scene, tmp_path / "u.toml")
    again = load_scene(str(tmp_path / "u.toml"), Registry([], []))
    assert again.trackers["model.colours"]["spec"].labels == ("red", "green", "blue")
    assert again.bindings.keys() == scene.bindings.keys()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("labels.txt", "none.txt"), r"t.toml:2: labels: 'c/none.txt' not found"),
        (("[model.colours]", "[model.'a b']"), "use letters, digits"),
        (("range", "rnge"), "unknown key in input 'rnge'"),
    ],
)
def test_a_wrong_model_in_a_scene_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    colours(tmp_path / "c")
    with pytest.raises(UsageError, match=expected):
        load_scene(str(scene_at(tmp_path, SCENE.replace(*change))), Registry([], []))


@pytest.mark.parametrize("text", ["model = 3", "model = { a = 3 }"])
def test_models_are_tables(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"must be (a table|tables)"):
        load_scene(str(scene_at(tmp_path, f"{text}\n[[layer]]\n")), Registry([], []))


def test_a_class_that_a_model_does_not_have_is_told_before_the_show(tmp_path: Path) -> None:
    colours(tmp_path / "c")
    scene = load_scene(str(scene_at(tmp_path, SCENE.replace("Red", "Rot"))), Registry([], []))
    with pytest.raises(UsageError, match="unknown class of model colours 'rot'"):
        settle(scene, scene.needs())


def test_models_are_named_on_the_command_line_and_found_among_the_users_own(tmp_path: Path) -> None:
    text = '[[layer]]\neffects = [{ use = "duotone", amount = { from = "class.mine.blue" } }]\n'
    path = str(scene_at(tmp_path, text))
    colours(tmp_path / "c")
    scene = open_scene(run_options(path, models=[("mine", str(tmp_path / "c"))]))
    settle(scene, scene.needs())
    scene = open_scene(run_options(path))
    with pytest.raises(UsageError, match="unknown model 'mine'") as caught:
        settle(scene, scene.needs())
    assert "--model mine=PATH" in caught.value.hint
    colours(tmp_path / "own" / "mine")
    settle(scene, scene.needs())
    assert "mine" in find.names()


@pytest.mark.parametrize("text", ["", "x", "=p", "x=", "a.b=p"])
def test_what_names_no_model(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=PATH"):
        parse_model(text)


def test_the_signals_of_models() -> None:
    assert Binding("class.m.Class 1").source == "class.m.class-1"
    assert tracker_of("class.m.class-1") == "model.m"
    assert tracker_of("object.cup") == "model.objects"
    assert tracker_of("voice.laser") == "model.voice"
    assert tracker_of("face.smile") == "face"
    assert tracker_of("time") == tracker_of("key.a") == tracker_of("audio.level") == ""
    assert natural("class.m.x").absent == 0.0
    for name in ("class.m", "class.m.", "class.", "class..x"):
        with pytest.raises(UsageError):
            natural(name)


def test_words_are_signals_by_themselves(tmp_path: Path) -> None:
    heard = Classification(0, ("Laser", "stop"), *[np.array([0.9, 0.1], np.float32)] * 2)
    signals: Any = Signals().observe(Observation(colour("red"), {"model.voice": heard})).signals
    assert signals["voice.laser"] == signals["class.voice.laser"] == pytest.approx(0.9)
    colours(tmp_path / "c")
    text = '[[layer]]\neffects = [{ use = "duotone", amount = { from = "voice.rad" } }]\n'
    scene = open_scene(run_options(str(scene_at(tmp_path, text)), models=[("voice", str(tmp_path / "c"))]))
    with pytest.raises(UsageError, match="unknown class of model voice 'rad'"):
        settle(scene, scene.needs())


def test_objects_are_signals_by_their_surest() -> None:
    things = Detections(0, tuple(Detection("Tea Cup", s, np.zeros(4, np.float32)) for s in (0.9, 0.6)))
    frame = colour("red")
    signals: Any = Signals().observe(Observation(frame, {"model.objects": things})).signals
    assert signals["object.tea-cup"] == pytest.approx(0.9)


def test_a_specification_is_read_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier(RGB))
    spec = read_table("m", {"file": "m.tflite", "doc": "colours", "input": {"range": [0, 255]}}, tmp_path)
    assert isinstance(spec, Spec)
    assert (spec.kind, spec.task, spec.doc, spec.input.high) == ("tflite", "labels", "colours", 255.0)


def test_models_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colours(tmp_path / "own" / "mine")
    (tmp_path / "own" / "broken.toml").write_text("file = ")
    assert main(["list", "models"]) == 0
    told = capsys.readouterr().out
    assert "objects" in told
    assert "what-is-this" in told
    assert "mine (user)" in told
    assert "BROKEN: not valid TOML" in told


def test_a_model_for_the_graphics_card_runs_on_the_processor_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The way to a card and back is the same for LiteRT's accelerator of the processor, which is always there."""
    picture = np.random.default_rng(2).integers(0, 256, (6, 8, 3), np.uint8)
    for quantized in (False, True):
        content = classifier(RGB, quantized=quantized)
        with described(tmp_path, content, "") as node:
            expected = node.classify(picture)
        monkeypatch.setattr(litert, "_reported", set())
        monkeypatch.setattr(litert_gpu, "ON", "NPU")  # there is none here either, and asking is quick
        with described(tmp_path, content, 'device = "gpu"') as node:
            assert np.array_equal(node.classify(picture), expected)
        assert "it runs on the processor" in caplog.text
        caplog.clear()
        monkeypatch.setattr(litert_gpu, "ON", "CPU")
        with described(tmp_path, content, 'device = "gpu"') as node:
            assert isinstance(node._runtime, LiteRtModel)
            assert node._runtime._gpu is not None
            assert np.abs(node.classify(picture) - expected).max() < 1e-6
        assert not caplog.text
    with pytest.raises(UsageError, match="unknown device of a model 'cuda'"):
        described(tmp_path, content, 'device = "cuda"')
