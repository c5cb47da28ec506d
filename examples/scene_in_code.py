"""A scene made in code and saved as TOML, so that `phosphene run me.toml` shows it and anybody may go on with it.

To run it:

    python examples/scene_in_code.py                      # into me.toml
    phosphene run ./me.toml --input demo
"""

import sys
from pathlib import Path

from phosphene import Binding, Layer, Scene, load_effect, load_scene, save_scene


def main(path: str = "me.toml") -> None:
    """Two layers: the room in two inks, and the person over it as they are."""
    room = Layer("room")
    room.effects["duotone"] = load_effect("duotone")()
    person = Layer("person")
    person.cut = "person"
    scene = Scene("me", "Me in a printed room", layers=[room, person])
    scene.set("duotone.ink", "#102a43")
    scene.bind("duotone.amount", Binding("lfo.4", low_out=0.5, high_out=1.0))
    save_scene(scene, Path(path), overwrite=True)
    again = load_scene(path)
    print(f"{path}: {len(again.layers)} layers, needs {', '.join(sorted(again.needs()))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
