"""The public names, each from its room: what `import phosphene` offers, loaded with the first that is used."""

from .core.errors import PhospheneError
from .core.frame import Frame
from .core.observation import Observation
from .core.param_types import Bool, Choice, Color, File, Float, Int, Media, Point, Text
from .core.results import (
    PART_NAMES,
    Face,
    Hand,
    Heard,
    Labels,
    Landmarks,
    Mask,
    Parts,
    Picture,
    Pose,
    Reference,
    Thing,
    Things,
)
from .core.version import __version__
from .effect.effect import Effect, Pass, Sprites, Uniform
from .effect.face_mesh import RINGS as FACE_RINGS
from .effect.face_mesh import FaceMesh, face_mesh, skin_of
from .effect.face_occlusion import FaceCover
from .effect.gltf import Model, read_model
from .effect.mesh import Mesh, Texture, Triangles
from .effect.shapes import Box, Label, Line
from .scene.signals import per_face as face_signals
from .show.scripting import RenderedFrame, render, track

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
