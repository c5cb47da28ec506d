"""A night with fireflies: a source, a tracker, an effect that needs that tracker, and a sink, for entry points."""

from pathlib import Path

import cv2
import numpy as np

from phosphene import (
    Effect,
    Float,
    Frame,
    Landmarks,
    Observation,
    Parametrized,
    Pixels,
    Sink,
    SinkError,
    Source,
    SourceError,
    Tracker,
    Uniform,
)


class Fireflies(Source):
    """Points of light that wander in the dark, for ever; `fireflies:20` for so many."""

    endless = True

    def __init__(self, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> None:
        if rest and not rest.isdigit():
            raise SourceError(f"'fireflies:{rest}' is not understood", hint="write fireflies:20")
        self.size, self.fps = size or (640, 360), fps or 30.0
        self._paths = np.random.default_rng(1).uniform(0.3, 1.7, (int(rest or 8), 4))
        self._next = 0

    def read(self) -> Frame:
        """The next frame; one light is brighter than the others."""
        number, self._next = self._next, self._next + 1
        time_s = number / (self.fps or 30.0)
        night: Pixels = np.full((self.size[1], self.size[0], 3), (6, 8, 20), np.uint8)
        for firefly, (a, b, c, d) in enumerate(self._paths):
            x = (0.5 + 0.4 * np.sin(a * time_s + 9 * c)) * self.size[0]
            y = (0.5 + 0.4 * np.sin(b * time_s + 9 * d)) * self.size[1]
            light = (255, 250, 180) if firefly == 0 else (150, 160, 60)
            cv2.circle(night, (round(x), round(y)), max(1, self.size[1] // 60), light, -1, cv2.LINE_AA)
        return Frame(number, time_s, night)


class Brightest(Parametrized, Tracker):
    """The brightest place of each frame."""

    blur = Float(0.02, 0.0, 0.5, "how large a place is, in parts of the frame's width")

    def __init__(self, **values: float) -> None:
        for name, value in values.items():
            self.set(name, value)

    def track(self, frame: Frame) -> Landmarks:
        """One point in uv, and how bright it is."""
        grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
        width = max(1, round(self.blur * frame.size[0])) | 1
        _, highest, _, (x, y) = cv2.minMaxLoc(cv2.GaussianBlur(grey, (width, width), 0))
        point = [(x + 0.5) / frame.size[0], (y + 0.5) / frame.size[1], 0.0]
        return Landmarks(frame.id, np.array([point], np.float32), np.array([highest / 255], np.float32))


class Halo(Effect):
    """A halo round the brightest place."""

    needs = ("brightest",)
    radius = Float(0.12, 0.01, 0.5, "in heights of the picture")
    place = Uniform("vec2")
    glsl = """
    vec4 effect(vec2 uv) {
        float away = length((uv - place) * vec2(size_px.x / size_px.y, 1.0)) / radius;
        return frame_here() + vec4(0.5, 0.45, 0.15, 0.0) * exp(-away * away);
    }"""

    def update(self, observation: Observation, dt: float) -> None:
        """Takes the place from what the tracker found in this very frame."""
        found = observation.results.get("brightest")
        if isinstance(found, Landmarks):
            self.place = (float(found.points[0, 0]), float(found.points[0, 1]))


class LightLog(Sink):
    """Writes the mean brightness of every frame into a table: `light-log:light.csv`."""

    def __init__(self, rest: str, *, size: tuple[int, int], fps: float) -> None:
        if not rest:
            raise SinkError("a light log needs the name of a table", hint="write light-log:light.csv")
        self._path = Path(rest)
        self._rows = ["time_s,brightness"]

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes one frame."""
        self._rows.append(f"{time_s:.3f},{image[..., :3].mean():.3f}")

    def close(self) -> None:
        """Writes the table."""
        self._path.write_text("\n".join(self._rows) + "\n", encoding="utf-8")
