"""An effect of two passes: the first remembers, in a half-size target that persists; the second shows it.

To run it:

    python examples/multi_pass_effect.py                  # two seconds of the built-in portrait, into trails.mp4
"""

import sys
from itertools import islice

from phosphene import Effect, Float, Layer, Pass, Renderer, Scene, open_sink, open_source


class Trails(Effect):
    """What moves leaves a trail of light."""

    keep = Float(0.9, 0.0, 0.99, "how much of the trail is kept from frame to frame")
    passes = (
        Pass(
            "vec4 effect(vec2 uv) { return max(frame(uv), trail(uv) * keep); }",
            target="trail",
            scale=0.5,
            persistent=True,
            floats=True,
        ),
        Pass("vec4 effect(vec2 uv) { return max(frame_here(), trail(uv)); }"),
    )


def main(video: str = "demo", out: str = "trails.mp4", frames: str = "60") -> None:
    """Draws so many frames of `video` into a file."""
    layer = Layer("camera")
    layer.effects["trails"] = Trails()
    with (
        open_source(video, size=(320, 180)) as source,
        open_sink(out, size=source.size, fps=source.fps or 30.0) as sink,
        Renderer(Scene("trails", layers=[layer])) as renderer,
    ):
        for frame in islice(iter(source.read, None), int(frames)):
            sink.write(renderer.render(frame).premultiplied, frame.time_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
