"""Finding effects and scenes: who wins, what is broken and harms nobody, and that looking runs nothing."""

from __future__ import annotations

import gc
import sys
import threading
import tomllib
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.places import user_folders
from phosphene.engine.scene import load as loading
from phosphene.engine.scene import registry
from phosphene.engine.scene.describe import Entries, Entry, base_name, describe_effect, effect_files, name_of
from phosphene.engine.scene.registry import Registry

GOOD = '''from phosphene import Effect, Float


class Shine(Effect):
    """Makes it shine.

    More words.
    """

    amount = Float(0.5, 0.0, 1.0, "how much")
    glsl = "vec4 effect(vec2 uv) { return frame(uv) * (1.0 + amount); }"
'''


@pytest.fixture
def mine(tmp_path: Path) -> Registry:
    (tmp_path / "effects").mkdir()
    (tmp_path / "scenes").mkdir()
    return Registry([tmp_path / "effects"], [tmp_path / "scenes"])


def write(registry: Registry, name: str, text: str) -> Path:
    path = registry.effect_folders[0] / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def failing(registry: Registry, name: str) -> str:
    with pytest.raises(UsageError) as caught:
        registry.effect(name)
    return str(caught.value)


BUILT_IN = Registry([], [])


@pytest.mark.parametrize("name", BUILT_IN.effects())
def test_every_built_in_effect_is_described_as_it_is(name: str) -> None:
    entry = BUILT_IN.effects()[name]
    made = BUILT_IN.effect(name)
    assert entry.problem == ""
    assert entry.origin == "built-in"
    assert entry.doc
    assert entry.doc == (made.__doc__ or "").split("\n")[0]
    assert entry.params == tuple(made.params())
    assert all(p.doc for p in made.params().values()), "every parameter says what it does"


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_every_built_in_scene_is_described(name: str) -> None:
    entry = BUILT_IN.scenes()[name]
    assert (entry.problem, entry.origin) == ("", "built-in")
    assert entry.doc == tomllib.loads(entry.path.read_text(encoding="utf-8"))["doc"]


def test_looking_runs_no_effect(mine: Registry) -> None:
    write(mine, "bomb.py", GOOD + "\nraise SystemExit('was run')\n")
    assert mine.effects()["bomb"].doc == "Makes it shine."
    assert mine.effects()["bomb"].params == ("amount",)
    assert "phosphene_user_bomb" not in sys.modules


def test_a_users_effect_is_found_and_loaded_once(mine: Registry) -> None:
    write(mine, "shine.py", GOOD)
    assert mine.effects()["shine"].origin == "user"
    assert mine.effect("shine") is mine.effect("shine")
    assert mine.effect("shine")().amount == 0.5  # type: ignore[attr-defined]


def test_a_users_effect_wins_over_a_built_in_one(mine: Registry) -> None:
    path = write(mine, "blur.py", GOOD)
    assert mine.effects()["blur"].path == path
    assert mine.effect("blur").__name__ == "Shine"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shine.py").write_text(GOOD)
    assert Registry([tmp_path / "a", tmp_path / "b"], []).effects()["shine"].path.parent.name == "a"


def test_an_effect_may_be_a_folder_with_modules_of_its_own(mine: Registry) -> None:
    write(mine, "deep_sea/__init__.py", "from .depth import DEEP\n" + GOOD.replace("0.5, 0.0", "DEEP, 0.0"))
    write(mine, "deep_sea/depth.py", "DEEP = 0.75\n")
    assert mine.effect("deep-sea")().amount == 0.75  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("file", "name"),
    [("shine.py", "shine"), ("laser_eyes.py", "laser-eyes"), ("two-words.py", "two-words"), ("x/__init__.py", "x")],
)
def test_names_come_from_files(file: str, name: str) -> None:
    assert name_of(Path("/anywhere") / file) == name


