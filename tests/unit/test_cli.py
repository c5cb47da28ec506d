"""The command line: exit codes, what it says when something is wrong, and what it lists."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from phosphene.engine.commands import doctor
from phosphene.engine.commands.cli import COMMANDS, EXAMPLES, LogFormatter, build_parser, main
from phosphene.engine.commands.output import table
from phosphene.engine.scene.registry import Registry

BUILT_IN = Registry([], [])


@pytest.fixture(autouse=True)
def no_folders_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    for name in ("PHOSPHENE_EFFECTS", "PHOSPHENE_SCENES"):
        monkeypatch.delenv(name, raising=False)


def called(*arguments: str) -> int:
    """The exit code."""
    try:
        return main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rn"], "did you mean 'run'"),
        (["lsit"], "did you mean 'list'"),
        (["qqqqqq"], "unknown command"),
        ([], "phosphene demo"),
        (["run"], "scene"),
        (["run", "laser-eye"], "did you mean 'laser-eyes'"),
        (["run", "qqqqqq"], "known: "),
        (["run", "nowhere.toml"], "no scene file"),
        (["run", "duotone", "--qqq=1"], "unknown option '--qqq'\n  next: `phosphene run --help`"),
        (["run", "duotone", "--inptu", "clip.mp4"], "next: did you mean '--input'?"),
        (["models", "fetch", "face"], "unexpected argument 'fetch'\n  next: `phosphene models --help`"),
        (["run", "LASER_EYES"], "did you mean 'laser-eyes'"),
        (["run", "contact-shadow"], "is an effect, not a scene"),
        (["run", "my-effects/warm.frag"], 'use = "warm"'),
        (["run", "gold_rain.py"], "'gold-rain' is an effect, not a scene"),
        (["check", "scenes/blur.toml"], "is a scene"),
        (["run", "duotone", "--effects", "/no/such/folder"], "folder not found"),
        (["run", "duotone", "--input", "demo", "--output", ""], "no output named"),
        (["run", "duotone", "--input", "", "--output", "null"], "no input named"),
        (
            ["run", "duotone", "--input", "demo", "--output", "a.mp4", "--output", "./a.mp4"],
            "is given twice",
        ),
        (["run", "duotone", "--input", "demo", "--output", "web", "--output", "web:8765"], "is given twice"),
        (["run", "duotone", "--set", "amuont=1"], "did you mean"),
        (["run", "duotone", "--set", "duotone.amount=7"], "0 … 1"),
        (["run", "duotone", "--set", "duotone.amount=x"], "expected a number"),
        (["run", "duotone", "--set", "amount"], "ADDRESS=VALUE"),
        (["run", "duotone", "--set", "=1"], "ADDRESS=VALUE"),
        (["run", "mirror", "--set", "mode=flipp"], "did you mean 'flip'"),
        (["run", "teleport", "--set", "picture=/no/such.jpg"], "no file '/no/such.jpg'"),
        (["run", "duotone", "--size", "0x0"], "is not a size"),
        (["run", "duotone", "--size", "1280"], "is not a size"),
        (["run", "duotone", "--size", "99999x99999"], "is not a size"),
        (["run", "duotone", "--fps", "0"], "not a number above 0"),
        (["run", "duotone", "--fps", "nan"], "not a number above 0"),
        (["run", "duotone", "--seconds", "-1"], "not a number above 0"),
        (["run", "duotone", "--pace", "slow"], "known: exact, live"),
        (["run", "duotone", "--sync", "never"], "known: frame, latest"),
        (["run", "duotone", "--seed", "-1"], "seed"),
        (["run", "duotone", "--seed", "x"], "seed"),
        (["run", "mirror", "--input", "dmeo", "--output", "null"], "did you mean 'demo'"),
        (["run", "mirror", "--input", "testcard", "--seconds", "1", "--output", "nul"], "did you mean 'null'"),
        (["show", "laser-eye"], "did you mean 'laser-eyes'"),
        (["show", ""], "unknown"),
        (["list", "scense"], "did you mean 'scenes'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_told_and_is_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(*arguments) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert "Traceback" not in caught.err
    assert not arguments or len(caught.err.splitlines()) <= 3
    assert caught.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "mirror", "--input", "nothing.mp4", "--output", "null"], "nothing.mp4"),
        (["run", "mirror", "--input", "/no/such/folder/a.mp4", "--output", "null"], "folder not found"),
        (["run", "mirror", "--input", __file__, "--output", "null"], "test_cli.py"),
        (
            ["run", "mirror", "--input", "testcard", "--seconds", "1", "--output", "/no/such/folder/out.mp4"],
            "/no/such/folder",
        ),
        (["list", "--json", "/no/such/folder/x.json"], "/no/such/folder/x.json"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else None,
)
def test_what_fails_is_told_and_is_1(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(*arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("phosphene: ")
    assert said in error
    assert "Traceback" not in error


# Help


def test_help_shows_every_command_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--help") == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {name}" in shown for name in COMMANDS)
    assert "examples:" in shown
    assert "phosphene run laser-eyes" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(command, "--help") == 0
    shown = capsys.readouterr().out
    assert f"phosphene {command}" in shown
    assert len(shown.splitlines()) > 3


@pytest.mark.parametrize("line", [li for li in EXAMPLES.splitlines() if li.startswith("  phosphene ")])
def test_every_example_in_the_help_can_be_typed(line: str) -> None:
    import shlex

    command, words = line.strip(), []
    for word in shlex.split(command)[1:]:
        words.append(word)
        if word.endswith((".mp4", ".jpg")) and words.count("--output") + words.count("--set") > 0:
            break  # what stands beside the longest example begins after one blank
    if "  " in command:
        words = shlex.split(command.split("  ")[0])[1:]
    options = build_parser().parse_args(words)
    scene = getattr(options, "scene", None)
    assert scene in (None, *BUILT_IN.scenes()) or isinstance(scene, list)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    from phosphene import __version__

    assert called("--version") == 0
    assert capsys.readouterr().out.strip() == f"phosphene {__version__}"


# Listing and showing


def test_list_shows_everything_built_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("list") == 0
    shown = capsys.readouterr().out
    for name in (*BUILT_IN.scenes(), *BUILT_IN.effects(), "camera", "demo", "testcard", "window", "virtual-camera"):
        assert f"  {name}" in shown


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [s["name"] for s in found["scenes"]] == list(BUILT_IN.scenes())
    assert [e["name"] for e in found["effects"]] == list(BUILT_IN.effects())
    assert all(item["doc"] for kind in found.values() for item in kind)


@pytest.mark.parametrize("kind", ["scenes", "effects", "sources", "sinks", "signals"])
def test_list_of_one_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("list", kind) == 0
    assert capsys.readouterr().out.startswith(f"{kind}\n")
    assert called("list", kind, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [kind]
    assert all(item["name"] and item["doc"] for item in found[kind])


def test_list_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.json"
    assert called("list", "--json", str(path)) == 0
    assert json.loads(path.read_text())["scenes"]
    assert capsys.readouterr().out == ""


def test_a_broken_effect_of_the_user_is_listed_as_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.py").write_text("x = = 1\n")
    monkeypatch.setenv("PHOSPHENE_EFFECTS", str(tmp_path))
    assert called("list", "effects", "--json") == 0
    odd = next(e for e in json.loads(capsys.readouterr().out)["effects"] if e["name"] == "odd")
    assert "odd.py:1" in odd["problem"]
    assert called("list", "effects") == 0
    assert "BROKEN" in capsys.readouterr().out
    assert called("show", "odd") == 2
    assert "odd.py:1" in capsys.readouterr().err


def test_effects_in_a_folder_that_is_named_are_listed_shown_and_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.frag").write_text(
        "// Darker.\nuniform float depth; // = 0.5 [0, 1] how much\n"
        "vec4 effect(vec2 uv) { return frame(uv) * (1.0 - depth); }\n"
    )
    (tmp_path / "odd.py").write_text("x = = 1\n")
    folder = str(tmp_path)
    assert called("list", "effects", "--effects", folder, "--json") == 0
    listed = {e["name"]: e for e in json.loads(capsys.readouterr().out)["effects"]}
    assert listed["mine"]["origin"] == "user"
    assert "odd.py:1" in listed["odd"]["problem"]
    assert called("show", "mine", "--effects", folder) == 0
    assert "how much" in capsys.readouterr().out
    assert "odd.py:1" in str(doctor.user_folders([folder]))
    for command in (["list"], ["show", "mine"], ["doctor"]):
        assert called(*command, "--effects", f"{folder}/none") == 2
        assert "folder not found" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted({*BUILT_IN.effects(), *BUILT_IN.scenes(), "face", "pose", "person"}))
def test_show_tells_every_parameter(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("show", name) == 0
    shown = capsys.readouterr().out
    assert called("show", name, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    rows = [row for part in ("scene", "effect", "tracker") for row in found.get(part, {}).get("params", [])]
    for row in rows:
        assert row["address"] in shown
        assert row["doc"]
        assert row["kind"]
    if name in BUILT_IN.effects():
        assert [r["address"] for r in found["effect"]["params"]] == list(BUILT_IN.effect(name).params())


def test_show_of_a_scene_by_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[layer]]\neffects = [{ use = "duotone", amount = { from = "face.smile" } }]\n')
    assert called("show", str(path)) == 0
    assert "follows face.smile" in capsys.readouterr().out


# The pieces


@pytest.mark.parametrize("columns", [20, 80, 200])
def test_tables_line_up_and_wrap(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = table([["a", "first"], ["long name", "word " * 30]])
    lines = text.splitlines()
    assert lines[0] == "  a          first"
    assert all(line.startswith("             ") for line in lines[2:])
    assert max(len(line) for line in lines) <= max(columns, 13 + 24)
    assert table([]) == ""


@pytest.mark.parametrize(
    ("level", "said"),
    [(logging.INFO, "reloaded me.toml"), (logging.WARNING, "WARNING: reloaded me.toml"), (logging.ERROR, "ERROR: ")],
)
def test_only_what_went_wrong_bears_its_level(level: int, said: str) -> None:
    record = logging.LogRecord("phosphene", level, __file__, 1, "reloaded %s", ("me.toml",), None)
    assert LogFormatter().format(record).startswith(said)
