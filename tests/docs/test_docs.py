"""What the documentation says can be done: commands parse, links lead somewhere, effects draw, scenes load."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers import drawings, layer, no_problems, scene, stack
from phosphene.engine.check.stage import observation
from phosphene.engine.check.watch import judge_files
from phosphene.engine.commands.cli import build_parser
from phosphene.engine.core.errors import GpuError
from phosphene.engine.core.imaging import rgba
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.sinks.video import VideoSink
from phosphene.engine.sources import open_source
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(p for folder in ("docs", "examples") for p in (ROOT / folder).rglob("*.md")) + sorted(ROOT.glob("*.md"))
FENCE = re.compile(r"^([ ]*)```([\w-]*)[^\n]*\n(.*?)^\1```[ ]*$", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"^(?:\$ )?(?:[\w./-]*/)?(?:phosphene|python3? main\.py|python3? -m phosphene)\s+(.*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*kinds: str) -> list[Block]:
    return [
        Block(page, text.count("\n", 0, match.start()) + 1, match[2], match[3])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in FENCE.finditer(text)
        if match[2] in kinds
    ]


def command_lines() -> list[tuple[str, str]]:
    """Every command that can be typed: in shell blocks, and in the text between backticks; where it stands, first."""
    found = []
    for block in blocks("sh", "bash", "shell", "console"):
        text = block.text.replace("\\\n", " ")
        found += [(str(block), line.strip()) for line in text.splitlines() if PROGRAM.match(line.strip())]
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        found += [
            (f"{page.relative_to(ROOT)} `{inline}`", inline)
            for inline in re.findall(r"`([^`\n]+)`", text)
            if inline.startswith("phosphene ") and "…" not in inline and "..." not in inline
        ]
    return found


COMMANDS = command_lines()


def test_there_is_something_to_test() -> None:
    assert PAGES
    assert COMMANDS
    assert blocks("python")
    assert blocks("toml")


@pytest.mark.parametrize(("where", "line"), COMMANDS, ids=[f"{w} {i}" for i, (w, _) in enumerate(COMMANDS)])
def test_every_documented_command_can_be_typed(where: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    match = PROGRAM.match(line)
    assert match is not None
    words = shlex.split(match[1], comments=True)
    if any(re.fullmatch(r"[A-Z][A-Z_]+", word) for word in words):
        pytest.skip("holds a word to be replaced")
    try:
        build_parser().parse_args(words)
    except SystemExit as end:
        if end.code != 0:
            pytest.fail(f"{where}: {line}\n{capsys.readouterr().err}")


def links() -> list[tuple[Path, int, str]]:
    """Every link or picture of a page that leads to a file."""
    found = []
    for page in PAGES:
        text = FENCE.sub(lambda m: "\n" * m[0].count("\n"), page.read_text(encoding="utf-8"))
        for match in re.finditer(r"\]\(<?([^)>\s]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"", text):
            target = match[1] or match[2]
            if not re.match(r"[a-z]+:|#", target):
                found.append((page, text.count("\n", 0, match.start()) + 1, target))
    return found


@pytest.mark.parametrize(
    ("page", "line", "target"), [pytest.param(*found, id=f"{found[0].name}:{found[1]} {found[2]}") for found in links()]
)
def test_every_link_leads_somewhere(page: Path, line: int, target: str) -> None:
    path, _, heading = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists(), f"{page.relative_to(ROOT)}:{line}: {target}"
    if heading and file.suffix == ".md":
        titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}
        assert heading in slugs, f"{page.relative_to(ROOT)}:{line}: no heading {heading}"


@pytest.mark.gl
@pytest.mark.parametrize(
    "block", [b for b in blocks("python") if re.search(r"^class \w+\(Effect\)", b.text, re.M)], ids=str
)
def test_every_documented_effect_draws(gpu: Gpu, block: Block, tmp_path: Path) -> None:
    (tmp_path / "documented.py").write_text(block.text, encoding="utf-8")
    registry = Registry([tmp_path], [])
    entry = registry.effects()["documented"]
    assert entry.problem == ""
    effect = registry.effect("documented")()
    seen = [observation((96, 54), number, loud=True) for number in range(4)]  # the mouth is open, and there is music
    pictures = list(drawings(gpu, stack(layer(name="under"), layer(effect)), seen, no_problems))
    bare = list(drawings(gpu, scene(), seen))
    assert not np.array_equal(pictures[-1], bare[-1]), "it changes nothing"


def test_the_first_effect_of_the_readme_is_the_built_in_one() -> None:
    """Which golden pictures hold, where it is transparent too."""
    first = next(b for b in blocks("python") if b.page == ROOT / "README.md")
    (glsl,) = re.findall(r'glsl = """\n(.*?)"""', first.text, re.DOTALL)
    assert glsl in (ROOT / "effects" / "duotone.py").read_text(encoding="utf-8")


GUIDE = ROOT / "docs" / "writing-effects.md"
KINDS = {"warm.frag": "glsl", "pulse.fs": "isf", "ripple.frag": "shadertoy", "slide.glsl": "gl-transition"}


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file of the guide to writing effects, under the name that stands before it there."""
    folder = tmp_path_factory.mktemp("newcomer")
    text = GUIDE.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        named = re.findall(r"`(my-[\w-]+(?:/[\w-]+)?\.\w+)`", text[: match.start()].rpartition("```")[2])
        if match[2] in ("glsl", "python", "toml") and named:
            (folder / named[-1]).parent.mkdir(exist_ok=True)
            (folder / named[-1]).write_text(match[3], encoding="utf-8")
    return folder


