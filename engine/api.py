"""The public names, each from its room: what `import phosphene` offers.

This file is a list. Type checkers read it as the module that it is; phosphene/__init__.py reads its imports, and does
each when its name is first used.
"""

from .core.errors import (
    ControlError,
    EffectFailed,
    EffectRefused,
    GpuError,
    GpuLost,
    ModelError,
    NotAllowed,
    PhospheneError,
    SceneError,
    ShaderError,
    SinkError,
    SourceError,
    SourceRests,
    SourceSilent,
    TrackerError,
    UsageError,
)
from .core.frame import Floats, Frame, Pixels
from .core.observation import Observation
from .core.param_types import Bool, Choice, Color, File, Float, Int, Media, Point, Text
from .core.params import Parametrized
from .core.results import (
    PART_NAMES,
    AudioFeatures,
    Classification,
    Detection,
    Detections,
    Face,
    Faces,
    Hand,
    Hands,
    Landmarks,
    Mask,
    ModelImage,
    Parts,
    Pose,
    Poses,
    Reference,
    References,
)
from .core.version import __version__
from .effect.effect import Effect, Pass, Sprites, Uniform
from .effect.face_mesh import RINGS as FACE_RINGS
from .effect.face_mesh import FaceMesh, face_mesh, skin_of
from .effect.face_occlusion import FaceCover
from .effect.gltf import Model, read_model
from .effect.mesh import Mesh, Texture, Triangles
from .effect.shapes import Box, Label, Line
from .scene.binding import Binding
from .scene.layer import Layer
from .scene.scene import Scene
from .scene.signals import per_face as face_signals
from .scene.toml_write import save_scene
from .show.catalogue import (
    Listed,
    list_effects,
    list_models,
    list_scenes,
    list_signals,
    list_sinks,
    list_sources,
    list_trackers,
    list_transitions,
    load_effect,
    load_scene,
)
from .show.image_renderer import Renderer
from .show.live import LiveShow, run
from .show.scripting import RenderedFrame, render, track
from .sinks import open_sink
from .sinks.base import Sink
from .sources import open_source
from .sources.base import Source
from .trackers import open_tracker
from .trackers.base import Tracker

__all__ = [
    "FACE_RINGS",
    "PART_NAMES",
    "AudioFeatures",
    "Binding",
    "Bool",
    "Box",
    "Choice",
    "Classification",
    "Color",
    "ControlError",
    "Detection",
    "Detections",
    "Effect",
    "EffectFailed",
    "EffectRefused",
    "Face",
    "FaceCover",
    "FaceMesh",
    "Faces",
    "File",
    "Float",
    "Floats",
    "Frame",
    "GpuError",
    "GpuLost",
    "Hand",
    "Hands",
    "Int",
    "Label",
    "Landmarks",
    "Layer",
    "Line",
    "Listed",
    "LiveShow",
    "Mask",
    "Media",
    "Mesh",
    "Model",
    "ModelError",
    "ModelImage",
    "NotAllowed",
    "Observation",
    "Parametrized",
    "Parts",
    "Pass",
    "PhospheneError",
    "Pixels",
    "Point",
    "Pose",
    "Poses",
    "Reference",
    "References",
    "RenderedFrame",
    "Renderer",
    "Scene",
    "SceneError",
    "ShaderError",
    "Sink",
    "SinkError",
    "Source",
    "SourceError",
    "SourceRests",
    "SourceSilent",
    "Sprites",
    "Text",
    "Texture",
    "Tracker",
    "TrackerError",
    "Triangles",
    "Uniform",
    "UsageError",
    "__version__",
    "face_mesh",
    "face_signals",
    "list_effects",
    "list_models",
    "list_scenes",
    "list_signals",
    "list_sinks",
    "list_sources",
    "list_trackers",
    "list_transitions",
    "load_effect",
    "load_scene",
    "open_sink",
    "open_source",
    "open_tracker",
    "read_model",
    "render",
    "run",
    "save_scene",
    "skin_of",
    "track",
]
