"""Teachable Machine's sound and pose models for TensorFlow.js, with random weights in their own shapes, answer as
TensorFlow does when it is called directly, spectrum and resizing included."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers_tflite import Net
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.errors import ModelError
from phosphene.engine.core.frame import Floats, Frame
from phosphene.engine.core.results import RATE
from phosphene.engine.trackers.custom import find, web_audio
from phosphene.engine.trackers.custom.image_input import as_tensorflow, prepared
from phosphene.engine.trackers.custom.node import Node
from phosphene.engine.trackers.custom.open import open_node

ROOT = Path(__file__).resolve().parents[2]
CLASSES = 3
SOUND_SHAPES = {
    "NewHeadDense/kernel": (2000, CLASSES), "NewHeadDense/bias": (CLASSES,),
    "conv2d_1/kernel": (2, 8, 1, 8), "conv2d_1/bias": (8,), "conv2d_2/kernel": (2, 4, 8, 32), "conv2d_2/bias": (32,),
    "conv2d_3/kernel": (2, 4, 32, 32), "conv2d_3/bias": (32,), "conv2d_4/kernel": (2, 4, 32, 32),
    "conv2d_4/bias": (32,), "dense_1/kernel": (704, 2000), "dense_1/bias": (2000,),
}  # fmt: skip
POSE_SHAPES = {
    "dense_Dense1/kernel": (14739, 100),
    "dense_Dense1/bias": (100,),
    "dense_Dense2/kernel": (100, CLASSES),
}
SOUND_REFERENCE = """
import sys, json, numpy as np, tensorflow as tf
held = dict(np.load(sys.argv[1])); wave = held.pop("wave")
k = 2 * np.pi * np.arange(2048) / 2048
window = (0.42 - 0.5 * np.cos(k) + 0.08 * np.cos(2 * k)).astype(np.float64)
parts = tf.signal.frame(tf.constant(wave, tf.float64), 2048, 1024) * window
loud = 20 * tf.math.log(tf.abs(tf.signal.rfft(parts)) / 2048) / np.log(10.0)
x = loud[-43:, :232]
mean, variance = tf.nn.moments(x, axes=[0, 1])
x = tf.cast((x - mean) / (tf.sqrt(variance) + 1e-7), tf.float32)[None, :, :, None]
for n, stride in ((1, (2, 2)), (2, (2, 2)), (3, (2, 2)), (4, (1, 2))):
    x = tf.nn.relu(tf.nn.conv2d(x, held[f"conv2d_{n}/kernel"], 1, "VALID") + held[f"conv2d_{n}/bias"])
    x = tf.nn.max_pool2d(x, (2, 2), stride, "VALID")
