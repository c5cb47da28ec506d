"""Models made by older versions of Keras and by TensorFlow.js, built again under Keras 3 from what they say of
themselves. Runs only in TensorFlow's own process.

Keras 3 refuses such files (other names for the same things), and a model from a stranger must not choose which classes
are made: only the layers in `LAYERS` are known, each with the settings that change what it computes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

MAX_WEIGHTS = 1 << 30
Weights = dict[str, np.ndarray[Any, Any]]

# Which settings of each layer change what it computes.
_CONV = ("kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias", "groups", "data_format")
_POOL = ("pool_size", "strides", "padding", "data_format")
LAYERS: dict[str, tuple[str, ...]] = {
    "Conv1D": ("filters", *_CONV),
    "Conv2D": ("filters", *_CONV),
    "DepthwiseConv2D": ("depth_multiplier", *(k for k in _CONV if k != "groups")),
    "SeparableConv2D": ("filters", "depth_multiplier", *(k for k in _CONV if k != "groups")),
    "Conv2DTranspose": ("filters", *(k for k in _CONV if k != "groups")),
    "Dense": ("units", "activation", "use_bias"),
    "BatchNormalization": ("axis", "epsilon", "center", "scale"),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "Activation": ("activation",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "LeakyReLU": ("alpha", "negative_slope"),
    "ELU": ("alpha",),
    "PReLU": ("shared_axes",),
    "Softmax": ("axis",),
    "Dropout": (),
    "SpatialDropout2D": (),
    "GaussianNoise": (),
    "Flatten": (),
    "Reshape": ("target_shape",),
    "Permute": ("dims",),
    "ZeroPadding2D": ("padding", "data_format"),
    "Cropping2D": ("cropping", "data_format"),
    "UpSampling2D": ("size", "interpolation", "data_format"),
    "MaxPooling1D": _POOL,
    "MaxPooling2D": _POOL,
    "AveragePooling2D": _POOL,
    "GlobalAveragePooling1D": ("keepdims",),
    "GlobalAveragePooling2D": ("keepdims", "data_format"),
    "GlobalMaxPooling1D": ("keepdims",),
    "GlobalMaxPooling2D": ("keepdims", "data_format"),
    "Add": (),
    "Subtract": (),
    "Multiply": (),
    "Average": (),
    "Maximum": (),
    "Concatenate": ("axis",),
    "Rescaling": ("scale", "offset"),
}
MODELS = ("Sequential", "Model", "Functional")
NEUTRAL = ("Dropout", "SpatialDropout2D", "GaussianNoise")  # they do something in training alone


class FormatError(Exception):
    """The file does not hold a model that can be built; the text says why."""


def read_h5(path: Path) -> tuple[dict[str, Any], Weights]:
    """The architecture and the weights of a Keras `.h5` file. Raises FormatError."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            if text is None:
                raise FormatError("it has only weights, not the architecture of the model")
            config = json.loads(text if isinstance(text, str) else bytes(text).decode("utf-8"))
            weights: Weights = {}
            for group in file["model_weights"].values():
                for name in group.attrs.get("weight_names", ()):
                    found = name.decode("utf-8") if isinstance(name, bytes) else str(name)
                    weights[key_of(found)] = np.asarray(group[found])
    except (OSError, KeyError, ValueError, AttributeError, RuntimeError) as error:
        raise FormatError(f"not a whole Keras file: {error}") from error
    return config, weights


