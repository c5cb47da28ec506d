"""A first effect: a few lines of GLSL with one colour and one number to turn, drawn over an image.

To run it:

    python examples/first_effect.py                       # the built-in portrait, into first_effect.png
    python examples/first_effect.py photo.jpg warm.png
"""

import sys

from PIL import Image

from phosphene import Color, Effect, Float, Layer, Renderer, Scene, open_source


class Warm(Effect):
    """Evening light over everything."""

    light = Color("#ffb066", "colour of the light")
    amount = Float(0.8, 0.0, 1.0, "how much of it")
    glsl = """
    vec4 effect(vec2 uv) {
        vec4 c = frame(uv);
        return vec4(c.rgb * mix(vec3(1.0), light, amount), c.a);
    }"""


def main(image: str = "demo", out: str = "first_effect.png") -> None:
    """Draws the first frame of `image` with the effect."""
    layer = Layer("photo")
    layer.effects["warm"] = Warm()
    with open_source(image) as source, Renderer(Scene("evening", layers=[layer])) as renderer:
        frame = source.read()
        assert frame is not None, "an input has at least one frame"
        Image.fromarray(renderer.render(frame).rgb).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
