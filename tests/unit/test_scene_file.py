"""Scene files: every mistake is named with its own line, and what is saved loads again as the same scene."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.core.errors import SceneError, UsageError
from phosphene.engine.core.param_types import Bool, Choice, Color, File, Float, Int, Point
from phosphene.engine.core.params import Param
from phosphene.engine.effect.effect import Effect
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_file import MAX_BYTES
from phosphene.engine.scene.toml_lines import element_lines, line_of, statement_ends
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.scene.toml_write import save_scene

BUILT_IN = Registry([], [])
MINIMAL = '[[layer]]\nsource = "camera"\n'


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
    return path


def load(folder: Path, text: str | bytes) -> Scene:
    return load_scene(str(write(folder, text)), BUILT_IN)


def mistake(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SceneError) as caught:
        load(folder, text)
    assert str(folder / "mine.toml") in caught.value.where
    return str(caught.value)


# What loads


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_every_built_in_scene_loads(name: str) -> None:
    made = load_scene(name, BUILT_IN)
    assert (made.name, made.path) == (name, BUILT_IN.scenes()[name].path)
    assert made.title
    assert made.layers


def test_the_smallest_scene(tmp_path: Path) -> None:
    made = load(tmp_path, "[[layer]]\n")
    assert (made.name, made.title, made.sync, made.private) == ("mine", "mine", "frame", None)
    assert [(la.name, la.source, la.effects) for la in made.layers] == [("camera", "camera", {})]


@pytest.mark.parametrize("text", [MINIMAL, "\ufeff" + MINIMAL, MINIMAL.replace("\n", "\r\n"), MINIMAL.rstrip()])
def test_any_editors_file_loads(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text.encode()).layers[0].source == "camera"


def test_everything_a_scene_can_say(tmp_path: Path) -> None:
    made = load(
        tmp_path,
        """
        title = "Ünï 🎉"
        doc = "words"
        sync = "latest"
        private = false
        [trackers.pose]
        masks = true
        [[layer]]
        name = "back"
        source = "none"
        effects = ["place"]
        [[layer]]
        name = "front"
        opacity = 0.5
        visible = false
        blend = "screen"
        cut = "not-person"
        matte = { softness = 0.2, grow = { from = "lfo.2", to = [-1, 1] } }
        effects = [{ use = "duotone", amount = 0.25, ink = "orange" }, { use = "duotone", name = "second" }, "mirror"]
        """,
    )
    front = made.layers[1]
    assert (made.title, made.doc, made.sync, made.private) == ("Ünï 🎉", "words", "latest", False)
    assert made.trackers == {"pose": {"masks": True}}
    assert (front.opacity, front.visible, front.blend, front.cut) == (0.5, False, "screen", "not-person")
    assert list(front.effects) == ["duotone", "second", "mirror"]
    assert made.get("front/duotone.amount") == 0.25
    assert made.get("front/second.amount") == 1.0
    assert made.get("front/matte.softness") == 0.2
    assert made.bindings["front/matte.grow"].table() == {"from": "lfo.2", "to": [-1.0, 1.0]}


# What is refused, and where

HEAD = 'title = "x"\n'
WRONG: list[tuple[str, int, str]] = [
    # (text, line, what the message says)
    ("titel = 'x'\n[[layer]]\n", 1, "did you mean 'title'"),
    ("title = 'x'\n\n# note\ndok = 'x'\n[[layer]]\n", 4, "did you mean 'doc'"),
    ("title = 3\n[[layer]]\n", 1, "title must be text, not 3"),
    ("\ndoc = ['x']\n[[layer]]\n", 2, "doc must be text"),
    ("sync = 'lates'\n[[layer]]\n", 1, "did you mean 'latest'"),
    ("sync = 1\n[[layer]]\n", 1, "sync must be text"),
    ("\n\nprivate = 1\n[[layer]]\n", 3, "private must be true or false"),
    ("\nflash_guard = 'off'\n[[layer]]\n", 2, "flash_guard must be true or false"),
    ("", 1, "at least one [[layer]]"),
    ("title = 'x'\n", 1, "at least one [[layer]]"),
    ("\nlayer = 3\n", 2, "at least one [[layer]]"),
    ("\nlayer = [1]\n", 2, "a layer must be a table"),
    ("\n[layer]\nsource = 'camera'\n", 2, "at least one [[layer]]"),
    ("[[layer]]\nsource = 'camera'\n\nopactiy = 1\n", 4, "did you mean 'opacity'"),
    ("[[layer]]\n[[layer]]\nname = 'b'\nsurce = 'none'\n", 4, "did you mean 'source'"),
    ("[[layer]]\nsource = 'camra'\n", 2, "did you mean 'camera'"),
    ("[[layer]]\nsource = 1\n", 2, "source must be text"),
    ("[[layer]]\nname = 'a b'\n", 2, "use letters, digits"),
    ("[[layer]]\nname = ''\n", 2, "use letters, digits"),
    ("[[layer]]\nname = 'é'\n", 2, "use letters, digits"),
    (f"[[layer]]\nname = '{'a' * 60}'\n", 2, "use letters, digits"),
    ("[[layer]]\n\n[[layer]]\n", 3, "two layers are called 'camera'"),
    ("[[layer]]\nopacity = 2\n", 2, "opacity cannot be 2: expected a number 0 … 1"),
    ("[[layer]]\nopacity = nan\n", 2, "opacity cannot be nan"),
    ("[[layer]]\nopacity = true\n", 2, "opacity cannot be True"),
    ("[[layer]]\nopacity = 1979-05-27\n", 2, "opacity cannot be"),
    ("[[layer]]\nvisible = 'maybe'\n", 2, "true or false"),
    ("[[layer]]\nblend = 'scren'\n", 2, "did you mean 'screen'"),
    ("[[layer]]\ncut = 'persn'\n", 2, "did you mean 'person'"),
    ("[[layer]]\nmatte = 1\n", 2, "matte must be a table"),
    ("[[layer]]\ncut = 'person'\nmatte = { softnes = 1 }\n", 3, "did you mean 'softness'"),
    ("[[layer]]\ncut = 'person'\nmatte = { softness = 9 }\n", 3, "softness cannot be 9"),
    ("[[layer]]\ncut = 'person'\n[layer.matte]\nquality = 'good'\nsoftness = 9\n", 5, "softness cannot be 9"),
    ("[[layer]]\neffects = 'blur'\n", 2, "effects must be a list"),
    ("[[layer]]\neffects = [1]\n", 2, "an effect is written"),
    ("[[layer]]\neffects = [{}]\n", 2, "an effect is written"),
    ("[[layer]]\neffects = [{ use = 1 }]\n", 2, "an effect is written"),
    ("[[layer]]\neffects = ['blurr']\n", 2, "did you mean 'blur'"),
    ("[[layer]]\neffects = [\n  'mirror',\n  'blurr',\n]\n", 4, "did you mean 'blur'"),
    ("[[layer]]\neffects = [\n  { use = 'mirror' },\n\n  { use = 'blurr' },\n]\n", 5, "did you mean 'blur'"),
    ("[[layer]]\neffects = [\n  'mirror', # use = this\n  { use = 'blur', radios = 1 },\n]\n", 4, "'radius'"),
    ("[[layer]]\neffects = [{ use = 'mirror' }, { use = 'duotone' },\n  { use = 'blur', radius = 9 }]\n", 3, "radius"),
    ("[[layer]]\neffects = ['mirror',\n'mirror']\n", 3, "two effects of the layer are called 'mirror'"),
    ("[[layer]]\neffects = [{ use = 'mirror', name = '' }]\n", 2, "use letters, digits"),
    ("[[layer]]\neffects = [{ use = 'mirror', name = 'matte' }]\n", 2, "matte"),
    ("[[layer]]\neffects = [{ use = 'mirror', name = 1 }]\n", 2, "name must be text"),
    ("[[layer]]\n[[layer.effects]]\nuse = 'mirror'\n[[layer.effects]]\nuse = 'duotone'\namount = 'x'\n", 6, "amount"),
    ("[[layer]]\n[[layer.effects]]\nname = 'x'\n", 2, "an effect is written"),
    ("[[layer]]\neffects = [{ use = 'duotone', amount = { from = 'face.smlie' } }]\n", 2, "did you mean 'face.smile'"),
    ("[[layer]]\neffects = [{ use = 'duotone', amount = { form = 'time' } }]\n", 2, "did you mean 'from'"),
    ("[[layer]]\neffects = [{ use = 'duotone', amount = {} }]\n", 2, "expected a signal's name"),
    ("[[layer]]\neffects = [{ use = 'duotone', amount = { from = 'time', to = [\n1,\n] } }]\n", 2, "two numbers"),
    ("[[layer]]\neffects = [{ use = 'duotone', ink = { from = 'time' } }]\n", 2, "only numbers and switches"),
    ("[[layer]]\neffects = [{ use = 'duotone', ink = '#zzz' }]\n", 2, "#rrggbb"),
    ("[[layer]]\nsource = 'none'\neffects = [{ use = 'place', picture = 'no.jpg' }]\n", 3, "no file 'no.jpg'"),
    ("[[layer]]\neffects = [{ use = 'place', picture = '../x.jpg' }]\n", 2, "is outside the scene's folder"),
    ("[[layer]]\neffects = [{ use = 'place', picture = '/etc/passwd' }]\n", 2, "is outside the scene's folder"),
    ('[[layer]]\neffects = [{ use = "place", picture = "a\\u0000b" }]\n', 2, "cannot be the path"),
    (f"[[layer]]\neffects = [{{ use = 'place', picture = '{'a' * 3000}' }}]\n", 2, "cannot be the path"),
    (f"[[layer]]\neffects = [{{ use = 'place', picture = '{'a' * 300}' }}]\n", 2, "no file"),
    ("[[layer]]\neffects = [{ use = 'place', picture = 3 }]\n", 2, "path of a picture"),
    ("trackers = 3\n[[layer]]\n", 1, "trackers must be tables"),
    ("[trackers]\nface = 3\n[[layer]]\n", 2, "must be a table"),
    ("[trackers.fase]\n[[layer]]\n", 1, "did you mean 'face'"),
    ("[trackers.pose]\n\nmaks = true\n[[layer]]\n", 3, "did you mean 'masks'"),
    ("[trackers.pose]\nmasks = 7\n[[layer]]\n", 2, "masks cannot be 7"),
    ("title = 'x'\n[[layer]\n", 2, "not valid TOML"),
    ("title = 'x'\ntitle = 'y'\n[[layer]]\n", 2, "not valid TOML"),
    ("title = 'x'\n\nx = \n", 3, "not valid TOML"),
    ("[[layer]]\neffects = [\n", 3, "not valid TOML"),
    ('title = """\nnever\nends\n', 4, "not valid TOML"),
    ('doc = """\nuse = 1\n[x]\n"""\n[[layer]]\nopacity = 2\n', 6, "opacity"),
    ("doc = '''\n[[layer]]\n'''\n\n[[layer]]\nopacity = 2\n", 6, "opacity"),
    ('doc = "a \\" # ["\n[[layer]] # ] {\nopacity = 2\n', 3, "opacity"),
    ("layer = [\n  { name = 'a' },\n  { name = 'b', opacity = 2 },\n]\n", 3, "opacity"),
    ("layer = [\n  { effects = ['mirror',\n 'blurr'] },\n]\n", 3, "did you mean 'blur'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), WRONG, ids=[str(i) for i in range(len(WRONG))])
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str, ends: str) -> None:
    message = mistake(tmp_path, text.replace("\n", ends).encode())
    assert said in message
    assert message.startswith(f"{tmp_path / 'mine.toml'}:{line}: "), message


