"""The command line: finds the command, runs it, and reports errors in plain sentences.

Exit codes: 0 fine, 1 failed, 2 wrong usage, 128 + a signal's number where that cut it short.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..core.errors import PhospheneError, UsageError, near_names, suggestion
from ..core.paths import in_words, is_explained
from ..core.standard_streams import standard_streams
from ..core.version import __version__
from .output import check_json

# What help says of each. Its module is imported where that very command is asked for: others may take a while.
COMMANDS = {
    "run": "run a scene",
    "demo": "laser eyes on a built-in portrait, no camera needed",
    "studio": "everything from a page in your browser",
    "list": "scenes, effects, transitions, sources, sinks and trackers",
    "show": "the parameters of an effect, a scene or a tracker",
    "doctor": "say what this machine has, what it lacks, and what to do",
    "models": "list the tracker models, fetch them, check them",
    "gallery": "draw every scene, effect and transition on the built-in portrait, as a page",
    "check": "judge effect files: do they compile, draw and repeat?",
    "new": "make a working effect to start from, with a test and a scene",
    "teach": "teach a model your own classes",
    "bench": "measure against naive loops and the bare models",
    "score": "score mattes and landmarks against ground truth",
    "soak": "play for long while everything round the show fails by plan",
    "measure": "measure people in photos and clips",
}

INTRO = """\
Real-time AR and creative effects: camera in, trackers, GLSL scenes, window, virtual camera or file out.
Everything is computed on this machine; nothing leaves it."""

EXAMPLES = """\
examples:
  phosphene demo                                          laser eyes on a built-in portrait, no camera needed
  phosphene studio                                        everything from a page in your browser
  phosphene run laser-eyes                                your camera, in a window
  phosphene run teleport --output virtual-camera          pick "Phosphene" as the camera in your call
  phosphene run teleport --set picture=beach.jpg          into a place of your own
  phosphene run duotone --input clip.mp4 --output out.mp4 a file, frame by frame, with its sound
  phosphene list                                          scenes, effects, sources, sinks
  phosphene show laser-eyes                               its parameters, with range and default
  phosphene doctor                                        what works on this machine and what to do about the rest
"""


class Parser(argparse.ArgumentParser):
    """Reports wrong usage in two lines, what and what next; suggests the nearest word where one is mistyped."""

    def error(self, message: str) -> NoReturn:
        next_step = f"`{self.prog} --help` shows how to use it"
        if wrong := re.search(r"argument (.+): invalid choice: '?(.*?)'? \(choose from (.*)\)$", message):
            what, typed, choices = wrong.groups()
            message = f"unknown {what} '{typed}'" if what == "command" else f"{what}: '{typed}' is not a valid choice"
            next_step = suggestion(typed, re.findall(r"[\w.-]+", choices)) or next_step
        self.exit(2, f"{self.prog}: {message}\n  next: {next_step}\n")

    def refuse(self, extra: Sequence[str]) -> NoReturn:
        """Ends with what could not be understood, and the nearest option."""
        option = next((text for text in extra if text.startswith("-")), "")
        if not option:
            self.error(f"unexpected argument '{extra[0]}'")
        typed = option.partition("=")[0]
        near = near_names(typed.lstrip("-"), re.findall(r"--([\w-]+)", self.format_usage()))
        next_step = f"did you mean '--{near[0]}'?" if near else f"`{self.prog} --help` lists the options"
        self.exit(2, f"{self.prog}: unknown option '{typed}'\n  next: {next_step}\n")


class LogFormatter(logging.Formatter):
    """The level stands before what went wrong; what merely happened (a file was reloaded) is written as it is."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno == logging.INFO else f"{record.levelname}: {text}"


def build_parser(asked: str | None = None) -> Parser:
    """The parser of every command; `asked`: only that one knows its options."""
    parser = Parser(
        prog="phosphene", description=INTRO, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"phosphene {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", parser_class=Parser)
    for name, about in COMMANDS.items():
        sub = commands.add_parser(name, help=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        if asked in (None, name):
            module = importlib.import_module(f"phosphene.engine.commands.{name}")
            sub.description = module.__doc__ or about
            sub.add_argument("--debug", action="store_true", help="show tracebacks and debug messages")
            module.add_arguments(sub)
            sub.set_defaults(module=module, parser=sub)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    with standard_streams() as printed:
        try:
            code = command(arguments)
            printed.flush()
        except SystemExit as end:  # of --help and of wrong usage
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
            with contextlib.suppress(OSError):
                printed.flush()
        except KeyboardInterrupt:
            print("phosphene: stopped", file=sys.stderr)
            return 130
        except OSError as error:
            if error is not printed.failed:
                raise
            code = 0
        if printed.failed is None or isinstance(printed.failed, BrokenPipeError):
            return code  # whoever read it (head, less) has gone, and wants no more
        why = in_words(printed.failed).message
        print(f"phosphene: the output could not be written: {why}", file=sys.stderr)
        return code or 1


def command(arguments: Sequence[str] | None) -> int:
    """Finds the command and runs it; what a user can fix is reported in a sentence."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = build_parser(next(iter(arguments), ""))
    options, extra = parser.parse_known_args(arguments)
    if extra:
        getattr(options, "parser", parser).refuse(extra)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    log_to_standard_error(options.debug)
    try:
        check_working_folder()
        for place in (getattr(options, "json", None), getattr(options, "stats_json", None)):
            check_json(place)  # before hours of work, not after them
        return int(options.module.run(options))
    except PhospheneError as error:
        return fail(error, debug=options.debug)
    except OSError as error:
        if error is getattr(sys.stdout, "failed", None) or not is_explained(error):
            raise
        return fail(in_words(error), debug=options.debug)


def fail(error: PhospheneError, *, debug: bool) -> int:
    """Reports `error`; returns the exit code."""
    if debug:
        logging.getLogger("phosphene").exception("failed")
    print(f"phosphene: {error}", file=sys.stderr)
    return 2 if isinstance(error, UsageError) else 1


def log_to_standard_error(debug: bool) -> None:
    """What happens meanwhile is logged there."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter())
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("phosphene").setLevel(logging.DEBUG if debug else logging.INFO)
    for noisy in ("matplotlib", "PIL", "libav"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def check_working_folder() -> None:
    """Raises UsageError where the folder in which we stand is gone: no path that is typed would mean anything."""
    try:
        Path.cwd()
    except OSError as error:
        raise UsageError(
            f"the working folder does not exist or cannot be read ({error.strerror})",
            hint="change to a folder that exists, and try again",
        ) from error
