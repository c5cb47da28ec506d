"""Options of the command line, made of those that a run knows (engine/show/options.py)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..show.option_kinds import Kind, Number, OnOff, Switch
from ..show.options import OPTIONS, Option, RunOptions


def add_options(parser: argparse._ActionsContainer, *names: str) -> None:
    """Adds the options of these names, as a run knows them."""
    for name in names:
        add_option(parser, name)


def add_option(parser: argparse._ActionsContainer, name: str, **changes: Any) -> None:
    """Adds the option called `name` under its own flags; `changes` are arguments of argparse, such as `help`."""
    found = OPTIONS[name]
    parser.add_argument(*found.flags, **{"dest": name, "help": found.doc, **_arguments(found), **changes})


def add_effects(parser: argparse.ArgumentParser, doc: str) -> None:
    """`--effects DIR`, any number of times; engine/scene/registry.py makes a registry of them."""
    add_option(parser, "effects", help=doc)


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """`--overwrite`, without which no file that is there already is replaced."""
    add_option(parser, "overwrite")


def _arguments(option: Option) -> dict[str, Any]:
    """What argparse must know of an option, besides its flags."""
    kind = option.kind
    if isinstance(kind, Switch) and not kind.choices:
        return {"action": "store_true"}
    named = {} if option.metavar is None else {"metavar": option.metavar}
    if kind.repeats:
        return {"action": "append", "default": [], **named}
    if kind.choices:
        return {"choices": kind.choices, "type": type(kind.choices[0]), "default": option.default, **named}
    return {"type": typed(kind.parse), "default": option.default, **named}


def typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """`parse` as argparse calls it: what it says of a wrong text stands in the error."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


positive = typed(Number().parse)


def options_from(found: argparse.Namespace, **more: Any) -> RunOptions:
    """What was typed as the options of a run; `more` are further ones by name. Raises UsageError."""
    values: dict[str, Any] = {name: _value(OPTIONS[name].kind, v) for name, v in vars(found).items() if name in OPTIONS}
    return RunOptions().changed(**{**values, **more})


def _value(kind: Kind[Any], value: Any) -> Any:
    if kind.repeats and isinstance(value, list):
        return [one for text in value for one in kind.parse(text)]
    return kind.parse(value) if isinstance(kind, OnOff) and isinstance(value, str) else value
