"""Opens a model node of whatever kind."""

from __future__ import annotations

from engine.nodes.node import Node
from engine.nodes.row_node import RowNode
from engine.nodes.spec import ROWS, Spec


def open_node(spec: Spec) -> Node | RowNode:
    """The tracker that runs the model of `spec`. Raises ModelError where the model does not fit its description."""
    return RowNode(spec) if spec.input.of in ROWS or spec.kind == "nearest" else Node(spec)
