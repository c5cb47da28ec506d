"""Runs any TFLite model by LiteRT: several inputs and outputs, float or quantised, and cuts one off at a tensor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ..core.errors import ModelError, TrackerError
from ..core.frame import Floats
from .litert_gpu import OnCard
from .quiet import quiet

log = logging.getLogger("phosphene")

_told: set[Path] = set()  # the models of which it was said that no card takes them


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output: `shape` without the batch, and what its whole numbers stand for (scale 0: real numbers)."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: Any
    scale: float
    zero: int


class Runtime:
    """A TFLite model, ready to run on one thread by XNNPACK, LiteRT's own fast kernels, or on a graphics card.

    Used from one thread.
    """

    def __init__(
        self,
        file: Path,
        content: bytes | None = None,
        size: tuple[int, int] | None = None,
        device: str = "cpu",
        *,
        fits_any: bool = False,
    ) -> None:
        """Loads `file`, or `content` in its place; `size` (width, height) for one that takes pictures of any size, or,
        with `fits_any`, that was only saved for another one.

        `device` gpu: on a card, and where none takes it by XNNPACK after all, with a warning. Raises ModelError where
        it is none that can be run.
        """
        self.file = file
        try:
            raw = file.read_bytes() if content is None else content
            if len(raw) < 8 or raw[4:8] != b"TFL3":
                raise ModelError("not a TFLite model: it is cut off or something else", where=str(file))
            with quiet():
                self._net = Interpreter(model_content=raw, num_threads=1)
                self._open_size(size, fits_any)
                self._net.allocate_tensors()
                inputs, outputs = self._net.get_input_details(), self._net.get_output_details()
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"cannot be loaded: {str(error).splitlines()[0]}",
                where=str(file),
                hint="expected a TFLite model of LiteRT's own operations",
            ) from error
        self.inputs = [self._port(details) for details in inputs]
        self.outputs = [self._port(details) for details in outputs]
        self._card = self._on_card(raw) if device == "gpu" else None

    def _on_card(self, content: bytes) -> OnCard | None:
        try:
            return OnCard(content)
        except ModelError as error:
            if self.file not in _told:
                log.warning("%s: %s; it runs on the processor", self.file.name, error.message)
            _told.add(self.file)
            return None

    def close(self) -> None:
        """Lets a card go; harmless when called twice."""
        card, self._card = self._card, None
        if card is not None:
            card.close()

    def _open_size(self, size: tuple[int, int] | None, fits_any: bool) -> None:
        details = self._net.get_input_details()[0]
        signature = [int(n) for n in details["shape_signature"]]
        if size is not None and len(signature) == 4 and (fits_any or -1 in signature[1:]):
            width, height = size
            channels_first = signature[1] in (1, 3)
            shape = [1, signature[1], height, width] if channels_first else [1, height, width, signature[3]]
            self._net.resize_tensor_input(int(details["index"]), shape)

    @staticmethod
    def _port(details: dict[str, Any]) -> Port:
        shape = tuple(int(n) for n in details["shape"][1:])
        scale, zero = details["quantization"]
        return Port(int(details["index"]), str(details["name"]), shape, details["dtype"], float(scale), int(zero))

    def run(self, *values: Floats) -> list[Floats]:
        """Every output, as real numbers without the batch, for one value an input. Raises TrackerError."""
        try:
            given = {port.index: packed(value, port)[None] for port, value in zip(self.inputs, values, strict=True)}
            if self._card is not None:
                found = self._card.run(given)
                return [real(found[port.index], port) for port in self.outputs]
            for index, value in given.items():
                self._net.set_tensor(index, value)
            self._net.invoke()
            return [real(self._net.get_tensor(port.index), port) for port in self.outputs]
        except (RuntimeError, ValueError, TypeError) as error:
            raise TrackerError(f"{self.file.name} failed: {error}", where=str(self.file)) from error


def real(raw: Any, port: Port) -> Floats:
    """What an output holds, as real numbers without the batch."""
    raw = raw[0] if raw.ndim else raw
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


def cut(content: bytes, ends: Sequence[str] = (), without: str = "") -> bytes:
    """The TFLite model in `content` with other outputs: the tensors called `ends`, or, `without` a custom operation,
    what went into it. Operations that nothing needs any more are left out. Raises ModelError."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    if without:
        codes = [i for i, c in enumerate(model.operatorCodes) if c.customCode == without.encode()]
        gone = [op for op in graph.operators if op.opcodeIndex in codes]
        if len(gone) != 1:
            raise ModelError(f"the model has {len(gone)} operations {without}, expected one")
        made = set(gone[0].outputs)
        graph.outputs = list(dict.fromkeys([*gone[0].inputs, *(o for o in graph.outputs if o not in made)]))
    else:
        named = {tensor.name.decode(): index for index, tensor in enumerate(graph.tensors)}
        missing = [end for end in ends if end not in named]
        if missing:
            raise ModelError(f"the model has no tensor '{missing[0]}'")
        graph.outputs = [named[end] for end in ends]
    needed = set(graph.outputs)
    kept = []
    for op in reversed(graph.operators):
        if needed.intersection(op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    graph.operators = kept[::-1]
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
