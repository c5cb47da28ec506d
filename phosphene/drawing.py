"""Shapes for the textures that an effect makes itself."""

from __future__ import annotations

from engine.drawing import along, blurred, filled, tapered

__all__ = ["along", "blurred", "filled", "tapered"]