x = tf.nn.relu(tf.reshape(x, (1, -1)) @ held["dense_1/kernel"] + held["dense_1/bias"])
x = tf.nn.softmax(x @ held["NewHeadDense/kernel"] + held["NewHeadDense/bias"])
print("ANSWER", json.dumps(x[0].numpy().tolist()))
"""
POSE_REFERENCE = """
import sys, json, numpy as np, tensorflow as tf
held = dict(np.load(sys.argv[1])); pixels = held.pop("pixels")
h, w = pixels.shape[:2]
more = int(np.floor(0.5 * abs(w - h) + 0.5))
around = [[more, more], [0, 0], [0, 0]] if w > h else [[0, 0], [more, more], [0, 0]]
square = tf.pad(tf.constant(pixels, tf.float32), around)[None]
x = tf.compat.v1.image.resize_bilinear(square, (257, 257)) / 127.5 - 1
net = tf.lite.Interpreter(sys.argv[2])
net.resize_tensor_input(net.get_input_details()[0]["index"], [1, 257, 257, 3]); net.allocate_tensors()
net.set_tensor(net.get_input_details()[0]["index"], x.numpy()); net.invoke()
found = {d["shape"][-1]: net.get_tensor(d["index"]) for d in net.get_output_details()}
x = tf.reshape(tf.concat([tf.sigmoid(found[17]), found[34]], axis=3), (1, -1))
x = tf.nn.relu(x @ held["dense_Dense1/kernel"] + held["dense_Dense1/bias"])
print("ANSWER", json.dumps(tf.nn.softmax(x @ held["dense_Dense2/kernel"])[0].numpy().tolist()))
"""


class Chirps(Closing):
    """A sound with something new in every moment."""

    live = False

    def block(self, time_s: float, seconds: float) -> Floats:
        """The sound that ends at `time_s`."""
        count = round(seconds * RATE)
        t = (round(time_s * RATE) - count + np.arange(count)) / RATE
        noise = np.random.default_rng(count).normal(0, 0.003, count)
        return np.asarray(0.3 * np.sin(900 * t + 400 * t * t) * (1 + np.sin(11 * t)) + noise, np.float32)

    def close(self) -> None:
        """Nothing is held."""


class Silence(Chirps):
    """Perfect silence but for the first second."""

    def block(self, time_s: float, seconds: float) -> Floats:
        """The sound that ends at `time_s`."""
        return super().block(time_s, seconds) if time_s <= 1.0 else np.zeros(round(seconds * RATE), np.float32)


def dense(name: str, units: int, activation: str, shape: list[Any] | None = None, bias: bool = True) -> dict[str, Any]:
    config = {"units": units, "activation": activation, "use_bias": bias, "name": name, "trainable": True}
    return {
        "class_name": "Dense",
        "config": config | ({"batch_input_shape": shape, "dtype": "float32"} if shape else {}),
    }


def written(
    folder: Path, shapes: dict[str, tuple[int, ...]], topology: Any, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Writes an export with random weights into `folder`; returns them."""
    rng = np.random.default_rng(3)
    weights = {
        name: rng.normal(0, 1.5 / np.sqrt(max(np.prod(shape[:-1]), 1)), shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    folder.mkdir(exist_ok=True)
    (folder / "weights.bin").write_bytes(b"".join(array.tobytes() for array in weights.values()))
    entries = [{"name": name, "shape": list(shape), "dtype": "float32"} for name, shape in shapes.items()]
    model = {"modelTopology": topology, "weightsManifest": [{"paths": ["weights.bin"], "weights": entries}]}
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return weights


def sound_export(folder: Path) -> dict[str, Any]:
    """As the library speech-commands saves what was taught: the base's layers, and a head that is a model in itself."""
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 43, 232, 1], "name": "conv2d_1_input"}}
    ]
    for n, (kernel, filters, stride) in enumerate(
        (([2, 8], 8, [2, 2]), ([2, 4], 32, [2, 2]), ([2, 4], 32, [2, 2]), ([2, 4], 32, [1, 2])), 1
    ):
        conv = {"filters": filters, "kernel_size": kernel, "strides": [1, 1], "padding": "valid", "activation": "relu"}
        pool = {"pool_size": [2, 2], "strides": stride, "padding": "valid", "name": f"max_pooling2d_{n}"}
        layers.append({"class_name": "Conv2D", "config": {**conv, "use_bias": True, "name": f"conv2d_{n}"}})
        layers.append({"class_name": "MaxPooling2D", "config": pool})
    layers += [
        {"class_name": "Dropout", "config": {"rate": 0.25, "name": "dropout_1"}},
        {"class_name": "Flatten", "config": {"name": "flatten_1"}},
        dense("dense_1", 2000, "relu"),
    ]
    head = {"name": "sequential_3", "layers": [dense("NewHeadDense", CLASSES, "softmax", [None, 2000])]}
    layers.append({"class_name": "Sequential", "config": head})
    for before, layer in zip([None, *layers], layers, strict=False):
        layer["name"] = layer["config"]["name"]
        layer["inbound_nodes"] = [] if before is None else [[[before["config"]["name"], 0, 0, {}]]]
    ends = {"input_layers": [["conv2d_1_input", 0, 0]], "output_layers": [["sequential_3", 1, 0]]}
    topology = {"class_name": "Model", "config": {"name": "model1", "layers": layers, **ends}}
    labels = ["Background Noise", "clap", "laser"]
    return written(folder, SOUND_SHAPES, topology, {"tfjsSpeechCommandsVersion": "0.4.0", "wordLabels": labels})


def pose_export(folder: Path) -> dict[str, Any]:
    dropout = {"class_name": "Dropout", "config": {"rate": 0.5, "name": "dropout_Dropout1"}}
    first, last = (
        dense("dense_Dense1", 100, "relu", [None, 14739]),
        dense("dense_Dense2", CLASSES, "softmax", bias=False),
    )
    topology = {"class_name": "Sequential", "config": {"name": "sequential_2", "layers": [first, dropout, last]}}
    labels = ["sit", "stand", "wave"]
    return written(folder, POSE_SHAPES, topology, {"packageName": "@teachablemachine/pose", "labels": labels})


