"""Draws every scene on the built-in portrait and writes a page that shows them.

This is how docs/gallery.md is made."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.commands.demo import DEMO_BINDINGS
from engine.registry import Registry
from engine.session import Wishes, play

HELP = "draw every scene on the built-in portrait, as a page"
MOMENT_S = 2.0
# More than one picture where a scene has more than one face.
VARIANTS: dict[str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = {
    "teleport": (
        ("", ()),
        ("into a dawn", (("hour", "0.0"),)),
        ("before a plain colour", (("kind", "color"), ("place.color", "#0e6b5c"))),
    ),
    "laser-eyes": (("", ()), ("in green, wider", (("laser-eyes.color", "#2bff5e"), ("width", "1.8")))),
    "mirror": (("", (("mode", "left"),)),),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("scene", nargs="*", help="only these scenes (default: all); the page is then left alone")
    parser.add_argument("--out", default="docs", metavar="DIR", help="where gallery.md and gallery/ go (default: docs)")
    parser.add_argument("--input", default="demo", metavar="IN", help="another input (default: the portrait)")


def run(options: argparse.Namespace) -> int:
    """Draws the pictures, then the page."""
    from engine.sinks.contact_sheet import ContactSheet

    scenes = Registry().scenes()
    out = Path(options.out)
    (out / "gallery").mkdir(parents=True, exist_ok=True)
    page = ["# Gallery", "", "Every scene on the built-in portrait, drawn by `phosphene gallery`.", ""]
    for name, entry in scenes.items():
        if options.scene and name not in options.scene:
            continue
        page += [f"## {name}", "", entry.doc, ""]
        for index, (words, settings) in enumerate(VARIANTS.get(name, (("", ()),))):
            file = out / "gallery" / f"{name}{f'-{index}' if index else ''}.jpg"
            wishes = Wishes(name, options.input, ["null"], size=(960, 540), seconds=MOMENT_S + 0.1, settings=settings)
            wishes.bindings = DEMO_BINDINGS.get(name, ())
            play(wishes, extra_sinks=[ContactSheet(str(file), [MOMENT_S], width=960)])
            print(f"wrote {file}", file=sys.stderr)
            arguments = "".join(f" --set {a}={v}" for a, v in settings)
            page += [f"![{name} {words}](gallery/{file.name})".replace(" ]", "]"), ""]
            page += [f"`phosphene demo {name}{arguments}`" + (f" ({words})" if words else ""), ""]
    if not options.scene:
        (out / "gallery.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
        print(f"wrote {out / 'gallery.md'}", file=sys.stderr)
    return 0