def test_hidden_and_private_files_are_no_effects(tmp_path: Path) -> None:
    for name in ("_private.py", ".hidden.py", "notes.txt", "__init__.py", "real.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "empty").mkdir()
    assert [p.name for p in effect_files(tmp_path)] == ["real.py"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    nowhere = [tmp_path / "nowhere"]
    assert Registry(nowhere, nowhere).effects() == Registry([], []).effects()
    assert Registry(nowhere, nowhere).scenes() == Registry([], []).scenes()


# Broken ones


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Broken(Effect:\n", "1"),
        ("x = 1\n\ny = = 2\n", "3"),
        ("def f():\nreturn 1\n", "2"),
        ("", "expected one class derived from Effect, found 0"),
        ("x = 1\n", "found 0"),
        (GOOD + "\n\nclass Second(Effect):\n    pass\n", "found 2"),
        ("(" * 5000, "broken.py"),
        ("-" * 100_000 + "1", "broken.py"),
        ("a\0b", "broken.py"),
    ],
    ids=["syntax", "line 3", "indent", "empty", "no class", "two classes", "parentheses", "deep", "nul"],
)
def test_a_broken_file_is_described_and_harms_nothing(mine: Registry, text: str, said: str) -> None:
    path = write(mine, "broken.py", text)
    write(mine, "shine.py", GOOD)
    entries = mine.effects()
    assert entries["broken"].problem.startswith(f"{path}:")
    assert said in entries["broken"].problem
    assert entries["shine"].problem == ""
    assert set(BUILT_IN.effects()) < set(entries)
    assert str(path) in failing(mine, "broken")
    assert mine.effect("shine").__name__ == "Shine"


def test_a_file_that_is_no_text_is_described(mine: Registry) -> None:
    write(mine, "binary.py", "").write_bytes(b"\xff\xfe\x00\x80")
    assert "binary.py" in mine.effects()["binary"].problem


@pytest.mark.parametrize("lead", ["\ufeff", "# -*- coding: utf-8 -*-\n", "\r\n"])
def test_a_file_saved_by_any_editor_is_read(mine: Registry, lead: str) -> None:
    path = write(mine, "shine.py", "")
    path.write_bytes((lead + GOOD).replace("\n", "\r\n").encode())
    assert mine.effects()["shine"].problem == ""
    assert mine.effect("shine").__name__ == "Shine"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import no_such_module\n" + GOOD, 1, "no_such_module"),
        (GOOD + "\n1 / 0\n", 13, "ZeroDivisionError"),
        (GOOD.replace("0.5, 0.0", "7.0, 0.0"), 0, "cannot be 7.0"),
        (GOOD + "\ndef f():\n    raise KeyError('x')\n\n\nf()\n", 14, "KeyError"),
    ],
)
def test_a_file_that_fails_when_loaded_names_its_own_line(mine: Registry, text: str, line: int, said: str) -> None:
    path = write(mine, "shine.py", text)
    message = failing(mine, "shine")
    assert said in message
    if line:
        assert f"{path}:{line}:" in message


def test_an_imported_effect_is_not_the_files_own(mine: Registry) -> None:
    write(mine, "shine.py", "from phosphene.effects.duotone import Duotone\n" + GOOD)
    assert mine.effect("shine").__name__ == "Shine"


# Unknown names


@pytest.mark.parametrize(("typed", "near"), [("blurr", "blur"), ("laser-eye", "laser-eyes"), ("duoton", "duotone")])
def test_an_unknown_effect_suggests_the_nearest(typed: str, near: str) -> None:
    assert f"did you mean '{near}'" in failing(BUILT_IN, typed)


def test_a_name_like_nothing_lists_what_there_is() -> None:
    assert "known: " in failing(BUILT_IN, "qqqqqqqq")


def test_an_unknown_scene_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'teleport'"):
        BUILT_IN.scene_path("teleprot")


@pytest.mark.parametrize("name", ["nowhere.toml", "/no/such/scene.toml", "a" * 5000 + ".toml", "a/\0.toml", "."])
def test_a_scene_file_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(UsageError):
        BUILT_IN.scene_path(name)


def test_a_scene_may_be_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("")
    assert BUILT_IN.scene_path(str(path)) == path


@pytest.mark.parametrize("text", ["x = ", "a = " + "[" * 20_000, "\0", "doc = 3", f"x = {'9' * 5000}"])
def test_a_broken_scene_harms_no_list(mine: Registry, text: str) -> None:
    path = mine.scene_folders[0] / "broken.toml"
    path.write_text(text)
    entries = mine.scenes()
    assert entries["broken"].origin == "user"
    assert set(BUILT_IN.scenes()) < set(entries)
    assert text == "doc = 3" or str(path) in entries["broken"].problem


def test_a_users_scene_wins_over_a_built_in_one(mine: Registry) -> None:
    (mine.scene_folders[0] / "blur.toml").write_text('doc = "mine"')
    assert mine.scenes()["blur"].doc == "mine"
    assert mine.scene_path("blur").parent == mine.scene_folders[0]


# Folders and packages


