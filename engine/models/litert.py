"""Runs any TFLite model by LiteRT: several inputs and outputs, float or quantised, on the processor or a graphics card.

Inference releases Python's lock.
"""

from __future__ import annotations

import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ..core.errors import ModelError, TrackerError
from ..core.frame import Floats
from . import store
from .litert_gpu import GpuModel
from .quiet import quiet

log = logging.getLogger("phosphene")

_reported: set[Path] = set()  # the models of which it was said that no graphics card runs them


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output: `shape` without the batch, and what its whole numbers stand for (scale 0: real numbers).

    `batched`: the tensor itself begins with a batch of one.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: Any
    scale: float
    zero: int
    batched: bool = True


class LiteRtModel:
    """A TFLite model, ready to run by XNNPACK, LiteRT's own fast kernels, or on a graphics card.

    Used from one thread. The answers are the same however many `threads` of LiteRT find them.
    """

    def __init__(
        self,
        file: Path,
        content: bytes | None = None,
        size: tuple[int, int] | None = None,
        device: str = "cpu",
        *,
        fits_any: bool = False,
        threads: int = 1,
    ) -> None:
        """Loads `file`, or `content` in its place; `size` (width, height) for one that takes images of any size, or,
        with `fits_any`, that was only saved for another one.

        `device` gpu: on a graphics card; where none runs it, by XNNPACK, with a warning. Raises ModelError where it
        cannot be run.
        """
        self.file = file
        try:
            raw = file.read_bytes() if content is None else content
            if len(raw) < 8 or raw[4:8] != b"TFL3":
                raise ModelError("not a TFLite model, or cut off", where=str(file))
            with quiet():
                self._net = Interpreter(model_content=raw, num_threads=threads)
                self._open_size(size, fits_any)
                self._net.allocate_tensors()
                inputs, outputs = self._net.get_input_details(), self._net.get_output_details()
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"cannot be loaded: {str(error).splitlines()[0]}",
                where=str(file),
                hint="expected a TFLite model of LiteRT's own operations",
            ) from error
        self.inputs = [_port(details) for details in inputs]
        self.outputs = [_port(details) for details in outputs]
        self._gpu = self._on_gpu(raw) if device == "gpu" else None

    @classmethod
    def from_store(cls, name: str, member: str = "", *, threads: int = 1) -> Self:
        """The model `name` of the store, or `member` of it where it is a `.task` bundle (a zip archive).

        Raises ModelError.
        """
        file = store.path(name)
        try:
            content = zipfile.ZipFile(file).read(member) if member else None
            return cls(file, content, threads=threads)
        except (OSError, KeyError, zipfile.BadZipFile, ModelError) as error:
            reason = error.message if isinstance(error, ModelError) else f"cannot be loaded: {error}"
            where = f"{file}/{member}" if member else str(file)
            raise ModelError(reason, where=where, hint="`phosphene models` checks the files") from error

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the image that goes into the first input, whose channels come last."""
        height, width, *_ = self.inputs[0].shape
        return width, height

    def _on_gpu(self, content: bytes) -> GpuModel | None:
        try:
            return GpuModel(content)
        except ModelError as error:
            if self.file not in _reported:
                log.warning("%s: %s; it runs on the processor", self.file.name, error.message)
            _reported.add(self.file)
            return None

    def close(self) -> None:
        """Releases a graphics card; harmless when called twice."""
        gpu, self._gpu = self._gpu, None
        if gpu is not None:
            gpu.close()

    def _open_size(self, size: tuple[int, int] | None, fits_any: bool) -> None:
        details = self._net.get_input_details()[0]
        signature = [int(n) for n in details["shape_signature"]]
        if size is not None and len(signature) == 4 and (fits_any or -1 in signature[1:]):
            width, height = size
            channels_first = signature[1] in (1, 3)
            shape = [1, signature[1], height, width] if channels_first else [1, height, width, signature[3]]
            self._net.resize_tensor_input(int(details["index"]), shape)

    def run(self, *values: Floats) -> list[Floats]:
        """Every output, as real numbers without the batch, for one value an input; copies. Raises TrackerError."""
        try:
            given = {port.index: packed(value, port)[None] for port, value in zip(self.inputs, values, strict=True)}
            if self._gpu is not None:
                found = self._gpu.run(given)
                return [real(found[port.index], port) for port in self.outputs]
            for index, value in given.items():
                self._net.set_tensor(index, value)
            self._net.invoke()
            return [real(self._net.get_tensor(port.index), port) for port in self.outputs]
        except (RuntimeError, ValueError, TypeError) as error:
            raise TrackerError(f"{self.file.name} failed: {error}", where=str(self.file)) from error


def _port(details: dict[str, Any]) -> Port:
    shape = tuple(int(n) for n in details["shape"])
    batched = len(shape) != 1 or shape[0] == 1  # some networks give one row of numbers without a batch
    scale, zero = details["quantization"]
    return Port(
        int(details["index"]),
        str(details["name"]),
        shape[1:] if batched else shape,
        details["dtype"],
        float(scale),
        int(zero),
        batched,
    )


def real(raw: Any, port: Port) -> Floats:
    """What an output holds, as real numbers without the batch."""
    raw = raw[0] if raw.ndim and port.batched else raw
    if port.scale and np.issubdtype(port.dtype, np.integer):
        return np.asarray((raw.astype(np.float32) - port.zero) * np.float32(port.scale), np.float32)
    return np.array(raw, np.float32)


def packed(value: Floats, port: Port) -> Any:
    """`value` as a model's input holds it: real numbers, or whole ones on its own scale."""
    if port.dtype == np.float32:
        return np.asarray(value, np.float32)
    if not port.scale:
        return np.asarray(value).astype(port.dtype)
    limits = np.iinfo(port.dtype)
    return np.clip(np.rint(value / port.scale + port.zero), limits.min, limits.max).astype(port.dtype)
