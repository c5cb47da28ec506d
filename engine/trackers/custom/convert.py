"""Makes every kind of model one that LiteRT runs: TFLite files as they are, the rest converted once and kept."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ...core.errors import ModelError
from ...core.paths import checked, is_file, is_there, within
from ...core.places import cache_dir
from ...models import store as models
from ...models.tensorflow.graph import Graph
from ...models.tensorflow.layers import FormatError, read_tfjs
from .spec import Spec

log = logging.getLogger("phosphene")

VERSION = b"1"  # changes when what is converted differently must be converted again


def ready(spec: Spec) -> Path:
    """The TFLite file of a node: fetched, or converted by TensorFlow's own process where it is of another kind.

    What was converted is kept by the content of its files. Raises ModelError.
    """
    if spec.store:
        return models.path(spec.store)
    if not is_there(spec.file):
        raise ModelError("file not found", where=str(spec.file))
    if spec.kind in ("tflite", "nearest"):
        return spec.file
    target = cache_dir() / "converted" / f"{fingerprint(spec)}.tflite"
    if is_file(target):
        return target
    from ...models import tensorflow as tf_jobs

    check_whole(spec)
    log.warning("converting %s with TensorFlow (only once)", spec.file)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as folder:
            part = Path(folder) / "model.tflite"
            tf_jobs.run("convert", kind=spec.kind, file=str(spec.file.resolve()), out=str(part))
            part.replace(target)
    except ModelError as error:
        error.where = error.where or str(spec.file)
        raise
    except OSError as error:
        raise ModelError(f"cannot write to the cache: {error.strerror}", where=str(target.parent)) from error
    return target


def check_whole(spec: Spec) -> None:
    """Looks whether a model's files can be what they should be, without TensorFlow. Raises ModelError."""
    if spec.kind in ("h5", "keras"):
        mark, name = (b"\x89HDF\r\n\x1a\n", "Keras .h5") if spec.kind == "h5" else (b"PK", ".keras")
        with checked(spec.file, "model").open("rb") as stream:
            head = stream.read(len(mark))
        if not head:
            raise ModelError("the file is empty", where=str(spec.file), hint="export the model again")
        if head != mark:
            raise ModelError(f"not a {name} file", where=str(spec.file), hint="export the model again")
    elif spec.kind == "tfjs":
        try:
            said = read_tfjs(spec.file)
            if "node" in said[0]:
                Graph(*said).shape()
        except FormatError as error:
            raise ModelError(str(error), where=str(spec.file), hint="export the model again") from None


def fingerprint(spec: Spec) -> str:
    """Names the content of a model's files."""
    digest = hashlib.sha256(VERSION + spec.kind.encode())
    for path in _files(spec):
        digest.update(path.name.encode() + b"\0")
        with checked(path, "file of a model").open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:32]


def _files(spec: Spec) -> Iterable[Path]:
    if spec.kind == "tfjs":
        return [spec.file, *sorted(spec.file.parent.glob("*.bin"))]
    if spec.kind == "savedmodel":
        return within(spec.file)
    return [spec.file]