def test_the_environment_names_folders_before_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PHOSPHENE_EFFECTS", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if sys.platform.startswith("linux"):
        assert user_folders("effects") == [
            tmp_path / "a",
            tmp_path / "b",
            tmp_path / "config" / "phosphene" / "effects",
        ]


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A package with an effect, as if it were installed."""
    (tmp_path / "their_package.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))

    def load() -> Any:
        import their_package  # type: ignore[import-not-found]

        return their_package.Shine

    point = SimpleNamespace(
        name="their-shine",
        module="their_package",
        value="their_package:Shine",
        dist=SimpleNamespace(name="their"),
        load=load,
    )
    for module in (registry, loading):
        monkeypatch.setattr(module, "entry_points", lambda group, name=None: [point])
    yield point
    sys.modules.pop("their_package", None)


def test_an_effect_of_a_package_is_found_and_loaded(plugin: Any) -> None:
    assert Registry([], []).effects()["their-shine"].origin == "plugin"
    assert "their_package" not in sys.modules, "looking imports nothing"
    assert Registry([], []).effect("their-shine").__name__ == "Shine"


def test_an_effect_of_a_package_is_listed_with_its_words_and_parameters(plugin: Any) -> None:
    entry = Registry([], []).effects()["their-shine"]
    assert entry.doc == "Makes it shine. (from package their)"
    assert entry.params == ("amount",)
    assert entry.path.name == "their_package.py"
    assert "their_package" not in sys.modules


def test_an_effect_deep_in_a_package(plugin: Any, tmp_path: Path) -> None:
    (tmp_path / "deep_package" / "inner").mkdir(parents=True)
    (tmp_path / "deep_package" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "deep_package" / "inner" / "shine.py").write_text(GOOD)
    plugin.module, plugin.value = "deep_package.inner.shine", "deep_package.inner.shine:Shine"
    assert Registry([], []).effects()["their-shine"].params == ("amount",)
    assert "deep_package" not in sys.modules


def test_a_broken_package_is_named_with_file_and_line_and_harms_nothing(plugin: Any, tmp_path: Path) -> None:
    (tmp_path / "their_package.py").write_text(GOOD + "\ndef broken(:\n")
    entries = Registry([], []).effects()
    line = (GOOD + "\ndef broken(:\n").count("\n")
    assert entries["their-shine"].problem.startswith(f"{tmp_path / 'their_package.py'}:{line}:")
    assert entries["mirror"].problem == ""
    plugin.module, plugin.value = "no_such_package", "no_such_package:Shine"
    assert "no_such_package" in Registry([], []).effects()["their-shine"].problem


def test_a_users_effect_wins_over_a_packages(plugin: Any, mine: Registry) -> None:
    write(mine, "their_shine.py", GOOD.replace("Shine", "Own"))
    assert mine.effect("their-shine").__name__ == "Own"


@pytest.mark.parametrize("what", [None, 3, dict])
def test_an_entry_point_that_is_no_effect_is_told(plugin: Any, what: Any) -> None:
    plugin.load = lambda: what
    assert "not an Effect class" in failing(Registry([], []), "their-shine")


def test_an_entry_point_that_fails_is_told(plugin: Any) -> None:
    def load() -> Any:
        raise ImportError("half installed")

    plugin.load = load
    assert "half installed" in failing(Registry([], []), "their-shine")


def test_base_names() -> None:
    import ast

    names = [base_name(ast.parse(t, mode="eval").body) for t in ("Effect", "a.b.Effect", "f()")]
    assert names == ["Effect", "Effect", ""]


def test_describing_says_the_first_line_of_the_doc(tmp_path: Path) -> None:
    (tmp_path / "shine.py").write_text(GOOD)
    assert describe_effect(tmp_path / "shine.py", "user").doc == "Makes it shine."


def described(tmp_path: Path) -> tuple[dict[str, Any], list[str]]:
    seen: list[str] = []

    def describe(name: str) -> Entry:
        seen.append(name)
        return Entry(name, "", tmp_path, "user")

    return {name: partial(describe, name) for name in ("wave", "blur", "mirror")}, seen


def test_only_what_is_asked_for_is_described_and_only_once(tmp_path: Path) -> None:
    describe, seen = described(tmp_path)
    entries = Entries(describe)
    assert list(entries) == ["blur", "mirror", "wave"]
    assert "wave" in entries
    assert "waves" not in entries
    assert seen == []
    assert entries["wave"] is entries["wave"]
    assert seen == ["wave"]
    assert len(list(entries.values())) == len(entries) == 3
    assert sorted(seen) == ["blur", "mirror", "wave"]


def test_what_is_saved_later_is_found_after_looking_again(mine: Registry) -> None:
    assert "shine" not in mine.effects()
    write(mine, "shine.py", GOOD)
    assert "shine" not in mine.effects()
    mine.refresh()
    assert mine.effects()["shine"].doc == "Makes it shine."
    write(mine, "shine.py", GOOD.replace("Makes it shine", "Makes it glow"))
    mine.effect("shine", again=True)
    assert mine.effects()["shine"].doc == "Makes it glow."


def test_several_threads_may_look_at_once() -> None:
    """CPython's parser fails where another thread parses at the same time, which a garbage collection lets in."""
    failed: list[BaseException] = []

    def look() -> None:
        try:
            dict(Registry([], []).effects())
        except BaseException as error:  # noqa: BLE001 (told below)
            failed.append(error)

    def let_others_in(*_: object) -> None:
        """Any Python at all will do."""

    before, interval_s = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(let_others_in)
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=look) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval_s)
        gc.set_threshold(*before)
        gc.callbacks.remove(let_others_in)
    assert failed == []
