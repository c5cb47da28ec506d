"""Assembling GLSL: includes, uniforms, what a shader uses, and errors in the author's own lines on a real driver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.core.errors import ShaderError
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int, Media, Point, Text
from phosphene.engine.effect.effect import Effect, Pass, Uniform, passes_of
from phosphene.engine.effect.shader import Shader
from phosphene.engine.glsl import prelude as glsl_prelude
from phosphene.engine.glsl.assemble import assemble, is_file, read_by
from phosphene.engine.glsl.errors import author_line, explain
from phosphene.engine.glsl.words import features_of, strip_comments
from phosphene.engine.scene.load import load_module
from phosphene.engine.scene.registry import Registry

PASSING = "vec4 effect(vec2 uv) { return vec4(1.0); }"


def made(text: str, **attributes: Any) -> type[Effect]:
    return type("Made", (Effect,), {"glsl": text, **attributes})


def assembled(text: str, **attributes: Any) -> Shader:
    return assemble(made(text, **attributes), Pass(text), ())


class Author:
    """A folder in which somebody writes effects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def effect(self, body: str, name: str = "mine") -> type[Effect]:
        """The effect in a Python file that declares one class with this body."""
        lead = "from phosphene import Color, Effect, Float, Pass\n\n\nclass Mine(Effect):\n"
        path = self.write(f"{name}.py", lead + body)
        registry = Registry([self.folder], [])
        registry._loaded.clear()
        assert path.is_file()
        return registry.effect(name)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def compiled(gpu: Any, effect: type[Effect]) -> None:
    """Compiles every pass and lets it go again."""
    from phosphene.engine.renderer.program import Program

    steps = passes_of(effect)
    for step in steps:
        Program(gpu, assemble(effect, step, [s.target for s in steps if s.target])).release()


def refusal(gpu: Any, effect: type[Effect]) -> ShaderError:
    with pytest.raises(ShaderError) as caught:
        compiled(gpu, effect)
    return caught.value


# What a shader uses


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("frame(uv)", {"frame"}),
        ("frame_here()", {"frame"}),
        ("camera(uv) + camera_here()", {"camera"}),
        ("mask(uv)", {"mask"}),
        ("past(uv)", {"past"}),
        ("backdrop(uv)", {"backdrop"}),
        ("face_count", {"face"}),
        ("pose_visibility(0, 1)", {"pose"}),
        ("my_frame + frames + framed", set()),
        ("// frame(uv)\n/* mask(uv)\n past(uv) */", set()),
        ("/**/frame(uv)//", {"frame"}),
        ("", set()),
    ],
)
def test_features_are_found_by_their_words(text: str, used: set[str]) -> None:
    assert features_of(text) == used


