"""A tracker of one's own: it finds the brightest place of a frame, and an effect puts a ring there.

To run it:

    python examples/own_tracker.py                        # the built-in portrait, into brightest.png

In a package, one line makes it a tracker that every effect may need by name: see examples/package.
"""

import sys

import cv2
import numpy as np
from PIL import Image

from phosphene import (
    Effect,
    Float,
    Frame,
    Landmarks,
    Layer,
    Observation,
    Parametrized,
    Renderer,
    Scene,
    Tracker,
    Uniform,
    open_source,
)


class Brightest(Parametrized, Tracker):
    """Finds the brightest place of each frame."""

    blur = Float(0.05, 0.0, 0.5, "how large a place is, in parts of the frame's width")

    def track(self, frame: Frame) -> Landmarks:
        """One point in uv."""
        grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
        width = max(1, round(self.blur * frame.size[0])) | 1
        _, highest, _, (x, y) = cv2.minMaxLoc(cv2.GaussianBlur(grey, (width, width), 0))
        point = [(x + 0.5) / frame.size[0], (y + 0.5) / frame.size[1], 0.0]
        return Landmarks(frame.id, np.array([point], np.float32), np.array([highest / 255], np.float32))


class Ring(Effect):
    """A ring round the brightest place."""

    radius = Float(0.08, 0.0, 0.5, "in heights of the picture")
    place = Uniform("vec2")
    glsl = """
    vec4 effect(vec2 uv) {
        float away = length((uv - place) * vec2(size_px.x / size_px.y, 1.0));
        float ring = smoothstep(0.012, 0.0, abs(away - radius));
        return mix(frame_here(), vec4(1.0, 0.1, 0.2, 1.0), ring);
    }"""

    def update(self, observation: Observation, dt: float) -> None:
        """Takes the place from what the tracker found in this very frame."""
        found = observation.results.get("brightest")
        self.place = (-1.0, -1.0) if found is None else (float(found.points[0, 0]), float(found.points[0, 1]))


def main(image: str = "demo", out: str = "brightest.png") -> None:
    """Tracks and draws the first frame of `image`."""
    layer = Layer("photo")
    layer.effects["ring"] = Ring()
    with open_source(image) as source, Brightest() as tracker, Renderer(Scene("ring", layers=[layer])) as renderer:
        frame = source.read()
        assert frame is not None, "an input has at least one frame"
        found = tracker.track(frame)
        print(f"brightest at x={found.points[0, 0]:.2f} y={found.points[0, 1]:.2f}")
        Image.fromarray(renderer.render(Observation(frame, {"brightest": found})).rgb).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
