"""Writes the small net of a taught model as a TensorFlow.js layers model. Runs only in TensorFlow's own process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def export_tfjs(keras: str, out: str) -> dict[str, Any]:
    """Reads the net that `train` wrote and writes `model.json` and `weights.bin` into the folder `out`.

    TensorFlow.js knows no layer that scales its inputs by fixed numbers, so that step goes into the first layer's
    weights: W·(x − m)/s + b = (W/s)·x + (b − W·m/s).
    """
    import keras as library

    net = library.models.load_model(keras, compile=False)
    scaling = net.get_layer("scaling")
    middle, spread = np.asarray(scaling.mean).ravel(), np.sqrt(np.asarray(scaling.variance).ravel())
    dense = [layer for layer in net.layers if isinstance(layer, library.layers.Dense)]
    weights = [[np.asarray(w) for w in layer.get_weights()] for layer in dense]
    kernel, bias = weights[0]
    weights[0] = [kernel / spread[:, None], bias - (middle / spread) @ kernel]
    layers, manifest, raw = [], [], b""
    for number, (layer, arrays) in enumerate(zip(dense, weights, strict=True)):
        config: dict[str, Any] = {
            "name": layer.name,
            "units": int(layer.units),
            "activation": layer.activation.__name__,
            "use_bias": True,
            "dtype": "float32",
            "trainable": True,
        }
        if number == 0:
            config["batch_input_shape"] = [None, len(middle)]
        layers.append({"class_name": "Dense", "config": config})
        for name, array in zip(("kernel", "bias"), arrays, strict=True):
            manifest.append({"name": f"{layer.name}/{name}", "shape": list(array.shape), "dtype": "float32"})
            raw += np.asarray(array, "<f4").tobytes()
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(raw)
    model = {
        "format": "layers-model",
        "generatedBy": "phosphene",
        "convertedBy": None,
        "modelTopology": {
            "keras_version": "2.15.0",
            "backend": "tensorflow",
            "model_config": {"class_name": "Sequential", "config": {"name": "taught", "layers": layers}},
        },
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
    }
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    return {"bytes": len(raw)}
