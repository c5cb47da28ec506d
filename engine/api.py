"""The public names, each from its room: what `import phosphene` offers, loaded with the first that is used."""

from .core.errors import PhospheneError
from .core.frame import Frame
from .core.observation import Observation
from .core.param_types import Bool, Choice, Color, File, Float, Int, Media, Point, Text
from .core.results import (
    PART_NAMES,
    AudioFeatures,
    Classification,
    Detection,
    Detections,
    Face,
    Hand,
    Landmarks,
    Mask,
    ModelImage,
    Parts,
    Pose,
    Reference,
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
from .show.live import LiveShow, run
from .show.scripting import RenderedFrame, render, track

__all__ = [
    "FACE_RINGS",
    "PART_NAMES",
    "AudioFeatures",
    "Bool",
    "Box",
    "Choice",
    "Classification",
    "Color",
    "Detection",
    "Detections",
    "Effect",
    "Face",
    "FaceCover",
    "FaceMesh",
    "File",
    "Float",
    "Frame",
    "Hand",
    "Int",
    "Label",
    "Landmarks",
    "Line",
    "LiveShow",
    "Mask",
    "Media",
    "Mesh",
    "Model",
    "ModelImage",
    "Observation",
    "Parts",
    "Pass",
    "PhospheneError",
    "Point",
    "Pose",
    "Reference",
    "RenderedFrame",
    "Sprites",
    "Text",
    "Texture",
    "Triangles",
    "Uniform",
    "__version__",
    "face_mesh",
    "face_signals",
    "read_model",
    "render",
    "run",
    "skin_of",
    "track",
]
