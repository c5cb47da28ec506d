"""`phosphene check`: what it finds in good and bad effects, and that nothing stops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from phosphene.engine.check.report import report, write_report
from phosphene.engine.check.stage import image, observation
from phosphene.engine.check.verdict import Verdict, effect_files
from phosphene.engine.check.watch import MOST, Child, busy, judge_files
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import GpuError, SinkError
from phosphene.engine.glsl.locate import loop_line, main_line

SAMPLES = Path(__file__).resolve().parent.parent / "dialects"
HOSTILE = SAMPLES / "hostile"
HEAD = 'from phosphene import Effect, Float\n\n\nclass Made(Effect):\n    """Made for a test."""\n\n'


def judged(*paths: Path, limit_s: float = 60.0, preview: Path | None = None) -> dict[str, Verdict]:
    """The verdicts by file name; the test is skipped where nothing can be drawn."""
    try:
        found = list(judge_files(paths, size=(160, 90), limit_s=limit_s, preview=preview))
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    assert [v.file for v in found] == [str(p) for p in paths]
    return {Path(v.file).name: v for v in found}


def python(folder: Path, name: str, body: str) -> Path:
    """A Python effect."""
    path = folder / name
    path.write_text(HEAD + body, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def samples() -> dict[str, Verdict]:
    """The verdicts on our own samples."""
    return judged(*effect_files(p for p in sorted(SAMPLES.iterdir()) if p.is_file() and p.suffix != ".png"))


def test_every_sample_is_good(samples: dict[str, Verdict]) -> None:
    wrong = {n: (v.error, v.notes) for n, v in samples.items() if not v.good and not n.startswith("toy.buf")}
    wrong = {n: w for n, w in wrong.items() if n not in ("isf_vertex.vs", "toy.common.frag")}
    assert wrong == {}


def test_what_is_measured(samples: dict[str, Verdict]) -> None:
    verdict = samples["isf_pass_through.fs"]
    assert (verdict.kind, verdict.role, verdict.compiles, verdict.draws) == ("isf", "filter", True, True)
    assert (verdict.deterministic, verdict.identity, verdict.leaks) == (True, True, 0)
    assert verdict.ms is not None
    assert samples["wipe.glsl"].identity is True
    assert samples["isf_builtins.fs"].identity is None


def test_a_parameter_that_only_sizes_a_pass_is_in_use(samples: dict[str, Verdict]) -> None:
    assert samples["isf_passes.fs"].unused == []


DRAWN = {  # what only a driver, or a drawn picture, can tell; the rest is in test_dialects.py
    "endless.fs": "9: a frame at 1280×720 would take",
    "endless.frag": "3: a frame at 1280×720 would take",
    "nan.fs": "7: NaN or infinite at its defaults",
    "nan.frag": "1: NaN or infinite at its defaults",
    "blank.fs": "7: draws nothing but one colour, transparent",
    "min_above_max.fs": "4: level: MIN 1 is above MAX 0",
    "deep_code.frag": "1: does not compile",
    "imported_no_picture.fs": "6: 'empty.frag' cannot be read as an image",
    "include_circle.frag": "2: files include each other in a circle",
    "include_outside.frag": "2: '../plain.frag' lies outside the effect's folder",
    "recursion.frag": "2: does not compile: function `float again(float)' has static recursion",
    "samplers.fs": "5: does not compile: Too many fragment shader texture samplers",
    "bad_macro.fs": "7: does not compile",
}


@pytest.fixture(scope="module")
def hostile() -> dict[str, Verdict]:
    """The verdicts on every hostile file."""
    return judged(*sorted(p for p in HOSTILE.iterdir() if p.suffix in (".fs", ".frag", ".glsl")))


@pytest.mark.slow
def test_every_hostile_file_has_an_error_in_its_own_line(hostile: dict[str, Verdict]) -> None:
    for name, verdict in hostile.items():
        own = (f"{HOSTILE / name}:", f"{(HOSTILE / name).with_suffix('.vs')}:")
        assert verdict.error.startswith(own), verdict.error
        assert verdict.error.split(":")[1].isdigit(), verdict.error
        assert not verdict.good
        assert verdict.leaks == 0, name


@pytest.mark.parametrize("name", DRAWN)
def test_what_drawing_tells(hostile: dict[str, Verdict], name: str) -> None:
    assert hostile[name].error.startswith(f"{HOSTILE / name}:{DRAWN[name]}")


def test_an_odd_range_is_told_though_it_draws(hostile: dict[str, Verdict]) -> None:
    verdict = hostile["min_above_max.fs"]
    assert (verdict.compiles, verdict.draws, verdict.good) == (True, True, False)


@pytest.mark.slow
def test_a_hang_and_a_crash_stop_only_their_own_file(tmp_path: Path) -> None:
    hangs = python(
        tmp_path, "hangs.py", "    def update(self, observation, dt):\n        while True:\n            pass\n"
    )
    dies = python(
        tmp_path, "dies.py", "    def update(self, observation, dt):\n        import os\n\n        os.abort()\n"
    )
    found = judged(hangs, dies, SAMPLES / "plain.frag", limit_s=4.0)
    assert found["hangs.py"].error == f"{hangs}:8: stopped after 4 s: a loop without an end?"
    assert found["dies.py"].error.startswith(f"{dies}: brought the process down (signal 6)")
    assert found["plain.frag"].good


@pytest.mark.parametrize(("load", "times"), [(0.1, 1.0), (2.0, 1.0), (6.0, 3.0), (90.0, MOST)])
def test_a_busy_machine_has_longer(monkeypatch: pytest.MonkeyPatch, load: float, times: float) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, 50.0, 50.0), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert busy() == times


@pytest.mark.slow
def test_a_judging_process_that_nobody_stops_ends_by_itself(tmp_path: Path) -> None:
    path = python(
        tmp_path, "hangs.py", "    def update(self, observation, dt):\n        while True:\n            pass\n"
    )
    child = Child((32, 18), limit_s=2.0)
    try:
        assert child.ask(path) is None
        for _ in range(300):
            if child.died is not None:
                break
        assert child.died == 1
    finally:
        child.kill()


def test_what_is_wrong_with_python_effects(tmp_path: Path) -> None:
    picture_of = '    glsl = "vec4 effect(vec2 uv) { return %s; }"\n'
    files = [
        python(tmp_path, "raises.py", "    def update(self, observation, dt):\n        raise KeyError('gone')\n"),
        python(tmp_path, "chance.py", "    glsl = \"vec4 effect(vec2 uv) { return vec4(uv, level, 1.0); }\"\n"
               "    level = Float(0.0, 0.0, 1.0)\n\n    def update(self, observation, dt):\n        import random\n\n"
               "        self.level = random.random()\n"),
        python(tmp_path, "idle.py", "    level = Float(0.0, 0.0, 1.0)\n" + picture_of % "vec4(uv, 0.0, 1.0)"),
        python(tmp_path, "ends.py", "    level = Float(0.5, 0.0, 1.0)\n" + picture_of % "vec4(uv, 1.0 / level, 1.0)"),
        python(tmp_path, "prints.py", "    print('{ not a verdict }')\n" + picture_of % "vec4(uv, 0.0, 1.0)"),
        python(tmp_path, "syntax.py", "    level = = 1\n"),
    ]  # fmt: skip
    found = judged(*files)
    assert found["raises.py"].error.endswith("KeyError: 'gone'")
    assert found["chance.py"].deterministic is False
    assert found["idle.py"].unused == ["level"]
    assert found["idle.py"].good
    assert (found["ends.py"].finite, found["ends.py"].finite_at_ends, found["ends.py"].good) == (True, False, False)
    assert found["prints.py"].good
    assert found["syntax.py"].error == f"{tmp_path / 'syntax.py'}:7: invalid syntax"


def test_the_built_in_effects_pass_their_own_check() -> None:
    root = SAMPLES.parent.parent / "effects"
    found = judged(root / "duotone.py", root / "mirror.py", root / "laser_eyes.py")
    assert {n: v.error for n, v in found.items() if not v.good} == {}


def test_previews_are_drawn(tmp_path: Path) -> None:
    from PIL import Image

    verdict = judged(SAMPLES / "plain.frag", preview=tmp_path / "pictures")["plain.frag"]
    with Image.open(verdict.preview) as drawn:
        assert drawn.size == (160, 90)


def test_the_command_writes_json_and_says_how_it_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "verdicts.json"
    try:
        code = main(["check", str(SAMPLES / "plain.frag"), str(HOSTILE / "syntax.fs"), "--json", str(out)])
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    assert code == 1
    found = json.loads(out.read_text(encoding="utf-8"))
    assert [Path(v["file"]).name for v in found] == ["plain.frag", "syntax.fs"]
    assert {"file", "kind", "compiles", "draws", "deterministic", "error"} <= found[0].keys()
    assert (found[0]["compiles"], found[1]["compiles"]) == (True, False)
    assert "2 judged, 1 with errors" in capsys.readouterr().err


def test_a_missing_path_and_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nowhere.fs")]) == 2
    assert "no file or folder" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 2
    assert "no effect files found" in capsys.readouterr().err


def test_which_files_of_a_folder_are_effects(tmp_path: Path) -> None:
    for name in ("a.fs", "b.frag", "b.bufA.frag", "_lib.glsl", "c.txt", "test_d.py", "sub/e.glsl", ".hidden/f.fs"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "g.py").write_text("class G(Effect):\n    pass\n")
    (tmp_path / "h.py").write_text("import os\n")
    assert [p.name for p in effect_files([tmp_path])] == ["a.fs", "b.frag", "g.py", "e.glsl"]


def test_the_line_of_a_loop_and_of_main() -> None:
    assert loop_line(HOSTILE / "endless.frag").endswith("endless.frag:3")
    assert main_line(SAMPLES / "plain.frag").endswith("plain.frag:10")
    assert loop_line(Path("nowhere.fs")) == "nowhere.fs"


def test_the_stage_is_the_same_every_time() -> None:
    one, two = observation((40, 30), 2), observation((40, 30), 2)
    assert one.frame.pixels.tobytes() == two.frame.pixels.tobytes()
    assert (image((40, 30)) != image((40, 30), 1)).mean() > 0.5


def test_a_report_goes_between_its_marks(tmp_path: Path) -> None:
    good = Verdict(str(tmp_path / "a.fs"), "isf", "filter", True, True, deterministic=True)
    bad = Verdict(str(tmp_path / "b.fs"), "isf", "filter", error=f"{tmp_path / 'b.fs'}:3: does not | compile")
    page = tmp_path / "page.md"
    write_report(page, [good], [tmp_path])
    page.write_text("Before\n" + page.read_text(encoding="utf-8") + "After\n", encoding="utf-8")
    write_report(page, [good, bad], [tmp_path])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "| isf | 2 | 1 | 1 | 1 | 1 |  | 1 |" in text
    assert "| b.fs | no | no | b.fs:3: does not \\| compile |" in text
    assert "a.fs" not in report([good], [tmp_path])
    page.write_text("nothing here", encoding="utf-8")
    with pytest.raises(SinkError, match="no place"):
        write_report(page, [good], [tmp_path])