def read_tfjs(path: Path) -> tuple[dict[str, Any], Weights]:
    """The architecture and the weights of a TensorFlow.js model, `model.json` with its binaries beside it: of a layers
    model its configuration, of a graph model its nodes (engine/models/tensorflow/graph.py). Raises FormatError.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
        topology = said["modelTopology"]
        manifest = said["weightsManifest"]
        config = topology.get("model_config", topology)
        name_of = str if "node" in topology else key_of
        weights: Weights = {}
        for group in manifest:
            raw = b"".join(_binary(path.parent, str(name)) for name in group["paths"])
            at = 0
            for entry in group["weights"]:
                array, at = _array(entry, raw, at)
                weights[name_of(entry["name"])] = array
            if at != len(raw):
                raise FormatError(f"its binaries have {len(raw)} bytes, model.json expects {at}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"not a TensorFlow.js model: {error}") from error
    return config, weights


def _binary(folder: Path, name: str) -> bytes:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise FormatError(f"refers to a file outside its folder: {name}")
    if not file.is_file():
        raise FormatError(f"its weights are missing: {name} not found next to model.json")
    if file.stat().st_size > MAX_WEIGHTS:
        raise FormatError(f"{name} is larger than a gigabyte")
    return file.read_bytes()


def _array(entry: Mapping[str, Any], raw: bytes, at: int) -> tuple[np.ndarray[Any, Any], int]:
    """One weight of the binaries, and where the next begins; quantised ones are spread to their range again."""
    shape = [int(n) for n in entry["shape"]]
    packed = entry.get("quantization")
    kinds = {"float32": "<f4", "int32": "<i4", "bool": "u1", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}
    kind = str(packed["dtype"] if packed else entry["dtype"])
    if kind not in kinds:
        raise FormatError(f"weights of type {kind} are not supported")
    dtype = np.dtype(kinds[kind])
    count = int(np.prod(shape, dtype=np.int64))
    end = at + count * dtype.itemsize
    if count < 0 or end > len(raw):
        raise FormatError(f"its binaries are cut off in {entry['name']}")
    array = np.frombuffer(raw[at:end], dtype).reshape(shape).astype(np.float32)
    if packed and kind != "float16":
        array = array * np.float32(packed["scale"]) + np.float32(packed["min"])
    return array, end


def key_of(name: str) -> str:
    """`sequential_1/Conv1/kernel:0` is the weight `Conv1/kernel`: layers have names of their own in a whole model."""
    return "/".join(name.split(":")[0].split("/")[-2:])


def build(config: Mapping[str, Any], weights: Weights) -> Any:
    """The Keras 3 model that `config` describes, with its weights. Raises FormatError."""
    import keras

    try:
        model = _model(keras, config)
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise FormatError(f"its architecture cannot be built: {error}") from error
    used: set[str] = set()
    for layer in _flat(model):
        _fill(layer, weights, used)
    return model


def _flat(model: Any) -> list[Any]:
    found = []
    for layer in model.layers:
        found += _flat(layer) if hasattr(layer, "layers") else [layer]
    return found


def _fill(layer: Any, weights: Weights, used: set[str]) -> None:
    """Gives a layer its weights, in the order that Keras wants."""
    values = []
    for variable in layer.weights:
        if variable.name in ("seed_generator_state", "seed"):
            values.append(np.asarray(variable))
            continue
        names = [variable.name, *({"kernel": ["depthwise_kernel"]}.get(variable.name, []))]
        key = next((f"{layer.name}/{n}" for n in names if f"{layer.name}/{n}" in weights), None)
        if key is None:
            raise FormatError(f"layer {layer.name} has no {variable.name} among the weights")
        if tuple(weights[key].shape) != tuple(variable.shape):
            raise FormatError(f"{key} has the shape {weights[key].shape}, expected {tuple(variable.shape)}")
        used.add(key)
        values.append(weights[key])
    if values:
        layer.set_weights(values)


def _model(keras: Any, said: Mapping[str, Any]) -> Any:
    kind, config = said["class_name"], said["config"]
    if kind == "Sequential":
        entries = config["layers"] if isinstance(config, dict) else config
        name = config.get("name") if isinstance(config, dict) else None
        return _sequential(keras, entries, name)
    if kind in ("Model", "Functional"):
        return _functional(keras, config)
    raise FormatError(f"a model of the kind {kind!r} is not supported; supported: {', '.join(MODELS)}")


def _shape(config: Mapping[str, Any]) -> tuple[Any, ...] | None:
    found = config.get("batch_input_shape") or config.get("batch_shape")
    return tuple(found[1:]) if found else None


def _first_shape(said: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The shape of what goes into a model or layer, as far as its configuration says."""
    config = said["config"]
    own = _shape(config) if isinstance(config, dict) else None
    if own is not None or said["class_name"] not in MODELS:
        return own
    entries = config["layers"] if isinstance(config, dict) else config
    return next((s for e in entries if (s := _first_shape(e)) is not None), None)


def _sequential(keras: Any, entries: list[Mapping[str, Any]], name: str | None) -> Any:
    shape = next((s for e in entries if (s := _first_shape(e)) is not None), None)
    if shape is None:
        raise FormatError("its input has no shape")
    begin = keras.Input(shape)
    at = begin
    for entry in entries:
        if entry["class_name"] != "InputLayer":
            at = _layer(keras, entry)(at)
    return keras.Model(begin, at, name=name)


def _functional(keras: Any, config: Mapping[str, Any]) -> Any:
    outputs: dict[str, Any] = {}
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"]["name"]
        if entry["class_name"] == "InputLayer":
            outputs[name] = keras.Input(_shape(entry["config"]), name=name)
            continue
        (node,) = entry["inbound_nodes"]  # a layer that is called twice has two: none of the known exports does so
        before = [outputs[link[0]] for link in node]
        outputs[name] = _layer(keras, entry)(before[0] if len(before) == 1 else before)
    inputs = [outputs[link[0]] for link in _links(config["input_layers"])]
    ends = [outputs[link[0]] for link in _links(config["output_layers"])]
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, ends[0] if len(ends) == 1 else ends)


def _links(said: list[Any]) -> list[Any]:
    return [said] if said and isinstance(said[0], str) else said


def _layer(keras: Any, said: Mapping[str, Any]) -> Any:
    kind, config = said["class_name"], said["config"]
    if kind in MODELS:
        return _model(keras, said)
    if kind not in LAYERS:
        raise FormatError(f"layer {config.get('name', '')!r} is a {kind}, which is not supported")
    name = config.get("name") or said.get("name")
    if kind in NEUTRAL:
        return keras.layers.Identity(name=name)
    settings = {key: config[key] for key in LAYERS[kind] if config.get(key) is not None}
    if isinstance(settings.get("activation"), dict):
        settings["activation"] = settings["activation"].get("class_name", "").lower()
    if kind == "LeakyReLU" and "alpha" in settings:
        settings["negative_slope"] = settings.pop("alpha")
    axis = settings.get("axis")
    if kind == "BatchNormalization" and isinstance(axis, list):
        settings["axis"] = axis[0]
    make: Callable[..., Any] = getattr(keras.layers, kind)
    return make(name=name, **settings)
