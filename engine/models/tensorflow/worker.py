"""What TensorFlow does for the engine, one job a process: `python -m phosphene.engine.models.tensorflow.worker
JOB.json`.

Only the standard library, numpy, TensorFlow and what comes with it are imported here: this may run in an environment
that has nothing of the engine's own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .graph import Graph
from .layers import FormatError, build, read_h5, read_tfjs
from .tfjs import export_tfjs
from .train import train


def convert(kind: str, file: str, out: str) -> dict[str, Any]:
    """Converts a model (`h5`, `keras`, `tfjs` or `savedmodel`) to TFLite in float32, written to `out`."""
    import tensorflow as tf

    if kind == "tfjs" and "node" in (said := read_tfjs(Path(file)))[0]:
        graph = Graph(*said)

        @tf.function(input_signature=[tf.TensorSpec(graph.shape(), tf.float32)])  # type: ignore[untyped-decorator]
        def compute(begin: Any) -> Any:
            return graph.compute(tf, begin)

        converter = tf.lite.TFLiteConverter.from_concrete_functions([compute.get_concrete_function()])
    elif kind == "savedmodel":
        try:
            converter = tf.lite.TFLiteConverter.from_saved_model(file)
        except (OSError, ValueError, KeyError, RuntimeError, IndexError) as error:
            raise FormatError(f"not a whole SavedModel: {error}") from error
    else:
        converter = tf.lite.TFLiteConverter.from_keras_model(load(kind, file))
    try:
        content = converter.convert()
    except Exception as error:
        raise FormatError(f"it cannot be converted to TFLite: {str(error).splitlines()[0]}") from error
    Path(out).write_bytes(content)
    return {"bytes": len(content)}


def load(kind: str, file: str) -> Any:
    """The Keras model in `file`."""
    if kind == "h5":
        return build(*read_h5(Path(file)))
    if kind == "tfjs":
        return build(*read_tfjs(Path(file)))
    import keras

    try:
        return keras.models.load_model(file, compile=False, safe_mode=True)
    except Exception as error:
        raise FormatError(f"not a model that Keras {keras.__version__} can load: {error}") from error


JOBS: dict[str, Callable[..., dict[str, Any]]] = {"convert": convert, "train": train, "export_tfjs": export_tfjs}


def main(task: str) -> int:
    """Does the job in the file `task` and writes the answer where it says."""
    said = json.loads(Path(task).read_text(encoding="utf-8"))
    try:
        answer = JOBS[said["job"]](**said["words"])
    except FormatError as error:
        answer = {"error": str(error)}
    Path(said["answer"]).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
