"""Shapes for the textures that an effect makes itself."""

from __future__ import annotations

from .engine.effect.drawing import along, blurred, filled, painted, tapered

__all__ = ["along", "blurred", "filled", "painted", "tapered"]
