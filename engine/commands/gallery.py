"""Draws every scene, effect and transition on the built-in portrait and writes a page that shows them.

This is how docs/gallery.md is made."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ..core.errors import PhospheneError, SinkError, unknown_name
from ..core.files.put import check_free, write_whole
from ..core.files.target import Target
from ..core.paths import check_new_folder, named
from ..scene.registry import registry_with
from ..show.options import RunOptions, run_options
from ..show.session import play
from .demo import DEMO_BINDINGS
from .options import add_effects, add_option, add_overwrite

MOMENT_S = 2.0
ONE_EFFECT = 'title = "{name}"\n\n[[layer]]\nsource = "camera"\neffects = [{{ use = "{name}" }}]\n'
# More than one image where a scene has more than one face.
VARIANTS: dict[str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = {
    "teleport": (
        ("", ()),
        ("into a dawn", (("hour", "0.0"),)),
        ("before a plain colour", (("kind", "color"), ("place.color", "#0e6b5c"))),
    ),
    "laser-eyes": (("", ()), ("in green, wider", (("laser-eyes.color", "#2bff5e"), ("width", "1.8")))),
    "mirror": (("", (("mode", "left"),)),),
    "glasses": (("", (("tint", "1"),)),),
    "face-paint": (("", ()), ("in facets", (("design", "facets"),))),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "name", nargs="*", help="only these scenes, effects and transitions; the page is then left alone"
    )
    parser.add_argument("--out", default="docs", metavar="DIR", help="where gallery.md and gallery/ go (default: docs)")
    add_option(parser, "input", default="demo", help="another input (default: the portrait)")
    add_effects(parser, "a folder with effects of your own")
    add_overwrite(parser)


def run(options: argparse.Namespace) -> int:
    """Draws the images, then the page."""
    check_new_folder(options.out)
    out = named(options.out)
    if not options.name:
        check_free(out / "gallery.md", overwrite=options.overwrite)
    folders = [named(f) for f in options.effects]
    gallery = Gallery(out, options.input, options.name, folders, overwrite=options.overwrite)
    page = ["# Gallery", "", "Everything on the built-in portrait, drawn by `phosphene gallery`."]
    for title, doc, entries in (
        ("Scenes", "", gallery.scenes()),
        ("Effects", "Effects of which there is no scene of the same name, alone on the camera.", gallery.effects()),
        ("Transitions", "From laser-eyes to teleport.", gallery.transitions()),
    ):
        lines = list(entries)
        if lines:
            page += ["", f"## {title}", *(["", doc] if doc else []), *lines]
    if not options.name:
        write_whole(out / "gallery.md", ("\n".join(page) + "\n").encode("utf-8"), overwrite=options.overwrite)
        print(f"wrote {out / 'gallery.md'}", file=sys.stderr)
    if gallery.failed:
        print(f"not drawn: {', '.join(gallery.failed)}", file=sys.stderr)
    return 1 if gallery.failed else 0


class Gallery:
    """Draws images into the folder `gallery` of `out` and gives the lines of the page that shows them.

    `names`: only these; empty for all. What cannot be drawn is named in `failed`, and in the page with the reason.
    Raises SinkError where nothing can be written, or an image is there already and not to be replaced; UsageError for
    an unknown name.
    """

    def __init__(
        self,
        out: Path,
        source: str,
        names: Collection[str],
        effect_folders: Sequence[Path],
        *,
        overwrite: bool = False,
    ) -> None:
        self.overwrite = overwrite
        self.folder, self.source, self.names = out / "gallery", source, names
        self.effect_folders = effect_folders
        self.registry = registry_with(effect_folders)
        self.failed: list[str] = []
        known = {*self.registry.scenes(), *self.registry.effects(), *self.registry.transitions()}
        for name in names:
            if name not in known:
                raise unknown_name("scene, effect or transition", name, sorted(known))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot be created: {error.strerror}", where=str(self.folder)) from error

    def wanted(self, name: str) -> bool:
        """Whether `name` shall be drawn."""
        return not self.names or name in self.names

    def scenes(self) -> Iterator[str]:
        """Every scene, with its variants."""
        for name, entry in self.registry.scenes().items():
            if not self.wanted(name):
                continue
            yield from ("", f"### {name}", "", entry.doc)
            for index, (words, settings) in enumerate(VARIANTS.get(name, (("", ()),))):
                file = f"{name}{f'-{index}' if index else ''}.jpg"
                asked = run_options(name, parameters=settings, bindings=DEMO_BINDINGS.get(name, ()))
                arguments = "".join(f" --set {a}={v}" for a, v in settings)
                yield from ("", self.draw(f"{name} {words}".strip(), file, asked))
                yield from ("", f"`phosphene demo {name}{arguments}`" + (f" ({words})" if words else ""))

    def effects(self) -> Iterator[str]:
        """Every effect of which no scene of the same name tells already."""
        shown = self.registry.scenes()
        for name, entry in self.registry.effects().items():
            if name in shown or entry.problem or not self.wanted(name):
                continue
            file = f"effect-{name}.jpg"
            with tempfile.TemporaryDirectory(prefix="phosphene-gallery-") as folder:
                scene = Path(folder) / f"{name}.toml"
                scene.write_text(ONE_EFFECT.format(name=name), encoding="utf-8")
                shown_as = self.draw(name, file, run_options(scene))
            yield from ("", f"### {name}", "", entry.doc, "", shown_as)

    def transitions(self) -> Iterator[str]:
        """Every transition, at three moments of its way."""
        for name, entry in self.registry.transitions().items():
            if entry.problem or not self.wanted(name):
                continue
            file = f"transition-{name}.jpg"
            way = run_options(
                ("laser-eyes", "teleport"), every_s=MOMENT_S, transition=name, bindings=DEMO_BINDINGS["laser-eyes"]
            )
            shown_as = self.draw(name, file, way, [MOMENT_S + part for part in (0.25, 0.5, 0.75)])
            yield from ("", f"### {name}", "", entry.doc, "", shown_as)
            yield from ("", f"`phosphene run laser-eyes teleport --transition {name}`")

    def draw(self, name: str, file: str, asked: RunOptions, moments_s: Sequence[float] = (MOMENT_S,)) -> str:
        """Plays a show up to the last moment and keeps those that are asked for; returns the page's line for it."""
        from ..sinks.contact_sheet import ContactSheet

        width = 960 if len(moments_s) == 1 else 480
        path = self.folder / file
        asked = asked.changed(
            input=self.source,
            outputs=["null"],
            size=(960, 540),
            effects=self.effect_folders,
            seconds=moments_s[-1] + 0.1,
            reports=(Target(path),),
        )
        sheet = ContactSheet(str(path), moments_s, width=width, overwrite=self.overwrite)
        try:
            play(asked, extra_sinks=[sheet])
        except SinkError:
            raise
        except PhospheneError as error:  # a model that cannot be had, say: the others are drawn
            print(f"{name}: {error}", file=sys.stderr)
            self.failed.append(name)
            return f"Not drawn: {error.message.splitlines()[0]}"
        print(f"wrote {path}", file=sys.stderr)
        return f"![{name}](gallery/{file})"
