"""Runs a TFLite model on a graphics card by LiteRT's own accelerator (WebGPU), where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.errors import ModelError
from .quiet import quiet

ON = "GPU"  # the name of LiteRT's accelerator


class GpuModel:
    """A TFLite model on a graphics card. Used from one thread. Raises ModelError where no graphics card can run it."""

    def __init__(self, content: bytes) -> None:
        self._model: Any = None
        opened = False
        with quiet():  # LiteRT prints what it opens and releases, so both belong in here
            try:
                self._open(content)
                opened = True
            except (RuntimeError, ValueError, KeyError, OSError, ImportError):
                self._model = None
        if not opened:
            raise ModelError("no graphics card can run it")

    def _open(self, content: bytes) -> None:
        from ai_edge_litert.compiled_model import CompiledModel
        from ai_edge_litert.hardware_accelerator import HardwareAccelerator

        self._model = CompiledModel.from_buffer(content, hardware_accel=HardwareAccelerator[ON])
        (key, ports), *_ = self._model.get_signature_list().items()
        inputs, outputs = self._model.get_input_tensor_details(key), self._model.get_output_tensor_details(key)
        self._in = [int(inputs[name]["index"]) for name in ports["inputs"]]
        self._out = [outputs[name] for name in ports["outputs"]]
        self._given, self._found = self._model.create_input_buffers(0), self._model.create_output_buffers(0)

    def run(self, values: Mapping[int, Any]) -> dict[int, Any]:
        """Every output with its batch, by its tensor's number, for an input each. Raises RuntimeError."""
        for index, buffer in zip(self._in, self._given, strict=True):
            buffer.write(np.ascontiguousarray(values[index]))
        self._model.run_by_index(0, self._given, self._found)
        found = {}
        for details, buffer in zip(self._out, self._found, strict=True):
            shape = tuple(int(n) for n in details["shape"])
            flat = buffer.read(int(np.prod(shape)), np.dtype(details["dtype"]).type)
            found[int(details["index"])] = np.array(flat).reshape(shape)
        return found

    def close(self) -> None:
        """Releases the graphics card; harmless when called twice."""
        with quiet():
            self._given, self._found = [], []
            if self._model is not None:
                self._model.close()
            self._model = None
