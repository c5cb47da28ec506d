"""Small TFLite models made by hand, so that tests of models need neither TensorFlow nor a download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

Array = NDArray[Any]
TYPES = {np.dtype(np.float32): schema.TensorType.FLOAT32, np.dtype(np.int32): schema.TensorType.INT32}
UINT8 = schema.TensorType.UINT8


class Net:
    """A TFLite model that grows op by op; `tensor` and `op` give the numbers of tensors."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs, self.model.operatorCodes = [self.graph], []

    def tensor(
        self, shape: Sequence[int], name: str, kind: int = schema.TensorType.FLOAT32, scale: float = 0.0, zero: int = 0
    ) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name, tensor.buffer = list(shape), kind, name, 0
        if scale:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero]
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, values: Array, name: str) -> int:
        at = self.tensor(values.shape, name, TYPES[values.dtype])
        buffer = schema.BufferT()
        buffer.data = list(np.ascontiguousarray(values).tobytes())
        self.model.buffers.append(buffer)
        self.graph.tensors[at].buffer = len(self.model.buffers) - 1
        return at

    def op(self, code: int, inputs: Sequence[int], output: int, kind: int = 0, options: Any = None) -> int:
        entry = schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
        self.model.operatorCodes.append(entry)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(self.model.operatorCodes) - 1, list(inputs), [output]
        made.builtinOptionsType, made.builtinOptions = kind, options
        self.graph.operators.append(made)
        return output

    def content(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def classifier(weights: Array, size: tuple[int, int] = (8, 6), *, quantized: bool = False) -> bytes:
    """Softmax of `weights` (classes, channels) times the mean colour of a picture of `size`."""
    ops, options = schema.BuiltinOperator, schema.BuiltinOptions
    classes, channels = weights.shape
    net = Net()
    if quantized:
        begin = net.tensor((1, size[1], size[0], channels), "picture", UINT8, 2 / 255, 128)
        real = net.op(ops.DEQUANTIZE, [begin], net.tensor((1, size[1], size[0], channels), "real"))
    else:
        begin = real = net.tensor((1, size[1], size[0], channels), "picture")
    axes = net.constant(np.array([1, 2], np.int32), "axes")
    mean = net.op(
        ops.MEAN, [real, axes], net.tensor((1, channels), "mean"), options.ReducerOptions, schema.ReducerOptionsT()
    )
    matrix = net.constant(weights.astype(np.float32), "weights")
    bias = net.constant(np.zeros(classes, np.float32), "bias")
    dense = net.op(
        ops.FULLY_CONNECTED,
        [mean, matrix, bias],
        net.tensor((1, classes), "dense"),
        options.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    soft = schema.SoftmaxOptionsT()
    soft.beta = 1.0
    end = net.op(ops.SOFTMAX, [dense], net.tensor((1, classes), "softmax"), options.SoftmaxOptions, soft)
    return net.content([begin], [end])


def passing(size: tuple[int, int], channels: int = 3) -> bytes:
    """A model that gives the picture back, negative numbers as 0."""
    net = Net()
    shape = (1, size[1], size[0], channels)
    begin = net.tensor(shape, "picture")
    return net.content([begin], [net.op(schema.BuiltinOperator.RELU, [begin], net.tensor(shape, "same"))])


def fixed(outputs: Sequence[Array], size: tuple[int, int] = (4, 4)) -> bytes:
    """A model that answers every picture with the same `outputs` (each with its batch of one)."""
    net = Net()
    begin = net.tensor((1, size[1], size[0], 3), "picture")
    axes = net.constant(np.array([0, 1, 2, 3], np.int32), "axes")
    kind = schema.BuiltinOptions.ReducerOptions
    mean = net.op(schema.BuiltinOperator.MEAN, [begin, axes], net.tensor((), "mean"), kind, schema.ReducerOptionsT())
    zero = net.constant(np.float32(0.0).reshape(()), "zero")
    nothing = net.op(
        schema.BuiltinOperator.MUL,
        [mean, zero],
        net.tensor((), "nothing"),
        schema.BuiltinOptions.MulOptions,
        schema.MulOptionsT(),
    )
    ends = [
        net.op(
            schema.BuiltinOperator.ADD,
            [net.constant(np.asarray(values, np.float32), f"values:{n}"), nothing],
            net.tensor(np.shape(values), f"out:{n}"),
            schema.BuiltinOptions.AddOptions,
            schema.AddOptionsT(),
        )
        for n, values in enumerate(outputs)
    ]
    return net.content([begin], ends)
