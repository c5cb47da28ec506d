"""Shapes for the textures that an effect makes itself."""

from __future__ import annotations

from .engine.effect.drawing import blur, colorize, fill_polygon, resample_path, stroke_path

__all__ = ["blur", "colorize", "fill_polygon", "resample_path", "stroke_path"]
