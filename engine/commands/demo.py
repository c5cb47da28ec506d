"""Shows what Phosphene does, on a built-in portrait: no camera needed.

In a window where there is a screen; else it writes a video and a contact sheet and says where."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..core.files.target import NUMBER, Target
from ..core.paths import named, resolved
from ..show.interrupt import is_terminal
from ..show.options import WINDOW
from ..show.session import play
from ..sinks import FILES, check_twice, split_spec
from .options import add_option, options_from
from .output import check_json, write_json
from .run import add_common, progress_bar, reports_of

SECONDS = 6.0
OWN, OWN_SHEET = "phosphene-demo.mp4", "phosphene-demo.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("scene", nargs="?", default="laser-eyes", help="another scene to show (default: laser-eyes)")
    add_option(parser, "input", default="demo", help="another input (default: the portrait)")
    add_option(parser, "outputs", help="window, or a video file to write")
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    """Runs the demo."""
    from ..sinks.contact_sheet import ContactSheet
    from ..sinks.window import display_present

    outputs = options.outputs or ([WINDOW] if display_present() else [OWN])
    check_twice(outputs)
    check_json(options.json, options.stats_json)
    asked = options_from(
        options,
        scenes=options.scene,
        outputs=outputs,
        bindings=DEMO_BINDINGS.get(options.scene, ()),
        overwrite=options.overwrite or outputs == [OWN],  # nobody else calls a file so
        reports=reports_of(options),
    )
    sheets = []
    if WINDOW not in outputs:
        seconds = asked.pace.seconds or SECONDS
        path = sheet_beside(outputs[0])
        asked = asked.changed(seconds=seconds, reports=(*asked.output.reports, Target(path)))
        moments = [seconds * (i + 0.5) / 6 for i in range(6)]
        sheets.append(ContactSheet(str(path), moments, overwrite=asked.output.overwrite or path.name == OWN_SHEET))
    elif not options.quiet:
        print("Esc or Q quits, ? lists the keys", file=sys.stderr)
    with progress_bar(bool(sheets) and not options.quiet and is_terminal()) as progress:
        stats = play(asked, progress=progress, extra_sinks=sheets)
    if options.json:
        write_json(stats.reports, options.json)
    if options.stats_json:
        write_json(stats.table(), options.stats_json)
    for path in stats.files:
        print(f"wrote {resolved(path)}")
    print(f"{stats.frames_out} frames at {stats.fps:.1f} fps ({options.scene})")
    return 0


def sheet_beside(output: str) -> Path:
    """Where the contact sheet of an output goes: beside a file, under its name."""
    kind, name, _ = split_spec(output)
    if kind not in FILES:
        return Path(OWN_SHEET)
    path = named(name)
    if kind == "video" or not path.suffix:
        return path.with_suffix(".png")
    return path.with_name(NUMBER.sub("", path.stem).rstrip("_-. ") + "-sheet.png")


# Nobody opens the mouth in the portrait, so in the demo the lasers fire in waves.
DEMO_BINDINGS = {"laser-eyes": (("laser-eyes.fire", {"from": "lfo.4"}),)}
