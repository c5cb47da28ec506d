"""One image: a scene drawn over a photo, once for each of several values of a parameter.

To run it:

    python examples/one_image.py                          # the built-in portrait, into lasers_….png
    python examples/one_image.py photo.jpg
"""

import sys

from PIL import Image

import phosphene


def main(image: str = "demo", out: str = "lasers") -> None:
    """Looks at the photo once, and draws it three times."""
    with phosphene.Renderer("laser-eyes", parameters={"trigger": "always"}) as renderer:
        needs = sorted(renderer.scene.needs())
        seen = next(phosphene.track(needs, image, size=(640, 360), seconds=1))
        for name, color in {"red": "#ff2020", "green": "#20ff40", "blue": "#3060ff"}.items():
            renderer.scene.set("color", color)
            Image.fromarray(renderer.render(seen).rgb).save(f"{out}_{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
