"""TensorFlow.js graph models, such as PoseNet as its maker gives it, computed by TensorFlow step by step. Runs only in
TensorFlow's own process.

Only the operations in `OPS` are known: those of plain convolutional nets.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from .layers import FormatError, Weights

MOST_NODES = 5000
ACTIVATIONS = ("Relu", "Relu6", "Sigmoid", "Tanh", "Elu")
PLAIN = {"Add": "add", "AddV2": "add", "Sub": "subtract", "Mul": "multiply", "Maximum": "maximum", "Minimum": "minimum"}


class Graph:
    """The nodes of a graph model and its weights. Raises FormatError where it is not one that can be computed."""

    def __init__(self, topology: Mapping[str, Any], weights: Weights) -> None:
        try:
            self.nodes = {str(node["name"]): node for node in topology["node"]}
            self.inputs = {name: [_plain(n) for n in node.get("input", ())] for name, node in self.nodes.items()}
            begins = [name for name, node in self.nodes.items() if node["op"] == "Placeholder"]
            unknown = sorted({str(n["op"]) for n in self.nodes.values()} - set(OPS) - {"Placeholder", "Const"})
        except (KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"not a TensorFlow.js graph model: {error}") from error
        if len(self.nodes) > MOST_NODES:
            raise FormatError(f"the graph has {len(self.nodes)} steps, more than {MOST_NODES}")
        if unknown:
            raise FormatError(f"a TensorFlow.js graph model with {', '.join(unknown[:4])}, which is not supported")
        if len(begins) != 1:
            raise FormatError(f"the graph has {len(begins)} inputs, expected one")
        used = {name for names in self.inputs.values() for name in names}
        self.begin = begins[0]
        self.ends = [
            n for n, node in self.nodes.items() if n not in used and node["op"] not in ("Const", "Placeholder")
        ]
        lacking = used - set(self.nodes) or {n for n, v in self.nodes.items() if v["op"] == "Const"} - set(weights)
        if lacking or not self.ends:
            raise FormatError(f"the graph lacks {min(lacking, default='every output')}")
        self._weights = weights

    def shape(self) -> list[int | None]:
        """The input's shape, of a batch of one; None where it may be anything."""
        said = self.nodes[self.begin].get("attr", {}).get("shape", {}).get("shape", {}).get("dim", [])
        sizes = [int(dim.get("size", -1)) for dim in said]
        if len(sizes) != 4:
            raise FormatError(f"its input has {len(sizes)} dimensions, expected images")
        return [1, *(n if n > 0 else None for n in sizes[1:])]

    def compute(self, tf: Any, begin: Any) -> dict[str, Any]:
        """Every output for `begin`."""
        values = {self.begin: begin}
        for name in self._order():
            node, given = self.nodes[name], [values[n] for n in self.inputs[name]]
            try:
                held = node["op"] == "Const"
                values[name] = tf.constant(self._weights[name]) if held else OPS[node["op"]](tf, node, given)
            except (KeyError, TypeError, ValueError, IndexError, tf.errors.OpError) as error:
                raise FormatError(f"{name} cannot be computed: {str(error).splitlines()[0]}") from error
        return {name: values[name] for name in self.ends}

    def _order(self) -> list[str]:
        """The nodes, each after those that it needs."""
        done, order = {self.begin}, []
        waiting = [name for name in self.nodes if name != self.begin]
        while waiting:
            ready = [name for name in waiting if done.issuperset(self.inputs[name])]
            if not ready:
                raise FormatError("the graph has a cycle")
            order += ready
            done.update(ready)
            waiting = [name for name in waiting if name not in done]
        return order


def _plain(name: str) -> str:
    """`a/b:0` is the node `a/b`."""
    return str(name).split(":")[0].lstrip("^")


def _text(node: Mapping[str, Any], key: str) -> str:
    return base64.b64decode(node["attr"][key]["s"]).decode("ascii")


def _numbers(node: Mapping[str, Any], key: str) -> list[int]:
    return [int(n) for n in node["attr"].get(key, {}).get("list", {}).get("i", [1, 1, 1, 1])]


def _convolution(tf: Any, node: Mapping[str, Any], given: list[Any]) -> Any:
    """A convolution, and what is fused to it: a bias, an activation."""
    strides, dilations, padding = _numbers(node, "strides"), _numbers(node, "dilations"), _text(node, "padding")
    if padding not in ("SAME", "VALID") or _text(node, "data_format") != "NHWC":
        raise FormatError(f"{node['name']}: padding {padding} or this order of colours is not supported")
    if "Depthwise" in node["op"]:
        out = tf.nn.depthwise_conv2d(given[0], given[1], strides, padding, dilations=dilations[1:3])
    else:
        out = tf.nn.conv2d(given[0], given[1], strides, padding, dilations=dilations)
    for step in node["attr"].get("fused_ops", {}).get("list", {}).get("s", []):
        kind = base64.b64decode(step).decode("ascii")
        if kind != "BiasAdd" and kind not in ACTIVATIONS:
            raise FormatError(f"{node['name']}: {kind} is not supported")
        out = out + given[2] if kind == "BiasAdd" else getattr(tf.nn, kind.lower())(out)
    return out


OPS: dict[str, Callable[[Any, Mapping[str, Any], list[Any]], Any]] = {
    "Identity": lambda _tf, _node, given: given[0],
    "BiasAdd": lambda _tf, _node, given: given[0] + given[1],
    **dict.fromkeys(("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"), _convolution),
    **{kind: lambda tf, node, given: getattr(tf.nn, node["op"].lower())(given[0]) for kind in ACTIVATIONS},
    **{kind: lambda tf, node, given: getattr(tf, PLAIN[node["op"]])(*given) for kind in PLAIN},
}
