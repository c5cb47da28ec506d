"""What shaders read of an observation: the camera's image, mattes and landmarks, uploaded once a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from ..core.frame import Floats, Frame, Pixels
from ..core.imaging import rgba, shrunk
from ..core.observation import RESULT, Observation
from ..core.results import Face, Mask, Pose
from ..matte.maker import MatteMaker
from ..matte.matte import Matte, MatteField
from ..matte.subject import SubjectSelector
from .clean_plate_textures import CleanPlateTextures
from .gpu import Gpu
from .input_textures import LayerInput, LayerInputTextures

MAX_PEOPLE = 16
FACE_POINTS, POSE_POINTS = 478, 33


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMatte:
    """A matte, what it was made of, and its maker as it is after that."""

    mask: Mask
    frame: Frame
    maker: MatteMaker
    field: MatteField


class Inputs:
    """Textures of the frame that is being drawn. `begin` uploads the frame; the rest is uploaded when asked for."""

    def __init__(self, gpu: Gpu, size: tuple[int, int]) -> None:
        self.gpu = gpu
        self._set_size(size)
        self._choosers: dict[str, SubjectSelector] = {}  # by who is meant
        self._makers: dict[str, MatteMaker] = {}  # by quality and who is meant, as are the next two
        self._fields: dict[str, MatteField] = {}
        self._prepared: dict[str, PreparedMatte] = {}
        self._masks: dict[str, Mask | None] = {}
        self._mattes: dict[str, moderngl.Texture] = {}
        self._room: moderngl.Texture | None = None
        self._points: dict[str, moderngl.Texture] = {}
        self._fresh: set[str] = set()
        self._observation: Observation | None = None
        self._full: Frame | None = None
        self._codes: moderngl.Texture | None = None
        self._plates = CleanPlateTextures(gpu)
        self.layer_inputs = LayerInputTextures(gpu)
        self._plate: dict[str, moderngl.Texture] = {}

    def _set_size(self, size: tuple[int, int]) -> None:
        self.size = size
        self.camera = self.gpu.texture(size, srgb=True)
        self.pixels: Pixels = np.empty((size[1], size[0], 4), np.uint8)
        self._spare: Pixels = np.empty_like(self.pixels)
        self._converted: Pixels | None = None  # whose bytes are in the spare ones
        self._image_id: int | None = None  # of the frame whose pixels are uploaded

    def resize(self, size: tuple[int, int]) -> None:
        """Takes frames of another size from now on; mattes go on steadily."""
        self.gpu.release(self.camera)
        self._set_size(size)

    def begin(self, observation: Observation, full: Frame) -> None:
        """Uploads the frame of `observation`, which must have the size given; `full` is that frame as it came."""
        frame = observation.frame
        again = frame.held_from is not None and frame.image_id == self._image_id
        self._observation, self._image_id = observation, frame.image_id
        if again:
            return  # the image is held, and with it all that is made of it
        if self._converted is frame.pixels:
            self.pixels, self._spare = self._spare, self.pixels
        else:
            rgba(frame.pixels, self.pixels)
        self._converted = None
        self.camera.write(self.pixels)
        self._full = full
        self._fields.clear()
        self._masks.clear()
        self._fresh.clear()

    def codes(self) -> moderngl.Texture:
        """The camera's image as plain display codes, for foreign shaders."""
        if self._codes is None or self._codes.size != self.size:
            self.gpu.release(self._codes)
            self._codes = self.gpu.texture(self.size)
            self._fresh.discard("codes")
        if "codes" not in self._fresh:
            self._codes.write(self.pixels)
            self._fresh.add("codes")
        return self._codes

    def layer_input(self, name: str) -> LayerInput | None:
        """The image of another input than the show's own; None where there is none."""
        frame = None if self._observation is None else self._observation.results.get(f"{RESULT}{name}")
        return self.layer_inputs.get(name, frame, self.size) if isinstance(frame, Frame) else None

    def matte(self, matte: Matte, *, draft: bool = False) -> tuple[moderngl.Texture, MatteField] | None:
        """The matte of this frame in the quality of `matte`, none finer than `draft`; None where no mask is known."""
        observation = self._observation
        if observation is None or self._full is None or observation.mask is None:
            return None
        quality = "draft" if draft else matte.quality
        key = f"{quality} {matte.who}"
        if key not in self._fields:
            mask = self._mask_of(matte.who, observation)
            if mask is None:
                return None
            made = self._prepared.pop(key, None)
            if made is None or made.mask is not mask or made.frame is not self._full:
                made = self._made(key, mask, self._full)
            self._makers[key] = made.maker
            field = self._fields[key] = made.field
            height, width, parts = field.values.shape
            texture = self._mattes.get(key)
            if texture is None or (*texture.size, texture.components) != (width, height, parts):
                self.gpu.release(texture)
                texture = self._mattes[key] = self.gpu.texture((width, height), parts, dtype="f4")
            texture.write(np.ascontiguousarray(field.values))
        return self._mattes[key], self._fields[key]

    def prepare_next(self, frame: Frame, mask: Mask | None) -> None:
        """Makes the bytes of a frame that comes next, and the mattes that the frame being drawn has asked for. What is
        not asked for then leaves no trace."""
        pixels = frame.pixels if frame.size == self.size else shrunk(frame, self.size)
        rgba(pixels, self._spare)
        self._converted = pixels
        for key, drawn in self._fields.items():
            if mask is not None and key.endswith(" all"):  # who else is meant is chosen in the order of the frames
                made = self._prepared[key] = self._made(key, mask, frame)
                for shape in drawn.tiled:
                    made.field.tiles(shape)

    def _made(self, key: str, mask: Mask, frame: Frame) -> PreparedMatte:
        maker = self._makers[key].apart() if key in self._makers else MatteMaker()
        return PreparedMatte(mask, frame, maker, maker.make(mask, frame, key.split()[0]))

    def _mask_of(self, who: str, observation: Observation) -> Mask | None:
        """The mask of everybody, or of the one who is meant; None where that is not known."""
        if who == "all":
            return observation.mask
        if who not in self._masks:
            chooser = self._choosers.setdefault(who, SubjectSelector(who))
            self._masks[who] = chooser.mask(observation)
        return self._masks[who]

    def room(self, field: MatteField) -> moderngl.Texture | None:
        """The room's colours beside the edge of this frame's matte, or None where they are not known."""
        if field.room is None:
            return None
        height, width = field.room.shape[:2]
        if self._room is None or self._room.size != (width, height):
            self.gpu.release(self._room)
            self._room = self.gpu.texture((width, height), srgb=True)
            self._fresh.discard("room")
        if "room" not in self._fresh:
            self._room.write(field.room)
            self._fresh.add("room")
        return self._room

    def plate(self) -> dict[str, moderngl.Texture]:
        """The background plate's textures by their names in a shader; none where no mask is known."""
        observation = self._observation
        if observation is None or observation.mask is None:
            return {}
        if "plate" not in self._fresh:
            self._plate = self._plates.update(observation.frame, self.pixels, observation.mask)
            self._fresh.add("plate")
        return self._plate

    def faces(self) -> moderngl.Texture:
        """The face landmarks: one row a face, xyz of each point."""
        items: Sequence[Face] = () if self._observation is None else self._observation.faces
        return self._landmarks("face", FACE_POINTS, [(f.points, None) for f in items[:MAX_PEOPLE]])

    def poses(self) -> moderngl.Texture:
        """The pose landmarks: one row a body, xyz and visibility of each point."""
        items: Sequence[Pose] = () if self._observation is None else self._observation.poses
        return self._landmarks("pose", POSE_POINTS, [(p.points, p.visibility) for p in items[:MAX_PEOPLE]])

    def _landmarks(self, name: str, count: int, rows: Sequence[tuple[Floats, Floats | None]]) -> moderngl.Texture:
        texture = self._points.get(name)
        if texture is None:
            texture = self._points[name] = self.gpu.texture((count, MAX_PEOPLE), dtype="f4", smooth=False)
        if name not in self._fresh:
            table = np.zeros((MAX_PEOPLE, count, 4), np.float32)
            for row, (points, visibility) in enumerate(rows):
                table[row, :, :3] = points
                if visibility is not None:
                    table[row, :, 3] = visibility
            texture.write(table)
            self._fresh.add(name)
        return texture

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(self.camera, self._codes, self._room, *self._mattes.values(), *self._points.values())
        self._plates.release()
        self.layer_inputs.release()
        self._mattes.clear()
        self._points.clear()
