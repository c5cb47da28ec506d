"""Every program of examples/, run as its first lines say, on what is built in: no camera, no screen, no network."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from phosphene.engine.commands.cli import build_parser
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))
pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu"), pytest.mark.slow]


def run(command: Sequence[object], folder: Path, *path: Path) -> str:
    """What a program prints; with every warning an error, in `folder`, with nothing but the checkout and `path`."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(p) for p in (ROOT, *path)),
        "PYTHONWARNINGS": "error",
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    words = [sys.executable, *(str(word) for word in command)]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def example(name: str, folder: Path, *arguments: object) -> str:
    return run([EXAMPLES / f"{name}.py", *arguments], folder)


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32)


def video(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24").astype(np.float32) for frame in file.decode(video=0)]


def portrait(size: tuple[int, int] | None = None) -> np.ndarray:
    """The first frame of the demo."""
    from phosphene.engine.sources import open_source

    with open_source("demo", size=size) as source:
        frame = source.read()
    assert frame is not None
    return frame.pixels.astype(np.float32)


# What they are


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_it_opens_with_what_it_shows_and_how_to_run_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    opening = ast.get_docstring(tree) or ""
    assert re.match(r"[A-Z].*[.:;?]", opening)
    assert f"python examples/{path.name}" in opening
    assert {type(node) for node in tree.body[-1:]} == {ast.If}  # it can be imported without running


def test_every_example_is_run_here() -> None:
    """By a test of its name."""
    here = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in PROGRAMS} - here == set()
    assert {p.name for p in EXAMPLES.iterdir() if p.suffix != ".py" and p.name != "__pycache__"} == {
        "notebook.ipynb", "obs.md", "package",
    }  # fmt: skip


def test_the_examples_import_what_a_user_has() -> None:
    """`phosphene`, what it depends on, and Python itself; nothing from within the engine."""
    allowed = {"phosphene", "numpy", "PIL", "cv2", *sys.stdlib_module_names}
    found = {
        (path.name, module)
        for path in EXAMPLES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {(name, module) for name, module in found if module not in allowed} == set()


# What they do


def test_first_effect(tmp_path: Path) -> None:
    example("first_effect", tmp_path)
    made, before = picture(tmp_path / "first_effect.png"), portrait()
    assert made.shape == before.shape
    gain = made.mean(axis=(0, 1)) / before.mean(axis=(0, 1))
    assert gain[0] > gain[1] > gain[2]  # warmer


def test_multi_pass_effect(tmp_path: Path) -> None:
    example("multi_pass_effect", tmp_path, "testcard:96x64@30x20", "trails.mp4", "20")
    frames = video(tmp_path / "trails.mp4")
    assert len(frames) == 20
    assert frames[-1].mean() > frames[0].mean() + 1  # what moved is still seen


def test_follow_a_signal(tmp_path: Path) -> None:
    example("follow_a_signal", tmp_path, "demo", "out.mp4", "lfo.1", "1")
    frames = video(tmp_path / "out.mp4")
    assert len(frames) == 30
    inked = [np.abs(frame - frames[0]).mean() for frame in frames]
    assert 8 < int(np.argmax(inked)) < 22  # the wave is highest in the middle


def test_own_tracker(tmp_path: Path) -> None:
    said = example("own_tracker", tmp_path)
    found = re.search(r"x=(\S+) y=(\S+)", said)
    assert found
    made, before = picture(tmp_path / "brightest.png"), portrait()
    y, x = np.nonzero((made[..., 0] > 200) & (made[..., 1] < 90) & (np.abs(made - before).max(axis=2) > 60))
    assert x.mean() / made.shape[1] == pytest.approx(float(found[1]), abs=0.02)
    assert y.mean() / made.shape[0] == pytest.approx(float(found[2]), abs=0.02)


def test_own_source(tmp_path: Path) -> None:
    example("own_source", tmp_path)
    frames = video(tmp_path / "plasma.mp4")
    assert len(frames) == 30
    assert np.abs(frames[3] - frames[3][:, ::-1]).mean() < 3  # mirrored


def test_own_sink(tmp_path: Path) -> None:
    example("own_sink", tmp_path)
    scan = picture(tmp_path / "slit_scan.png")
    assert scan.shape == (180, 120, 3)
    assert np.abs(scan[:, 0] - scan[:, -1]).mean() > 2  # the camera has moved


def test_batch_render(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, size in (("a.jpg", (96, 64)), ("b.png", (48, 80))):
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8)).save(photos / name)
    (photos / "c.jpg").write_text("no image")
    (photos / "d.txt").write_text("no image")
    said = example("batch_render", tmp_path, photos, tmp_path / "looks")
    assert sorted(p.name for p in (tmp_path / "looks").iterdir()) == ["a.png", "b.png"]
    assert picture(tmp_path / "looks" / "b.png").shape == (80, 48, 3)
    assert "c.jpg" in said
    assert "d.txt" not in said


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_measure_to_csv(tmp_path: Path) -> None:
    example("measure_to_csv", tmp_path)
    head, *rows = (tmp_path / "face.csv").read_text().splitlines()
    assert head == "time_s,faces,face.smile,face.mouth_open,face.yaw,face.pitch,face.roll"
    assert len(rows) == 30
    assert {row.split(",")[1] for row in rows} == {"1"}


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_one_image(tmp_path: Path) -> None:
    example("one_image", tmp_path)
    before = portrait((640, 360))
    for name, channel in (("red", 0), ("green", 1), ("blue", 2)):
        more = (picture(tmp_path / f"lasers_{name}.png") - before).mean(axis=(0, 1))
        assert int(np.argmax(more)) == channel
        assert more[channel] > 1


