"""Phosphene's public API: what an effect and a script may import. Promises hold here alone."""

from engine.data import (
    PART_NAMES,
    Face,
    Frame,
    Hand,
    Heard,
    Labels,
    Landmarks,
    Mask,
    Observation,
    Parts,
    Picture,
    Pose,
    Reference,
    Thing,
    Things,
)
from engine.effect import Effect, Pass, Sprites, Uniform
from engine.errors import PhospheneError
from engine.face_cover import FaceCover
from engine.face_mesh import RINGS as FACE_RINGS
from engine.face_mesh import FaceMesh, face_mesh, skin_of
from engine.gltf import Model, read_model
from engine.mesh import Mesh, Texture, Triangles
from engine.params import Bool, Choice, Color, File, Float, Int, Media, Point, Text
from engine.scripting import RenderedFrame, render, track
from engine.shapes import Box, Label, Line
from engine.signals import per_face as face_signals
from engine.version import __version__

__all__ = [
    "FACE_RINGS",
    "PART_NAMES",
    "Bool",
    "Box",
    "Choice",
    "Color",
    "Effect",
    "Face",
    "FaceCover",
    "FaceMesh",
    "File",
    "Float",
    "Frame",
    "Hand",
    "Heard",
    "Int",
    "Label",
    "Labels",
    "Landmarks",
    "Line",
    "Mask",
    "Media",
    "Mesh",
    "Model",
    "Observation",
    "Parts",
    "Pass",
    "PhospheneError",
    "Picture",
    "Point",
    "Pose",
    "Reference",
    "RenderedFrame",
    "Sprites",
    "Text",
    "Texture",
    "Thing",
    "Things",
    "Triangles",
    "Uniform",
    "__version__",
    "face_mesh",
    "face_signals",
    "read_model",
    "render",
    "skin_of",
    "track",
]
