"""The options of a run: one table for the command line and for Python, and every value checked by it."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.commands.cli import build_parser
from phosphene.engine.commands.options import add_options, options_from
from phosphene.engine.core.errors import UsageError
from phosphene.engine.show.live import run
from phosphene.engine.show.options import OPTIONS, RunOptions, parse_setting, run_options
from phosphene.engine.show.scripting import render, track

# What only one of the two says: the input is positional in Python, and some are for people at a terminal.
NOT_OPTIONS = {"scene", "frames", "trackers"}


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(commands.choices)


@pytest.mark.parametrize("call", [render, track, run], ids=lambda call: call.__name__)
def test_the_arguments_of_python_are_those_options(call: Callable[..., Any]) -> None:
    """Name and default: what a function leaves out means the same as what the table says."""
    for name, parameter in inspect.signature(call).parameters.items():
        if name in NOT_OPTIONS:
            continue
        assert name in OPTIONS, name
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if parameter.default is not inspect.Parameter.empty:
            assert OPTIONS[name].check(parameter.default) == OPTIONS[name].default, name


def test_every_option_of_the_command_line_is_one_of_python_too() -> None:
    """But for those that are about a terminal or a window, and a take, which is a recorded run."""
    known = set(inspect.signature(run).parameters)
    typed = {name for name, option in OPTIONS.items() if option.flags}
    assert typed - known == {"hud", "take"}


def test_every_command_has_options_as_the_table_says() -> None:
    """A flag means the same in each command. `measure` writes tables, and `bench` takes several of each."""
    flags = {flag: name for name, option in OPTIONS.items() for flag in option.flags}
    for command, parser in parsers().items():
        for action in parser._actions:
            for flag in set(flags).intersection(action.option_strings):
                if (command, flag) not in {("measure", "--output"), ("measure", "-o")}:
                    assert action.dest == flags[flag], (command, flag)
                    several = isinstance(action, argparse._AppendAction)
                    assert several == OPTIONS[action.dest].kind.repeats or command == "bench", (command, flag)


def test_what_is_typed_and_what_is_given_are_the_same() -> None:
    parser = argparse.ArgumentParser()
    add_options(
        parser, "size", "fps", "seed", "parameters", "models", "effects", "flash_guard", "rotate", "seconds", "sync",
        "transition_s", "record_take", "overwrite",
    )  # fmt: skip
    words = (
        "--size 64x48 --fps 25 --seed 3 --set amount=0.5 --set ink=orange --model signs=a.tflite --effects mine "
        "--flash-guard off --rotate 90 --seconds 2 --sync latest --transition-time 0 --record-take there --overwrite"
    )
    typed = parser.parse_args(words.split())
    given = run_options(
        "duotone", size=(64, 48), fps=25, seed=3, parameters={"amount": "0.5", "ink": "orange"},
        models={"signs": "a.tflite"}, effects="mine", flash_guard=False, rotate=90, seconds=2.0, sync="latest",
        transition_s=0, record_take=Path("there"), overwrite=True,
    )  # fmt: skip
    assert options_from(typed, scenes=["duotone"]) == given
    assert options_from(argparse.Namespace(), scenes="mirror") == run_options("mirror")


def test_numbers_of_numpy_and_paths_are_taken(tmp_path: Path) -> None:
    made = run_options(
        tmp_path / "s.toml", parameters={"amount": np.float32(0.5), "picture": tmp_path}, seed=np.int64(3)
    )
    assert made.scene.names == (str(tmp_path / "s.toml"),)
    assert made.scene.parameters == (("amount", 0.5), ("picture", str(tmp_path)))
    assert [type(value) for _, value in made.scene.parameters] == [float, str]
    assert made.scene.seed == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (8, 8)}, {"size": (640,)}, {"size": "640x480"}, {"size": (64.5, 48)}, {"size": 3},
        {"fps": 0}, {"fps": "fast"}, {"fps": float("inf")}, {"seconds": -1.0}, {"seconds": float("nan")},
        {"rotate": 45}, {"rotate": True}, {"seed": -1}, {"seed": 0.5}, {"sync": "now"}, {"pace": "slow"},
        {"flash_guard": "off"}, {"overwrite": 1}, {"quality": 3}, {"parameters": {3: 1}}, {"parameters": 3},
        {"models": {"a": 3}}, {"effects": 3}, {"outputs": [3]}, {"transition_s": -1}, {"every_s": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_named_with_what_can(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=f"^{name}=") as reported:
        run_options("mirror", **wrong)
    assert reported.value.hint.startswith("give ")


def test_an_unknown_option_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown option 'secnods'") as reported:
        run_options("mirror", secnods=3)
    assert "seconds" in reported.value.hint


def test_options_that_are_changed_leave_the_others_as_they_were() -> None:
    first = run_options("mirror", "demo", ["null"], seconds=2.0)
    second = first.changed(size=(64, 48), outputs="out.mp4")
    assert (first.input.size, first.output.specs) == (None, ("null",))
    assert (second.input.size, second.output.specs, second.pace.seconds) == ((64, 48), ("out.mp4",), 2.0)
    assert second.input.spec == "demo"
    assert RunOptions().changed() == RunOptions()


def test_every_option_says_what_it_is() -> None:
    for name, option in OPTIONS.items():
        assert option.doc, name
        assert option.check(option.default) == option.default, name


@pytest.mark.parametrize(
    ("text", "pair"),
    [("a=1", ("a", "1")), (" a = b ", ("a", "b")), ("a=b=c", ("a", "b=c")), ("a=", ("a", "")),
     ("l/e.p=#fff", ("l/e.p", "#fff"))],
)  # fmt: skip
def test_a_setting_is_an_address_and_a_value(text: str, pair: tuple[str, str]) -> None:
    assert parse_setting(text) == pair


@pytest.mark.parametrize("text", ["", "a", "=1", " =1"])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(UsageError):
        parse_setting(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1280x720", (1280, 720)), ("640X480".lower(), (640, 480)), (" 16x16 ", (16, 16)), ("8192×8192", (8192, 8192))],
)
def test_a_size_is_width_and_height(text: str, found: tuple[int, int]) -> None:
    assert OPTIONS["size"].kind.parse(text) == found


@pytest.mark.parametrize("text", ["", "x", "1280", "1280x", "-1x5", "15x16", "8193x16", "1.5x20", "1280x720x3"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        OPTIONS["size"].kind.parse(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e9", "x"])
def test_what_is_no_number_above_zero(text: str) -> None:
    with pytest.raises(ValueError, match="not a number above 0"):
        OPTIONS["seconds"].kind.parse(text)