@pytest.mark.gl
@pytest.mark.slow
def test_every_effect_of_the_guide_is_good(newcomer: Path) -> None:
    """Judged as `check` does; nothing is left unused, and nothing of the page was passed over."""
    count = sum(b.page == GUIDE and b.kind in ("glsl", "python") for b in blocks("glsl", "python"))
    files = [p for p in (newcomer / "my-effects").iterdir() if not p.name.startswith("test_")]
    assert len(files) == count - 1  # one is the test
    try:
        found = list(judge_files(files))
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    assert [(v.file, v.error, v.notes) for v in found if not v.good] == []
    assert [(v.file, v.unused) for v in found if v.unused] == []
    kinds = {Path(v.file).name: v.kind for v in found}
    assert {name: kinds[name] for name in KINDS} == KINDS


@pytest.mark.gl
@pytest.mark.slow
def test_what_the_guide_tells_to_type_runs(newcomer: Path) -> None:
    """In an empty folder, from top to bottom, but for the camera."""
    short = ["--input", "testcard:64x48@30x3", "--output", "null", "--quiet"]
    typed = [line for where, line in COMMANDS if where.startswith("docs/writing-effects.md:")]
    assert len(typed) >= 3
    for line in typed:
        words = shlex.split(line)[1:]
        if words[0] == "run":
            words += [*short, "--every", "0.05"] if "--transition" in words else short
        done = typing([sys.executable, str(ROOT / "main.py"), *words], newcomer)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert "switched off" not in done.stderr, line
    done = typing([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "my-effects"], newcomer)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


SCRIPTING = ROOT / "docs" / "scripting.md"


@pytest.fixture(scope="module")
def clip_and_portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the page on scripts works on: `clip.mp4` and `portrait.jpg`, each with a face."""
    folder = tmp_path_factory.mktemp("scripts")
    with (
        open_source("demo", size=(320, 180)) as source,
        VideoSink(f"{folder}/clip.mp4", size=(320, 180), fps=30) as sink,
    ):
        frames = [frame for _ in range(20) if (frame := source.read()) is not None]
        for frame in frames:
            sink.write(rgba(frame.pixels), frame.time_s)
    Image.fromarray(frames[0].pixels).save(folder / "portrait.jpg")
    return folder


@pytest.mark.gl
@pytest.mark.models
@pytest.mark.usefixtures("models_ready", "gpu")
@pytest.mark.parametrize("block", [b for b in blocks("python") if b.page == SCRIPTING], ids=str)
def test_every_documented_script_runs(block: Block, clip_and_portrait: Path) -> None:
    script = clip_and_portrait / f"script_{block.line}.py"
    script.write_text(block.text, encoding="utf-8")
    tests = len(re.findall(r"^def test_", block.text, re.M))
    runner = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if tests else []
    done = typing([sys.executable, *runner, str(script)], clip_and_portrait)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert not tests or f"{tests} passed" in done.stdout
    made = re.findall(r"(?:save|open)\(\"([^\"]+)\"", block.text)
    assert made or done.stdout, "nothing comes of it"
    assert all((clip_and_portrait / name).stat().st_size for name in made)


@pytest.mark.slow
def test_every_documented_script_is_typed(tmp_path: Path) -> None:
    """For a type checker at its strictest, too, that sees the package as an installed one."""
    for block in blocks("python"):
        if block.page == SCRIPTING:
            (tmp_path / f"script_{block.line}.py").write_text(block.text, encoding="utf-8")
    silent = [
        "--no-error-summary",
        "--follow-imports",
        "silent",
        "--ignore-missing-imports",
        "--config-file",
        os.devnull,
    ]
    words = ["-m", "mypy", "--strict", *silent, "--cache-dir", str(tmp_path / "cache"), str(tmp_path)]
    env = {**os.environ, "MYPYPATH": os.pathsep.join([str(ROOT / "typings"), str(ROOT)])}
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def typing(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder / "config")}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_every_documented_scene_loads(block: Block, tmp_path: Path) -> None:
    if "[[layer]]" not in block.text:
        pytest.skip("no scene")
    for name in re.findall(r"\"([\w/ -]+\.(?:jpg|png|mp4|webm))\"", block.text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for page in (b for b in blocks("python") if b.page == block.page and "(Effect)" in b.text):
        for name in re.findall(r"^class (\w+)\(Effect\)", page.text, re.M):
            file = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            (tmp_path / f"{file}.py").write_text(page.text, encoding="utf-8")
    if block.page == GUIDE:  # its first example
        shader = next(b for b in blocks("glsl") if b.page == GUIDE)
        (tmp_path / "warm.frag").write_text(shader.text, encoding="utf-8")
    path = tmp_path / "documented.toml"
    path.write_text(block.text, encoding="utf-8")
    assert load_scene(str(path), Registry([tmp_path], [])).layers