def test_comments_go_and_lines_stay() -> None:
    text = "a // b\n/* c\n d */ e\n//\n"
    assert strip_comments(text).split() == ["a", "e"]
    assert strip_comments(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("name", glsl_prelude.FEATURES)
def test_every_feature_has_words(name: str) -> None:
    assert glsl_prelude.WORDS[name]
    assert all(word in glsl_prelude.FEATURES[name] for word in glsl_prelude.WORDS[name])


@pytest.mark.parametrize(
    ("text", "file"),
    [("a.frag", True), (" a/b.glsl ", True), ("a.frag\n", True), (PASSING, False), ("", False), ("x\na.frag", False)],
)
def test_a_file_is_told_from_text(text: str, file: bool) -> None:
    assert is_file(text) is file


def test_passes() -> None:
    assert passes_of(made("")) == ()
    assert passes_of(made(PASSING)) == (Pass(PASSING),)
    assert passes_of(made(PASSING, passes=(Pass("a.frag"),))) == (Pass("a.frag"),)


def test_trackers_are_read_from_every_pass() -> None:
    effect = made("", passes=(Pass("vec4 effect(vec2 uv) { return vec4(mask(uv)); }", "a"), Pass("face_count")))
    assert read_by(effect) == {"person", "face"}


# Uniforms


def test_every_kind_of_parameter_becomes_its_uniform(gpu: Any) -> None:
    effect = made(
        """
        vec4 effect(vec2 uv) {
            float x = a_float + float(an_int) + float(a_bool) + float(a_choice) + a_color.r + a_color_alpha + a_point.x;
            return a_media(uv) + vec4(x + several[2].x + one.x + turn[1][1] + float(whole) + a_media_size_px.x);
        }""",
        a_float=Float(1.0),
        an_int=Int(1),
        a_bool=Bool(True),
        a_choice=Choice("a", ("a", "b")),
        a_color=Color("red"),
        a_point=Point(),
        a_media=Media(),
        a_text=Text("no uniform"),
        several=Uniform("vec3", 4),
        one=Uniform("vec4"),
        turn=Uniform("mat3"),
        whole=Uniform("int"),
    )
    for owner, declared in {**effect.params(), **effect.uniforms()}.items():
        declared.name = owner
    compiled(gpu, effect)


@pytest.mark.parametrize("main", glsl_prelude.MAIN)
@pytest.mark.parametrize("body", ["frame(uv)", "vec4(mask(uv))", "vec4(mask_here())", "camera_here()"])
def test_every_way_to_end_a_layer_compiles(gpu: Any, main: str, body: str) -> None:
    from phosphene.engine.renderer.program import Program

    text = f"vec4 effect(vec2 uv) {{ return {body}; }}"
    Program(gpu, assemble(made(text), Pass(text), (), main)).release()


# Includes


def test_an_include_is_put_in_once(gpu: Any, author: Author) -> None:
    author.write("a.glsl", '#include "c.glsl"\nfloat a() { return c(); }\n')
    author.write("b.glsl", '#include "c.glsl"\nfloat b() { return c(); }\n')
    author.write("c.glsl", "float c() { return 1.0; }\n")
    effect = author.effect(
        '    glsl = """\n#include "b.glsl"\n  #  include <a.glsl>\nvec4 effect(vec2 uv) { return vec4(a()); }"""\n'
    )
    compiled(gpu, effect)
    assert assemble(effect, Pass(effect.glsl), ()).text.count("float c()") == 1


def test_a_circle_of_includes_is_told_where_it_closes(author: Author) -> None:
    author.write("a.glsl", '// A\n#include "b.glsl"\n')
    author.write("b.glsl", '#include "a.glsl"\n')
    effect = author.effect('    glsl = """\n#include "a.glsl"\n' + PASSING + '"""\n')
    with pytest.raises(ShaderError) as caught:
        assemble(effect, Pass(effect.glsl), ())
    assert caught.value.where == f"{author.folder / 'b.glsl'}:1"
    assert "in a circle" in caught.value.message
    assert "a.glsl → b.glsl → a.glsl" in caught.value.hint


def test_an_include_of_itself_is_told(author: Author) -> None:
    author.write("me.frag", '\n#include "me.frag"\n' + PASSING)
    effect = author.effect('    glsl = "me.frag"\n')
    with pytest.raises(ShaderError) as caught:
        assemble(effect, Pass("me.frag"), ())
    assert caught.value.where == f"{author.folder / 'me.frag'}:2"


def test_the_effects_own_folder_is_looked_in_first_then_the_library(gpu: Any, author: Author) -> None:
    text = '#include "lib/noise.glsl"\nvec4 effect(vec2 uv) { return vec4(noise2(uv)); }'
    compiled(gpu, author.effect(f'    glsl = """{text}"""\n', "first"))
    author.write("lib/noise.glsl", "float noise2(vec2 p) { return 0.5; }\n")
    effect = author.effect(f'    glsl = """{text}"""\n', "second")
    assert str(author.folder) in " ".join(assemble(effect, Pass(effect.glsl), ()).files)


@pytest.mark.parametrize(
    "name",
    ["none.glsl", "../../etc/passwd", "/etc/passwd", "lib/../../secret.glsl", "lib", ".", "a" * 5000, "a\0b", " "],
)
def test_what_cannot_be_included_names_the_line(author: Author, name: str) -> None:
    author.write("../secret.glsl", "float secret;")
    path = author.write("mine.frag", f'\n\n#include "{name}"\n' + PASSING)
    effect = author.effect('    glsl = "mine.frag"\n')
    said = "lies outside the effect's folder" if name.startswith("/") or ".." in name else "no shader file"
    with pytest.raises(ShaderError, match=said) as caught:
        assemble(effect, Pass("mine.frag"), ())
    assert caught.value.where == f"{path}:3"


def test_a_link_out_of_the_folder_is_not_followed(author: Author, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.glsl"
    outside.write_text("float x;")
    (author.folder / "x.glsl").symlink_to(outside)
    with pytest.raises(ShaderError, match="no shader file"):
        assemble(author.effect('    glsl = "x.glsl"\n'), Pass("x.glsl"), ())


def test_a_shader_file_that_is_not_there(author: Author) -> None:
    effect = author.effect('    glsl = "none.frag"\n')
    with pytest.raises(ShaderError, match=r"no shader file 'none\.frag'") as caught:
        assemble(effect, Pass("none.frag"), ())
    assert str(author.folder) in caught.value.hint


def test_too_many_files_are_refused(author: Author) -> None:
    for number in range(100):
        author.write(f"f{number}.glsl", f'#include "f{number + 1}.glsl"\n')
    author.write("f100.glsl", PASSING)
    with pytest.raises(ShaderError, match="more than"):
        assemble(author.effect('    glsl = "f0.glsl"\n'), Pass("f0.glsl"), ())


def test_a_shader_that_is_no_text(author: Author) -> None:
    path = author.write("mine.frag", b"\xff\xfe\x00")
    with pytest.raises(ShaderError, match="cannot be read as text") as caught:
        assemble(author.effect('    glsl = "mine.frag"\n'), Pass("mine.frag"), ())
    assert caught.value.where == f"{path}:1"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_editors_shader_compiles(gpu: Any, author: Author, ends: str, mark: bytes) -> None:
    author.write("a.glsl", mark + f"float a() {{{ends} return 1.0; }}{ends}".encode())
    text = f'// hello{ends}#include "a.glsl"{ends}vec4 effect(vec2 uv) {{ return vec4(a()); }}'
    author.write("mine.frag", mark + text.encode())
    compiled(gpu, author.effect('    glsl = "mine.frag"\n'))


# Errors in the author's own lines, on the driver that is here

BROKEN = "float broken = no_such_thing;"


@pytest.mark.parametrize("before", [0, 1, 7, 40])
def test_an_error_in_a_python_file_names_its_line(gpu: Any, author: Author, before: int) -> None:
    body = "    # line\n" * before
    body += '    amount = Float(1.0, doc="x")\n    ink = Color("red")\n'
    body += f'    glsl = """\n    vec4 effect(vec2 uv) {{\n        {BROKEN}\n        return vec4(broken);\n    }}"""\n'
    effect = author.effect(body)
    path = author.folder / "mine.py"
    line = next(i for i, t in enumerate(path.read_text().splitlines(), 1) if BROKEN in t)
    error = refusal(gpu, effect)
    assert error.where == f"{path}:{line}"
    assert "no_such_thing" in error.message


def test_an_error_on_the_first_line_of_a_text(gpu: Any, author: Author) -> None:
    effect = author.effect(f'    glsl = """{BROKEN}\n    {PASSING}"""\n')
    assert refusal(gpu, effect).where == f"{author.folder / 'mine.py'}:5"


@pytest.mark.parametrize("row", [1, 2, 9])
def test_an_error_in_a_shader_file_names_its_line(gpu: Any, author: Author, row: int) -> None:
    path = author.write("mine.frag", "\n" * (row - 1) + BROKEN + "\n" + PASSING)
    assert refusal(gpu, author.effect('    glsl = "mine.frag"\n')).where == f"{path}:{row}"


def test_an_error_in_an_included_file_names_that_file(gpu: Any, author: Author) -> None:
    path = author.write("lib/part.glsl", f"// one\n// two\n{BROKEN}\n")
    author.write("mine.frag", f'// zero\n#include "lib/part.glsl"\n{PASSING}\n')
    assert refusal(gpu, author.effect('    glsl = "mine.frag"\n')).where == f"{path}:3"


def test_an_error_after_an_include_names_the_including_file(gpu: Any, author: Author) -> None:
    author.write("lib/part.glsl", "float a;\nfloat b;\nfloat c;\n")
    path = author.write("mine.frag", f'// one\n#include "lib/part.glsl"\n#include "lib/part.glsl"\n{BROKEN}\n{PASSING}')
    assert refusal(gpu, author.effect('    glsl = "mine.frag"\n')).where == f"{path}:4"


def test_an_error_in_a_second_pass_names_its_line(gpu: Any, author: Author) -> None:
    first = author.write("first.frag", PASSING)
    second = author.write("second.frag", f"\n{BROKEN}\n{PASSING}")
    effect = author.effect('    passes = (Pass("first.frag", target="one"), Pass("second.frag"))\n')
    assert first.is_file()
    assert refusal(gpu, effect).where == f"{second}:2"


def test_a_built_in_library_error_would_name_its_file(gpu: Any, author: Author) -> None:
    author.write("mine.frag", '#include "lib/noise.glsl"\nfloat noise1(float x) { return x; }\n' + PASSING)
    assert refusal(gpu, author.effect('    glsl = "mine.frag"\n')).where.endswith("mine.frag:2")


@pytest.mark.parametrize(
    "text",
    ["", "void nothing() {}", "float effect(vec2 uv) { return 1.0; }", "vec4 effect(vec2 uv) {", "}", "\\",
     "vec4 effect(vec2 uv);",
     "#error x\n", "#include", "#version 100\n", "vec4 effect(vec2 uv) { return frame; }", "🎉"],
)  # fmt: skip
def test_every_kind_of_broken_shader_is_a_shader_error(gpu: Any, text: str) -> None:
    # an empty `glsl` means no pass, so the pass is named
    refusal(gpu, made("", passes=(Pass(text),)))


# Messages of other drivers

WRITTEN = Shader(
    "\n".join(
        ["#version 330 core", "float ours;", "//@ 11 1", "a11", "a12", "//@ 7 2", "b7", "//@ 14 1", "a14", "//@ 1 0"]
    ),
    frozenset(),
    ("prelude", "/mine/a.frag", "/mine/b.glsl"),
    name="name",
)


@pytest.mark.parametrize(
    ("row", "where"),
    [(1, "prelude:1"), (2, "prelude:2"), (4, "/mine/a.frag:11"), (5, "/mine/a.frag:12"), (7, "/mine/b.glsl:7"),
     (9, "/mine/a.frag:14")],
)  # fmt: skip
def test_every_row_knows_where_it_comes_from(row: int, where: str) -> None:
    assert author_line(WRITTEN, row) == where


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ("0:5(5): error: `x' undeclared", "/mine/a.frag:12"),
        ('0(5) : error C1008: undefined variable "x"', "/mine/a.frag:12"),
        ("ERROR: 0:7: 'x' : undeclared identifier", "/mine/b.glsl:7"),
        ("0:2(1): error: prelude says\n0:7(1): error: yours", "/mine/b.glsl:7"),
        ("0:2(1): error: prelude only", "prelude:2"),
        ("0:4(3): warning: unused\n0:5(1): error: real", "/mine/a.frag:12"),
        ("linking failed", "name"),
        ("", "name"),
    ],
)
def test_messages_of_every_driver_are_read(message: str, where: str) -> None:
    error = explain(message, WRITTEN)
    assert error.where == where
    assert "does not compile" in error.message