def stand_in(path: Path, size: tuple[int, int] = (257, 257), last: int = 34) -> None:
    """A net of PoseNet's shapes, saved for pictures of `size` (height, width)."""
    ops, options, rng = schema.BuiltinOperator, schema.BuiltinOptions, np.random.default_rng(5)
    net = Net()
    begin, cells = net.tensor((1, *size, 3), "picture"), [-(-n // 16) for n in size]
    ends = []
    for name, channels in (("heatmaps", 17), ("offsets", last)):
        convolution = schema.Conv2DOptionsT()
        convolution.strideW = convolution.strideH = 16
        convolution.padding = schema.Padding.SAME
        kernel = net.constant(rng.normal(0, 0.5, (channels, 5, 5, 3)).astype(np.float32), f"{name} kernel")
        bias = net.constant(rng.normal(0, 0.2, channels).astype(np.float32), f"{name} bias")
        end = net.tensor((1, *cells, channels), name)
        ends.append(net.op(ops.CONV_2D, [begin, kernel, bias], end, options.Conv2DOptions, convolution))
    path.write_bytes(net.content([begin], ends))


def graph(folder: Path) -> None:
    """A net of PoseNet's operations and shapes, as its maker gives it to browsers; two bytes a weight."""
    rng, nodes, entries, raw = np.random.default_rng(8), [], [], b""

    def said(text: str) -> dict[str, str]:
        return {"s": base64.b64encode(text.encode()).decode()}

    def constant(name: str, *shape: int) -> str:
        nonlocal raw
        values, scale = rng.integers(0, 65536, shape).astype("<u2"), 2.0 / 65535 / np.sqrt(np.prod(shape[:-1]) or 1)
        packed = {"dtype": "uint16", "scale": scale, "min": -scale * 32768}
        entries.append({"name": name, "shape": list(shape), "dtype": "float32", "quantization": packed})
        nodes.append({"name": name, "op": "Const", "attr": {}})
        raw += values.tobytes()
        return name

    def step(op: str, name: str, *inputs: str, stride: int = 1, fused: tuple[str, ...] = ()) -> str:
        strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
        attr = {"strides": strides, "padding": said("SAME"), "data_format": said("NHWC")}
        if fused:
            attr["fused_ops"] = {"list": {"s": [said(kind)["s"] for kind in fused]}}
        nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    dims = [{"size": str(n)} for n in (1, -1, -1, 3)]
    nodes.append({"name": "sub_2", "op": "Placeholder", "attr": {"shape": {"shape": {"dim": dims}}}})
    parts = constant("a/weights", 3, 3, 3, 8), constant("a/bias", 8)
    at = step("_FusedConv2D", "a/Relu6", "sub_2", *parts, stride=2, fused=("BiasAdd", "Relu6"))
    at = step("DepthwiseConv2dNative", "b/depthwise", at, constant("b/depthwise_weights", 3, 3, 8, 1), stride=2)
    at = step("Relu6", "b/Relu6", step("BiasAdd", "b/BiasAdd", at, constant("b/bias", 8)))
    at = step("Conv2D", "c/Conv2D", at, constant("c/weights", 4, 4, 8, 12), stride=4)
    for name, channels in (("heatmap_2", 17), ("offset_2", 34), ("displacement_fwd_2", 32)):
        end = step("Conv2D", f"{name}/Conv2D", at, constant(f"{name}/weights", 1, 1, 12, channels))
        step("BiasAdd", f"{name}/BiasAdd", end, constant(f"{name}/biases", channels))
    folder.mkdir(parents=True)
    (folder / "group1-shard1of2.bin").write_bytes(raw[:1000])
    (folder / "group1-shard2of2.bin").write_bytes(raw[1000:])
    manifest = [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": entries}]
    model = {"modelTopology": {"node": nodes, "library": {}}, "weightsManifest": manifest}
    (folder / "model-stride16.json").write_text(json.dumps(model), encoding="utf-8")


GRAPH_REFERENCE = """
import sys, json, numpy as np, tensorflow as tf
from pathlib import Path
folder = Path(sys.argv[1])
said = json.loads((folder / "model-stride16.json").read_text())
raw, at, w = b"".join((folder / n).read_bytes() for n in said["weightsManifest"][0]["paths"]), 0, {}
for entry in said["weightsManifest"][0]["weights"]:
    count = int(np.prod(entry["shape"])); q = entry["quantization"]
    codes = np.frombuffer(raw, "<u2", count, at).reshape(entry["shape"]); at += 2 * count
    w[entry["name"]] = codes.astype(np.float32) * np.float32(q["scale"]) + np.float32(q["min"])
x = tf.constant(np.load(sys.argv[2]))[None]
x = tf.nn.relu6(tf.nn.conv2d(x, w["a/weights"], 2, "SAME") + w["a/bias"])
x = tf.nn.relu6(tf.nn.depthwise_conv2d(x, w["b/depthwise_weights"], (1, 2, 2, 1), "SAME") + w["b/bias"])
x = tf.nn.conv2d(x, w["c/weights"], 4, "SAME")
ends = [tf.nn.conv2d(x, w[n + "/weights"], 1, "SAME") + w[n + "/biases"] for n in ("heatmap_2", "offset_2")]
print("ANSWER", json.dumps(tf.concat(ends, 3).numpy().tolist()))
"""


@pytest.mark.slow
def test_posenet_is_taken_as_browsers_load_it(tensorflow: str, tmp_path: Path) -> None:
    pose_export(tmp_path / "export")
    graph(tmp_path / "export" / "posenet")
    pixels = np.random.default_rng(4).integers(0, 256, (120, 160, 3), np.uint8)
    with Node(find.at("m", tmp_path / "export")) as node:
        shown = prepared(pixels, node.size, node.spec.input)
        assert shown.shape == (257, 257, 3)
        assert node._features is not None
        found = {part.shape[2]: part for part in node._features.run(shown)}
        assert node.classify(pixels).sum() == pytest.approx(1.0, abs=1e-3)
    np.save(tmp_path / "shown.npy", shown)
    where = str(tmp_path / "export" / "posenet"), str(tmp_path / "shown.npy")
    expected = told(tensorflow, GRAPH_REFERENCE, *where)[0]
    assert np.ptp(expected) > 0.1
    assert np.abs(np.concatenate([found[17], found[34]], axis=2) - expected).max() < 1e-4


def told(python: str, reference: str, *words: str) -> Floats:
    done = subprocess.run(
        [python, "-c", reference, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert lines, done.stderr[-2000:]
    return np.array(json.loads(lines[0].removeprefix("ANSWER")), np.float32)


@pytest.mark.slow
def test_a_sound_model_answers_as_tensorflow_does(tensorflow: str, tmp_path: Path) -> None:
    weights = sound_export(tmp_path / "export")
    spec = find.at("m", tmp_path / "export")
    assert spec.labels == ("Background Noise", "clap", "laser")
    heard = web_audio.wave(Chirps(), 2.5, web_audio.FFT + web_audio.HOP * 85)
    np.savez(tmp_path / "held.npz", wave=heard.astype(np.float64), **weights)
    expected = told(tensorflow, SOUND_REFERENCE, str(tmp_path / "held.npz"))
    picture = np.zeros((8, 8, 3), np.uint8)
    with open_node(spec, Chirps()) as node:
        found = node.track(Frame(0, 2.5, picture)).scores
    assert found.argmax() == expected.argmax()
    assert np.abs(found - expected).max() < 1e-3
    assert np.ptp(expected) > 0.05
    with open_node(spec, Silence()) as node:
        assert node.track(Frame(0, 1.0, picture)).scores.any()
        assert not node.track(Frame(1, 9.0, picture)).scores.any(), "a browser does not ask the model about silence"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(320, 180), (200, 200), (123, 241)])
def test_a_pose_model_answers_as_tensorflow_does(tensorflow: str, tmp_path: Path, size: tuple[int, int]) -> None:
    weights = pose_export(tmp_path / "export")
    stand_in(tmp_path / "export" / "posenet.tflite", (353, 257) if size[0] == 320 else (257, 257))
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    np.savez(tmp_path / "held.npz", pixels=pixels, **weights)
    net = str(tmp_path / "export" / "posenet.tflite")
    expected = told(tensorflow, POSE_REFERENCE, str(tmp_path / "held.npz"), net)
    with Node(find.at("m", tmp_path / "export")) as node:
        found = node.classify(pixels)
        assert node.labels == ("sit", "stand", "wave")
    assert found.argmax() == expected.argmax()
    assert np.abs(found - expected).max() < 1e-3


def test_what_a_pose_model_lacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pose_export(tmp_path)
    net = Net()
    begin = net.tensor((1, 14739), "row")
    end = net.op(schema.BuiltinOperator.LOGISTIC, [begin], net.tensor((1, 14739), "out"))
    made = tmp_path / "converted.tflite"
    made.write_bytes(net.content([begin], [end]))
    monkeypatch.setattr(
        "phosphene.engine.trackers.custom.node.ready", lambda spec: made if spec.kind == "tfjs" else spec.file
    )
    with pytest.raises(ModelError, match="needs PoseNet") as caught:
        Node(find.at("m", tmp_path))
    assert "posenet.tflite" in caught.value.hint
    stand_in(tmp_path / "posenet.tflite", last=32)
    with pytest.raises(ModelError, match=r"PoseNet gives \(17, 17, 17\), \(17, 17, 32\), expected"):
        Node(find.at("m", tmp_path))
    (tmp_path / "metadata.json").unlink()
    with pytest.raises(ModelError, match=r"metadata\.json is missing"):
        Node(find.at("m", tmp_path))


def test_tensorflows_resizing_keeps_the_upper_left_corner_of_pixels() -> None:
    ramp = np.repeat(np.arange(0, 200, 10, np.uint8)[None, :, None], 3, axis=2).repeat(4, axis=0)
    found = as_tensorflow(ramp, (40, 8), "stretch")
    assert np.allclose(found[0, :, 0][:-2], np.arange(38) * 5.0)
    assert as_tensorflow(ramp, (10, 10), "crop").shape == (10, 10, 3)
    padded = as_tensorflow(ramp, (20, 20), "pad")
    assert not padded[:8].any()
    assert padded[8, 5, 0] == 50.0