def test_the_line_is_counted_after_a_byte_order_mark(tmp_path: Path) -> None:
    assert "mine.toml:3:" in mistake(tmp_path, "\ufeff\n[[layer]]\nopacity = 2\n".encode())


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    assert "cannot be read" in mistake(tmp_path, b"title = '\xff\xfe'\n")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert str(MAX_BYTES) in mistake(tmp_path, "# " + "x" * MAX_BYTES)


def test_the_last_line_of_a_long_file_is_found_soon(tmp_path: Path) -> None:
    lines = [f"# {i}" for i in range(5000)] + [
        f"[[layer]]\nname = 'l{i}'\neffects = [\n'mirror',\n]" for i in range(500)
    ]
    text = "\n".join([*lines, "[[layer]]", "opacity = 2"])
    assert f"mine.toml:{text.count(chr(10)) + 1}:" in mistake(tmp_path, text)


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, "x = " + "{a=" * 20_000, "x = " + "[" * 500 + "]" * 500])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    mistake(tmp_path, text)


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    assert "thousands of digits" in mistake(tmp_path, f"x = {'9' * 5000}")
    assert "opacity" in mistake(tmp_path, f"[[layer]]\nopacity = 0x{'f' * 5000}")


def test_a_scene_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scene file"):
        load_scene(str(tmp_path / "none.toml"), BUILT_IN)