def test_scene_in_code(tmp_path: Path) -> None:
    assert "2 layers, needs person" in example("scene_in_code", tmp_path)
    scene = load_scene(str(tmp_path / "me.toml"), Registry([], []))
    assert [layer.name for layer in scene.layers] == ["room", "person"]
    assert scene.bindings["room/duotone.amount"].source == "lfo.4"
    assert example("scene_in_code", tmp_path)  # again, over its own file


def test_live_show(tmp_path: Path) -> None:
    said = example("live_show", tmp_path, "demo", "null", "1")
    frames = re.search(r"(\d+) frames", said)
    assert frames
    assert int(frames[1]) > 0


# What is not one program


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_the_notebook(tmp_path: Path) -> None:
    """Its cells one after another, as a notebook runs them; the value of a cell's last line is what it shows."""
    book = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], book["cells"][0]["cell_type"]) == (4, "markdown")
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in book["cells"] if cell["cell_type"] == "code")  # nothing to go stale
    script = tmp_path / "notebook.py"
    script.write_text(
        "import ast, hashlib, json, sys\n"
        "names = {}\n"
        "for text in json.load(sys.stdin):\n"
        "    tree = ast.parse(text)\n"
        "    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None\n"
        "    exec(compile(tree, 'cell', 'exec'), names)\n"
        "    shown = None if last is None else eval(compile(ast.Expression(last.value), 'cell', 'eval'), names)\n"
        "    if hasattr(shown, '_repr_png_'):\n"
        "        png = shown._repr_png_()\n"
        "        print('PNG', png[:4] == b'\\x89PNG', hashlib.sha256(png).hexdigest())\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=env, input=json.dumps(cells), capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    shown = re.findall(r"PNG True (\w+)", done.stdout)
    assert len(shown) == 2
    assert shown[0] != shown[1]
    brighter = re.search(r"(\S+) of 255 brighter", done.stdout)
    assert brighter
    assert float(brighter[1]) > 1


def recipe() -> list[str]:
    """The commands of the recipe."""
    text = (EXAMPLES / "obs.md").read_text(encoding="utf-8")
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines() if line]


@pytest.mark.parametrize("line", recipe())
def test_every_command_of_the_recipe_can_be_typed(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "phosphene"
    options = build_parser().parse_args(words)
    from phosphene.engine.sinks import split_spec

    kinds = [split_spec(output)[0] for output in options.outputs]
    assert kinds
    assert set(kinds) <= {"web", "virtual-camera", "pipewire", "video"}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the package of the examples, as pip leaves it."""
    about = tomllib.loads((EXAMPLES / "package" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = tmp_path / "site"
    meta = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    meta.mkdir(parents=True)
    (site / "fireflies.py").write_bytes((EXAMPLES / "package" / "fireflies.py").read_bytes())
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    groups = about["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items()) for group, points in groups.items()]
    (meta / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return site


def test_the_package(tmp_path: Path, installed: Path) -> None:
    main = ROOT / "main.py"
    listed = json.loads(run([main, "list", "--json"], tmp_path, installed))
    theirs = {kind: [i["name"] for i in items if i.get("origin") == "plugin"] for kind, items in listed.items()}
    assert theirs == {
        "scenes": [], "effects": ["halo"], "transitions": [], "sources": ["fireflies"], "sinks": ["light-log"],
        "trackers": ["brightest"],
    }  # fmt: skip
    text = (EXAMPLES / "package" / "pyproject.toml").read_text(encoding="utf-8")
    (line,) = re.findall(r"^#\s+phosphene (run .*)$", text, re.MULTILINE)
    words = shlex.split(line.replace("examples/", f"{EXAMPLES.as_posix()}/"))
    said = run([main, *words, "--size", "160x90"], tmp_path, installed)
    assert "60 frames" in said
    assert "switched off" not in said
    head, *rows = (tmp_path / "light.csv").read_text().splitlines()
    assert head == "time_s,brightness"
    assert [row.split(",")[0] for row in rows[:3]] == ["0.000", "0.033", "0.067"]
    assert len(rows) == 60


def test_the_package_adds_a_halo(tmp_path: Path, installed: Path) -> None:
    """With the tracker's answer, the effect lights up the one place that it should."""
    scene = EXAMPLES / "package" / "fireflies.toml"
    bare = tmp_path / "bare.toml"
    bare.write_text('[[layer]]\nsource = "camera"\n')
    same = ["--input", "fireflies", "--size", "160x90", "--seconds", "0.1"]
    for name, path in (("bare", bare), ("halo", scene)):
        run([ROOT / "main.py", "run", path, *same, "--output", f"{name}/"], tmp_path, installed)
    before, after = (picture(sorted((tmp_path / name).iterdir())[0]) for name in ("bare", "halo"))
    gain = (after - before).sum(axis=2)
    y, x = np.unravel_index(int(np.argmax(before.sum(axis=2))), gain.shape)
    assert gain[y - 3 : y + 4, x - 3 : x + 4].max() > 60
    assert gain.mean() < 0.2 * gain.max()
