"""A batch: every image of a folder drawn with one scene into another folder, with one graphics context for all.

To run it:

    python examples/batch_render.py photos looks          # in two inks
    python examples/batch_render.py photos looks mirror
"""

import sys
from pathlib import Path

from PIL import Image

import phosphene


def main(folder: str, out: str, scene: str = "duotone") -> None:
    """Draws each image; one that cannot be read is named, and the others go on."""
    Path(out).mkdir(exist_ok=True)
    with phosphene.Renderer(scene) as renderer:
        for path in sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png")):
            try:
                (seen,) = phosphene.track(sorted(renderer.scene.needs()), path)
            except phosphene.SourceError as error:
                print(error, file=sys.stderr)
                continue
            Image.fromarray(renderer.render(seen).rgb).save(Path(out) / f"{path.stem}.png")
            print(path.name)


if __name__ == "__main__":
    main(*sys.argv[1:])
