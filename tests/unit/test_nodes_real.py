"""Teachable Machine's exports give the answers that TensorFlow gives when it is called directly."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.core.errors import ModelError
from phosphene.engine.trackers.custom import find
from phosphene.engine.trackers.custom.node import Node
from PIL import Image

EXPORTS = ("keras_sleep_awake", "tfjs_drowsy", "tfjs_tiny_gray_asl", "tflite_hand_signs")
PICTURES = ("portrait/astronaut.png", "portrait/3ddfa_author.jpg", "portrait/fr_lin.png")
# The exported examples' own steps (middle square, Lanczos, -1 … 1), then TensorFlow's runtimes.
REFERENCE = """
import json, sys
import numpy as np, tensorflow as tf
from PIL import Image, ImageOps
kind, file, pictures = sys.argv[1], sys.argv[2], sys.argv[3:]
def steps(path, size, grey, white):
    data = np.asarray(ImageOps.fit(Image.open(path).convert("RGB"), size, Image.Resampling.LANCZOS)).astype(np.float32)
    if grey:
        data = (data * np.array([0.2989, 0.5870, 0.1140], np.float32)).sum(-1, keepdims=True)
    return (data / white - 1)[None]
if kind == "tflite":
    net = tf.lite.Interpreter(file); net.allocate_tensors()
    begin, end = net.get_input_details()[0], net.get_output_details()[0]
    shape = begin["shape"][1:]
    def predict(x):
        net.set_tensor(begin["index"], x); net.invoke(); return net.get_tensor(end["index"])
elif kind == "h5" and __import__("importlib.util").util.find_spec("tf_keras"):
    import tf_keras
    model = tf_keras.models.load_model(file, compile=False)
    shape, predict = model.input_shape[1:], lambda x: model.predict(x, verbose=0)
else:
    from phosphene.engine.models.tensorflow.worker import load
    model = load(kind, file)
    shape, predict = model.input_shape[1:], lambda x: model(x, training=False).numpy()
white = 127 if kind == "tfjs" else 127.5
size = int(shape[1]), int(shape[0])
print("ANSWER", json.dumps([predict(steps(p, size, shape[2] == 1, white))[0].tolist() for p in pictures]))
"""


def reference(python: str, kind: str, file: Path, pictures: list[Path]) -> np.ndarray:
    done = subprocess.run(
        [python, "-c", REFERENCE, kind, str(file), *map(str, pictures)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert lines, done.stderr[-2000:]
    return np.array(json.loads(lines[0].removeprefix("ANSWER")))


def compare(python: str, spec_path: Path, pictures: list[Path]) -> None:
    spec = find.at("m", spec_path)
    expected = reference(python, spec.kind, spec.file, pictures)
    with Node(spec) as node:
        found = np.array([node.classify(np.asarray(Image.open(p).convert("RGB"))) for p in pictures])
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_answers_as_tensorflow_does(tensorflow: str, data_dir: Path, name: str) -> None:
    compare(tensorflow, data_dir / "teachable" / name, [data_dir / p for p in PICTURES])


@pytest.mark.slow
def test_saved_models_and_keras_files_answer_as_tensorflow_does(
    tensorflow: str, data_dir: Path, tmp_path: Path
) -> None:
    """The forms of which no export is at hand are made of one that is: SavedModel, .keras, quantised TFLite."""
    source = data_dir / "teachable" / "keras_sleep_awake" / "keras_model.h5"
    make = (
        "import sys, numpy as np, tensorflow as tf\n"
        "from phosphene.engine.models.tensorflow.worker import load\n"
        "model = load('h5', sys.argv[1]); out = sys.argv[2]\n"
        "model.export(out + '/saved/model.savedmodel', verbose=False); model.save(out + '/model.keras')\n"
        "c = tf.lite.TFLiteConverter.from_keras_model(model)\n"
        "c.optimizations = [tf.lite.Optimize.DEFAULT]\n"
        "rng = np.random.default_rng(0)\n"
        "some = [[rng.uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)] for _ in range(4)]\n"
        "c.representative_dataset = lambda: some\n"
        "c.inference_input_type = c.inference_output_type = tf.uint8\n"
        "open(out + '/model.tflite', 'wb').write(c.convert())\n"
    )
    done = subprocess.run(
        [tensorflow, "-c", make, str(source), str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (tmp_path / "saved" / "labels.txt").write_text("0 sleep\n1 awake\n")
    picture = np.asarray(Image.open(data_dir / PICTURES[0]).convert("RGB"))
    with Node(find.at("h5", source)) as node:
        expected = node.classify(picture)
    for path in (tmp_path / "saved", tmp_path / "model.keras"):
        with Node(find.at("m", path)) as node:
            assert np.abs(node.classify(picture) - expected).max() < 1e-3
    with Node(find.at("m", tmp_path / "model.tflite")) as node:
        whole = node.classify(picture)
    assert whole.argmax() == expected.argmax()


def test_labels_are_those_of_the_exports(data_dir: Path) -> None:
    folder = data_dir / "teachable"
    assert find.at("m", folder / "tfjs_drowsy").labels == ("Class 1", "drowsy")
    assert find.at("m", folder / "tflite_hand_signs").labels == ("Okay", "Hello", "Thanks")
    assert find.at("m", folder / "tfjs_tiny_gray_asl").input.channels == "grey"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("teachable/tfjs_pose_no_weights", "its weights are missing: weights.bin not found"),
        ("models/cut_480_352.tflite", r"gives \(23, 31, 17\), which are not classes"),
        ("hostile/teachable", "the file is empty|not a whole Keras file|this needs TensorFlow"),
        ("hostile/teachable/keras_zero.h5", "the file is empty"),
        ("hostile/teachable/model_not_json.json", "not a TensorFlow.js model"),
    ],
)
def test_a_hostile_export_gives_an_error_in_words(data_dir: Path, path: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        Node(find.at("m", data_dir / path))


@pytest.mark.slow
def test_a_cut_off_keras_file_gives_an_error_in_words(tensorflow: str, data_dir: Path) -> None:
    with pytest.raises(ModelError, match="not a whole Keras file"):
        Node(find.at("m", data_dir / "hostile" / "teachable" / "keras_truncated.h5"))


def test_hostile_labels(data_dir: Path, tmp_path: Path) -> None:
    hostile = data_dir / "hostile" / "teachable"
    model = (data_dir / "teachable" / "tflite_hand_signs" / "model_unquant.tflite").read_bytes()
    (tmp_path / "model.tflite").write_bytes(model)
    (tmp_path / "labels.txt").write_bytes((hostile / "labels_too_few.txt").read_bytes())
    with pytest.raises(ModelError, match="1 labels for 3 classes: sleep"):
        Node(find.at("m", tmp_path))
    (tmp_path / "labels.txt").write_bytes((hostile / "labels_crlf_bom.txt").read_bytes())
    assert find.at("m", tmp_path).labels == ("sleep", "awake")
