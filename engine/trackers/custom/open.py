"""Opens a model node of whatever kind."""

from __future__ import annotations

from ...audio.base import Sound
from .feature_classifier import RowNode
from .node import Node
from .spec import ROWS, Spec


def open_node(spec: Spec, sound: Sound | None = None) -> Node | RowNode:
    """The tracker that runs the model of `spec`; one of sound listens to `sound`.

    Raises ModelError where the model does not fit its description.
    """
    return RowNode(spec, sound) if spec.input.of in ROWS or spec.kind == "nearest" else Node(spec)