def test_media_through_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"x")
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "link.jpg").symlink_to(outside)
    assert "outside" in mistake(folder, "[[layer]]\neffects = [{ use = 'place', picture = 'link.jpg' }]\n")


def test_media_is_found_beside_the_scene(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a b.jpg").write_bytes(b"x")
    made = load(tmp_path, "[[layer]]\neffects = [{ use = 'place', picture = 'pictures/a b.jpg' }]\n")
    assert made.get("picture") == str(tmp_path / "pictures" / "a b.jpg")


def test_a_broken_effect_is_named_in_the_scenes_line(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\n")
    path = write(tmp_path, "[[layer]]\n\neffects = ['bad']\n")
    with pytest.raises(SceneError) as caught:
        load_scene(str(path), Registry([tmp_path], []))
    assert f"{path}:3:" in str(caught.value)
    assert "bad.py:1" in str(caught.value)


# Saving


def facts(made: Scene) -> dict[str, Any]:
    """Everything about a scene that a file holds."""
    return {
        "head": (made.title, made.doc, made.sync, made.private, made.flash_guard, made.trackers),
        "layers": [(la.name, la.source, [(n, type(e)) for n, e in la.effects.items()]) for la in made.layers],
        "values": {a: getattr(o, p.name) for a, (o, p) in made.addresses().items() if a not in made.bindings},
        "bindings": {a: b.table() for a, b in made.bindings.items()},
    }


def again(made: Scene, folder: Path) -> Scene:
    save_scene(made, folder / "saved.toml")
    return load_scene(str(folder / "saved.toml"), BUILT_IN)


def same(made: Scene, folder: Path) -> None:
    assert facts(again(made, folder)) == facts(made)


def other(param: Param[Any]) -> Any:
    """A value that is not the default."""
    if isinstance(param, Bool):
        return not param.default
    if isinstance(param, Float):
        return next(v for v in (param.low, param.high, param.default + 0.123456789) if v != param.default)
    if isinstance(param, Int):
        return param.low if param.default != param.low else param.high
    if isinstance(param, Choice):
        return next(o for o in param.options if o != param.default)
    if isinstance(param, Color):
        return (0.1, 1 / 3, 0.9, 0.5)
    if isinstance(param, Point):
        return (0.125, 0.75)
    if isinstance(param, File):
        return ""
    return 'any "text" \\ with\n🎉'


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_a_saved_scene_loads_as_the_same(name: str, tmp_path: Path) -> None:
    same(load_scene(name, BUILT_IN), tmp_path)


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_a_saved_scene_keeps_every_changed_value(name: str, tmp_path: Path) -> None:
    made = load_scene(name, BUILT_IN)
    for address, (_, param) in made.addresses().items():
        if not address.endswith("/cut"):
            made.set(address, other(param))
    same(made, tmp_path)


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_a_saved_scene_keeps_every_binding(name: str, tmp_path: Path) -> None:
    made = load_scene(name, BUILT_IN)
    for address, (_, param) in made.addresses().items():
        if hasattr(param, "clamp"):
            made.bind(address, Binding("face.yaw", -10, 20.5, 1.25, -0.5, 0.1))
    same(made, tmp_path)


@pytest.mark.parametrize("name", BUILT_IN.effects())
def test_every_effect_can_be_saved_with_other_values(name: str, tmp_path: Path) -> None:
    head = "private = true\nflash_guard = false\nsync = 'latest'\n"
    made = load(tmp_path, f"{head}[[layer]]\neffects = [{{ use = '{name}', name = 'e' }}]\n")
    for address, (_, param) in made.addresses().items():
        if address.startswith("camera/e."):
            made.set(address, other(param))
    same(made, tmp_path)


def test_a_saved_scene_keeps_a_picture_beside_it_and_refuses_one_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    made = load(tmp_path, "[[layer]]\neffects = [{ use = 'place', picture = 'a.jpg' }]\n")
    same(made, tmp_path)
    (tmp_path / "sub").mkdir()
    with pytest.raises(SceneError, match="outside the scene's folder"):
        save_scene(made, tmp_path / "sub" / "saved.toml")
    assert not (tmp_path / "sub" / "saved.toml").exists()


@pytest.mark.parametrize("title", ["", "'", '"', '"""', "\\", "a\nb", "🎉 مرحبا 你好", "#", "]"])
def test_any_title_survives_saving(title: str, tmp_path: Path) -> None:
    made = load(tmp_path, MINIMAL)
    made.title = made.doc = title
    assert again(made, tmp_path).title == title


# Lines


def test_statements_end_where_brackets_are_closed_and_texts_are_over() -> None:
    text = 'a = 1\nb = [\n1,\n]\n# [\nc = """\n[\n"""\nd = "["\n'
    assert statement_ends(text) == [1, 4, 5, 8, 9, 10]


def test_elements_of_lists_know_their_lines() -> None:
    text = "a = [\n1,\n[2,\n3],\n{x = 4}]"
    assert [element_lines(text, at) for at in ([0], [1], [1, 0], [1, 1], [2])] == [
        (2, 2),
        (3, 4),
        (3, 3),
        (4, 4),
        (5, 5),
    ]


def test_the_line_of_what_is_not_there_is_that_of_what_is_above_it() -> None:
    text = "a = 1\n[b]\nc = 2\n"
    assert [line_of(text, place) for place in (("a",), ("b", "c"), ("b", "x"), ("y",), ())] == [1, 3, 2, 1, 1]


def test_an_effect_of_a_package_is_saved_under_its_registered_name(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(BUILT_IN._loaded, "their-shine", BUILT_IN.effect("duotone"))
    made = load(tmp_path, "[[layer]]\neffects = ['their-shine', { use = 'their-shine', name = 'two' }]\n")
    same(made, tmp_path)
    assert "their-shine" in (tmp_path / "saved.toml").read_text()


# Scenes that a program makes


def test_a_scene_made_in_code_is_saved_by_the_names_of_its_effects(tmp_path: Path) -> None:
    (tmp_path / "Wide Angle.frag").write_text("// Mine.\nvec4 effect(vec2 uv) { return frame(uv); }\n")
    (tmp_path / "my_own.py").write_text(
        'from phosphene import Effect\n\n\nclass MyOwn(Effect):\n    """Mine."""\n\n'
        '    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"\n'
    )
    registry = Registry([tmp_path], [])
    layer = Layer("camera")
    layer.effects = {f"e{n}": registry.effect(name)() for n, name in enumerate(("duotone", "my-own", "Wide-Angle"))}
    save_scene(Scene("made", layers=[layer]), tmp_path / "made.toml")
    again = load_scene(str(tmp_path / "made.toml"), registry)
    assert again.layers[0].uses == {"e0": "duotone", "e1": "my-own", "e2": "Wide-Angle"}


def test_an_effect_of_the_program_itself_has_no_name_to_be_saved_by(tmp_path: Path) -> None:
    class Mine(Effect):
        """Mine."""

        glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

    layer = Layer("camera")
    layer.effects["mine"] = Mine()
    with pytest.raises(SceneError, match="camera/mine is a Mine of this program"):
        save_scene(Scene("made", layers=[layer]), tmp_path / "made.toml")
    assert not (tmp_path / "made.toml").exists()
