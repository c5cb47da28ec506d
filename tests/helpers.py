"""What unit and GPU tests share: small synthetic observations, scenes made in a line, and pictures drawn from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Classification, Detection, Detections, Face, Mask, Parts
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.scene import Scene

from phosphene.testing import fake_face, fake_mask, fake_observation, fake_pose

Size = tuple[int, int]


def plain(size: Size, color: tuple[int, int, int] = (120, 90, 60)) -> Pixels:
    """A picture of one colour."""
    return np.full((size[1], size[0], 3), color, np.uint8)


def noise(size: Size, seed: int = 0) -> Pixels:
    """A picture of random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


def ramp(size: Size) -> Pixels:
    """A picture that differs in every corner: red rises to the right, green downward, blue stands."""
    x, y = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    return np.stack([x, y, np.full_like(x, 77)], axis=2).astype(np.uint8)


def head(
    size: Size = (128, 96), yaw_deg: float = 0.0, distance_cm: float = 30.0, jaw_cm: float = 0.0, at_cm: Any = (0, 0)
) -> Face:
    """The face at rest as a camera sees it, turned by `yaw_deg` to the picture's right, the jaw down by `jaw_cm`."""
    from phosphene.engine.effect.face_mesh import RINGS, face_mesh
    from phosphene.engine.effect.mesh import FOCAL

    shape = face_mesh().positions.astype(np.float64)
    irises = [np.tile(shape[list(RINGS[side])].mean(axis=0), (5, 1)) for side in ("right_eye", "left_eye")]
    shape = np.concatenate([shape, *irises])
    upper = [i for ring in ("lips", "mouth") for i in RINGS[ring] if shape[i, 1] > shape[61, 1] - 0.02]
    down = np.clip((shape[61, 1] - shape[:, 1]) / 0.3, 0.0, 1.0)
    down[upper] = 0.0
    shape[:, 1] -= down * jaw_cm
    turn = math.radians(yaw_deg)
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = [[math.cos(turn), 0, math.sin(turn)], [0, 1, 0], [-math.sin(turn), 0, math.cos(turn)]]
    transform[:3, 3] = at_cm[0], at_cm[1], -distance_cm
    seen = shape @ transform[:3, :3].T + transform[:3, 3]
    aspect = size[0] / size[1]
    wide = -seen[:, 2] * 2.0 * aspect / FOCAL
    points = np.stack(
        [0.5 + seen[:, 0] / wide, 0.5 - seen[:, 1] / wide * aspect, -(seen[:, 2] + distance_cm) / wide], 1
    )
    return Face(points.astype(np.float32), {}, transform, 1)


def flat(confidence: float, frame_id: int = 0, size: Size = (64, 36)) -> Mask:
    """The same confidence everywhere."""
    return fake_mask(frame_id, size, everywhere=confidence)


def observe(
    pixels: Pixels, number: int = 0, *, mask: Mask | None = None, people: bool = False, time_s: float | None = None
) -> Observation:
    """A frame with a mask, and with a face and a body where there are `people`."""
    frame = Frame(number, number / 30 if time_s is None else time_s, pixels)
    if not people:
        return fake_observation(frame, mask=mask)
    scores = np.array([0.7, 0.2, 0.1], np.float32)
    cup = Detection("cup", 0.8, np.array([0.2, 0.3, 0.5, 0.9], np.float32))
    results = {
        "parts": Parts(number, fake_mask(number).confidence, np.full((36, 64), number % 24, np.uint8)),
        "model.objects": Detections(number, (cup,)),
        "model.what-is-this": Classification(number, ("cup", "mug", "pot"), scores, scores),
    }
    return fake_observation(frame, faces=[fake_face(frame.size)], poses=[fake_pose()], mask=mask, results=results)


def everything(size: Size, count: int = 3) -> list[Observation]:
    """A few frames with everything known, differing from one another."""
    return [observe(noise(size, number), number, mask=fake_mask(number), people=True) for number in range(count)]


def scene(*effects: Effect, private: bool | None = None, flash_guard: bool = False, **values: Any) -> Scene:
    """A scene of one camera layer with these effects, called e0, e1 …; `values` are the layer's."""
    return stack(layer(*effects, **values), private=private, flash_guard=flash_guard)


def layer(*effects: Effect, name: str = "camera", source: str = "camera", **values: Any) -> Layer:
    """A layer with these effects, called e0, e1 …"""
    made = Layer(name, source)
    for key, value in values.items():
        made.set(key, value)
    made.effects = {f"e{number}": effect for number, effect in enumerate(effects)}
    return made


def stack(*layers: Layer, private: bool | None = None, flash_guard: bool = False) -> Scene:
    """A scene of these layers, bottom to top; unguarded, so that noise is drawn as it is too."""
    return Scene("test", "Test", layers=list(layers), private=private, flash_guard=flash_guard)


def drawings(
    gpu: Gpu, made: Scene, observations: Iterable[Observation], look: Callable[[Renderer], None] | None = None
) -> Iterator[Pixels]:
    """The pictures of a scene, one by one; `look` sees the renderer after each. Everything is released at the end."""
    renderer: Renderer | None = None
    last_s: float | None = None
    try:
        for observation in observations:
            now_s = observation.frame.time_s
            renderer = renderer or Renderer(gpu, made, observation.frame.size)
            renderer.render(observation, 0.0 if last_s is None else now_s - last_s)
            last_s = now_s
            picture = renderer.read()
            if look is not None:
                look(renderer)
            yield picture
    finally:
        if renderer is not None:
            renderer.release()


def draw(gpu: Gpu, made: Scene, *observations: Observation) -> Pixels:
    """The last picture of a scene, which must draw without problems."""
    return list(drawings(gpu, made, observations, no_problems))[-1]


def no_problems(renderer: Renderer) -> None:
    """What `drawings` may look for."""
    assert renderer.problems == {}


def shader(body: str, **attributes: Any) -> Effect:
    """An effect whose pixels are `body`, an expression of `uv`; `attributes` are the class's."""
    return type("Made", (Effect,), {"glsl": glsl(body), **attributes})()


def glsl(body: str) -> str:
    """GLSL whose pixels are `body`, an expression of `uv`."""
    return f"vec4 effect(vec2 uv) {{ return {body}; }}"


def placed(x: float = 0.0, y: float = 0.0, z: float = -40.0) -> NDArray[np.float32]:
    """The transform that moves something there."""
    made = np.eye(4, dtype=np.float32)
    made[:3, 3] = x, y, z
    return made


def leaks(picture: Pixels) -> bool:
    """Whether any pixel shows the room: a green that outshines the other colours."""
    rgb = picture[..., :3].astype(int)
    return bool(((rgb[..., 1] - np.maximum(rgb[..., 0], rgb[..., 2])) > 60).any())


def to_linear(codes: NDArray[Any]) -> NDArray[np.float64]:
    """Linear light of 8-bit sRGB codes (IEC 61966-2-1)."""
    c = np.asarray(codes, np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def to_codes(light: NDArray[Any] | Sequence[float]) -> NDArray[np.float64]:
    """8-bit sRGB codes, not rounded, of linear light."""
    c = np.clip(np.asarray(light, np.float64), 0.0, 1.0)
    return 255 * np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)


def far(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The largest difference between two pictures, in 8-bit codes."""
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())