@pytest.mark.parametrize("row", [0, 10, 11, 10_000])
def test_a_row_that_is_not_there_breaks_nothing(row: int) -> None:
    assert explain(f"0:{row}(1): error: x", WRITTEN).where


def test_an_authors_comment_that_looks_like_a_mark_breaks_nothing() -> None:
    shader = Shader("//@ 5 99\n//@ 5 0\nx", frozenset(), ("prelude",))
    assert [author_line(shader, row) for row in (1, 3)] == ["prelude:1", "prelude:5"]


def test_further_errors_are_counted() -> None:
    assert "(and 2 more)" in explain("\n".join(["0:4(1): error: x"] * 3), WRITTEN).message


def test_a_class_made_on_the_fly_still_compiles(gpu: Any) -> None:
    compiled(gpu, made(PASSING))


@pytest.mark.parametrize("name", Registry([], []).effects())
def test_every_built_in_effect_uses_all_its_parameters(name: str) -> None:
    """A parameter that neither the shader nor the Python code reads would do nothing."""
    effect = Registry([], []).effect(name)
    module = load_module(Registry([], []).effects()[name])
    folder = Path(str(module.__file__)).parent
    files = [Path(str(module.__file__))] if folder.name == "effects" else sorted(folder.glob("*.py"))
    text = "\n".join(p.read_text() for p in files) + "".join(assemble_all(effect))
    for parameter in effect.params():
        uses = len(re.findall(rf"\b{parameter}(?:_alpha|_size_px)?\b", text))
        declarations = 1 + len(re.findall(rf"uniform \w+ {parameter}(?:_alpha|_size_px)?\b", text))
        assert uses > declarations, f"{name}.{parameter} is never read"


def assemble_all(effect: type[Effect]) -> list[str]:
    steps = passes_of(effect)
    return [assemble(effect, s, [t.target for t in steps if t.target]).text for s in steps]
