"""Opens the studio: a page in the browser from which everything is controlled, with your picture live.

It takes the first camera, or a built-in portrait where there is none, and every scene that this machine can show.
Quit on the page, or Ctrl-C here, ends it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.errors import PhospheneError, SourceError
from ..show.interrupt import is_terminal
from ..show.session import play, registry_for
from ..sinks import check_twice
from .demo import DEMO_BINDINGS
from .options import add_option, add_options, options_from

if TYPE_CHECKING:
    from ..scene.registry import Registry
    from ..show.frame_hooks import Drawn

PORT = 8770
FIRST = "laser-eyes"
CAMERA, PORTRAIT = "camera", "demo"
USUAL = frozenset({"face", "pose", "person"})  # trackers whose models are fetched where they are missing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_option(
        parser,
        "scenes",
        action="store",
        metavar="scene",
        nargs="*",
        help=f"the scene that is shown first, or the only ones of several (default: all, {FIRST} first)",
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"port of the page (default: {PORT})")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    add_option(parser, "input", default=None)
    add_option(parser, "outputs", help="an output beside the page, such as virtual-camera or out.mp4")
    add_options(
        parser, "size", "fps", "rotate", "parameters", "models", "sound", "seconds", "quality", "flash_guard", "seed",
        "effects", "transition", "transition_s", "overwrite", "midi", "learn", "osc", "tracks", "vmc",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Runs the studio to its end."""
    panel = f"{options.port}{'' if options.no_browser else ':browser'}"
    given, options.scenes = options.scenes, [FIRST]
    options.input = (wanted := options.input) or (CAMERA if may_have_camera() else PORTRAIT)
    asked = options_from(options, panel=panel, pace="live")
    check_twice(asked.output.specs)
    names, left_out = scenes_for(given, registry_for(asked))
    moved = DEMO_BINDINGS.get(names[0], ()) if options.input == PORTRAIT else ()
    asked = asked.changed(scenes=names, bindings=moved)
    for name, why in left_out.items():
        print(f"without {name}: {why}", file=sys.stderr)
    if wanted is None and options.input == PORTRAIT:
        print("There is no camera, so a built-in portrait is shown.", file=sys.stderr)
    if is_terminal():
        print("It takes a moment. Ctrl-C ends it.", file=sys.stderr)
    begun: list[bool] = []  # something as soon as there was an image

    def drawn(image: Drawn) -> bool:
        if not begun:
            begun.append(image.live)
        return True

    try:
        play(asked, on_image=drawn)
    except SourceError as error:
        if wanted is not None or asked.input.spec != CAMERA or begun:
            raise
        print(f"The camera cannot be used, so a built-in portrait is shown.\n{error}", file=sys.stderr)
        play(asked.changed(input=PORTRAIT))
    return 0


def may_have_camera() -> bool:
    """Whether there may be a camera: only on Linux is that known without opening one."""
    from ..sources.cameras import SYSFS, list_cameras

    return bool(list_cameras()) or not (SYSFS.is_dir() or sys.platform.startswith("linux"))


def scenes_for(given: Sequence[str], registry: Registry) -> tuple[list[str], dict[str, str]]:
    """The scenes of the show, the first of them first; and why each of the others is left out.

    Several that are given are the only ones. Scenes that need a large model which is not on this machine are left out.
    """
    if len(given) > 1:
        return list(given), {}
    first = given[0] if given else FIRST
    names, left_out = [first], {}
    for name, entry in registry.scenes().items():
        if name == first or entry.problem:
            continue
        if why := why_not(name, registry):
            left_out[name] = why
        else:
            names.append(name)
    return names, left_out


def why_not(name: str, registry: Registry) -> str:
    """Why a scene cannot be shown at once; empty where it can."""
    from ..models import store as models
    from ..scene.toml_read import load_scene
    from ..trackers import models_of

    try:
        scene = load_scene(name, registry)
        for tracker in sorted(scene.needs() - USUAL):
            for model in models_of(tracker, scene.tracker_params(tracker)):
                if not models.state(model).ready:
                    return f"it needs the model {model} (phosphene models --fetch {model})"
    except PhospheneError as error:
        return error.message
    return ""
