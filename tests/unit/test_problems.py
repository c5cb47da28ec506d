"""What is wrong, as objects; and where a mistake stands in an author's file."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from phosphene.engine.core.errors import PhospheneError, ShaderError
from phosphene.engine.core.problem import Problem
from phosphene.engine.core.source_lines import (
    line_at,
    location,
    location_at,
    location_of,
    location_of_assignment,
    location_of_error,
    location_of_thread,
)
from phosphene.engine.effect.shapes import Label
from phosphene.engine.renderer.notices import problem_shapes
from phosphene.engine.renderer.problems import Problems, format_error, problem_of

BROKEN = ShaderError("does not compile", where="a.frag:3", hint="mend it")


@pytest.mark.parametrize("error", [BROKEN, PhospheneError("no"), PhospheneError("no", hint="yes")])
def test_a_problem_says_what_its_error_says(error: PhospheneError) -> None:
    problem = Problem.of("camera/a", error, since_s=2.5)
    assert str(problem) == str(error) == format_error(error)
    assert (problem.message, problem.where, problem.hint) == (error.message, error.where, error.hint)
    assert problem.since_s == 2.5


def test_an_error_of_python_gets_its_kind_and_its_place() -> None:
    assert str(Problem.of("a/b", ZeroDivisionError("no"), where="b.py:7")) == "b.py:7: ZeroDivisionError: no"


def test_only_what_is_new_is_news() -> None:
    problems = Problems()
    assert problems.report(problem_of("camera/a", BROKEN, since_s=1.0))
    assert not problems.report(problem_of("camera/a", BROKEN, since_s=2.0))
    assert problems["camera/a"].since_s == 1.0, "it is known since it was found first"
    assert problems.report(problem_of("camera/a", PhospheneError("another")))
    assert problems.report(problem_of("scene", BROKEN))
    assert list(problems) == ["camera/a", "scene"]


def test_what_is_cleared_is_gone() -> None:
    problems = Problems()
    for address in ("camera/a", "camera/b", "scene"):
        problems.report(problem_of(address, BROKEN))
    problems.clear("camera/a")
    problems.clear("camera/never")
    assert list(problems) == ["camera/b", "scene"]
    problems.clear_effects()
    assert list(problems) == ["scene"]
    problems.clear("scene")
    assert problems == {}


def test_the_newest_problem_stands_in_the_image() -> None:
    problems = Problems()
    assert problem_shapes(problems, (640, 360)) == []
    problems.report(problem_of("camera/a", BROKEN))
    problems.report(problem_of("camera/b", PhospheneError("is too slow")))
    (label,) = [shape for shape in problem_shapes(problems, (640, 360)) if isinstance(shape, Label)]
    assert label.text == "camera/b: is too slow"


TEXT = "one\ntwo = 2\n\n    amount: float = 3\n"


def test_positions_and_lines() -> None:
    assert [line_at(TEXT, n) for n in (-1, 0, 3, 4, 12, len(TEXT))] == [1, 1, 1, 2, 3, 5]
    assert [line_at(TEXT.encode(), n) for n in (-1, 0, 3, 4, 12, len(TEXT))] == [1, 1, 1, 2, 3, 5]
    assert location_at("a.py", TEXT, TEXT.index("two")) == location("a.py", 2) == "a.py:2"


def test_words_in_a_file_have_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(TEXT, encoding="utf-8")
    assert location_of(file, "two = 2") == f"{file}:2"
    assert location_of(file, re.compile("nowhere"), re.compile(r"am\w+")) == f"{file}:4"
    assert location_of(file, "o.e") == str(file), "words are taken as they stand"
    assert location_of(file, "two", cleaned=lambda text: text.replace("two", "")) == str(file)
    assert location_of_assignment(file, "amount") == f"{file}:4"
    assert location_of_assignment(file, "two") == str(file), "only what a class says"
    assert location_of(tmp_path / "none.py", "x") == str(tmp_path / "none.py")


def test_an_error_has_the_deepest_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def f():\n    return g()\n\ndef g():\n    return 1 / 0\n", encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)
    with pytest.raises(ZeroDivisionError) as caught:
        names["f"]()  # type: ignore[operator]
    assert location_of_error(caught.value, file) == f"{file}:5"
    other = tmp_path / "b.py"
    assert location_of_error(caught.value, other) == str(other)
    assert location_of_error(caught.value, other, "elsewhere:1") == "elsewhere:1"
    with pytest.raises(SyntaxError) as broken:
        compile("a b\n", str(file), "exec")
    assert location_of_error(broken.value, other) == f"{file}:1"


def test_a_thread_is_found_where_it_waits() -> None:
    here, inside, leave = Path(__file__).resolve(), threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        leave.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    inside.wait()
    try:
        assert location_of_thread(here).startswith(f"{here}:")
        assert location_of_thread(here.with_name("nobody.py")) == ""
    finally:
        leave.set()
        thread.join()
