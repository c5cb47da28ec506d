"""Nothing lost, as whole runs: inputs untouched, old files kept through kills, full disks and interruptions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers_waiting import wait_until
from phosphene.engine.commands.cli import main
from phosphene.engine.core.files.claim import PART
from PIL import Image

from tests.system.kills import kill_once, prints

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("PHOSPHENE_KILLS", "3"))
CARD = "testcard:320x180@30x5"
pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]


def run(*words: str) -> int:
    return main(["run", *words, "--quiet"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with pictures, a clip, a scene and a take in it."""
    monkeypatch.chdir(tmp_path)
    Path("fr").mkdir()
    for number in range(3):
        Image.fromarray(np.full((36, 64, 3), 60 * number, np.uint8)).save(f"fr/frame_{number:05d}.png")
    assert run("mirror", "-i", CARD, "-o", "clip.mp4", "--record-take", "monday") == 0
    shutil.copy("clip.mp4", "clip.matte.mp4")
    Path("own.toml").write_text(
        'title = "Own"\n[[layer]]\nsource = "none"\neffects = [{ use = "place", picture = "clip.matte.mp4" }]\n'
    )
    Path("imported.toml").write_text('title = "I"\n[[layer]]\nsource = "camera"\neffects = [{ use = "skin" }]\n')
    Path("skin.fs").write_text(
        '/*{ "ISFVSN": "2", "IMPORTED": { "skin": { "PATH": "skin.png" } }, "INPUTS": [] }*/\n'
        "void main() { gl_FragColor = IMG_NORM_PIXEL(skin, isf_FragNormCoord); }\n"
    )
    shutil.copy("fr/frame_00001.png", "skin.png")
    (tmp_path / "linked").symlink_to(tmp_path / "fr", target_is_directory=True)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("mirror", "-i", "fr/", "-o", "fr/"),
        ("mirror", "-i", "fr/*.png", "-o", "fr/frame_%05d.png"),
        ("mirror", "-i", "fr/frame_%05d.png", "-o", "linked/"),
        ("mirror", "-i", "fr/frame_00001.png", "-o", "fr/"),
        ("mirror", "-i", "linked", "-o", "fr/../fr/frame_%05d.png"),
        ("mirror", "-i", "clip.mp4", "-o", "./clip.mp4"),
        ("mirror", "-i", "clip.mp4", "--pace", "live", "-o", "clip.mp4"),
        ("mirror", "-i", "clip.matte.mp4", "-o", "clip.mp4?matte=1"),
        ("mirror", "-i", "clip.mp4", "--rotate", "90", "-o", "clip.mp4"),
        ("own.toml", "-i", CARD, "-o", "clip.mp4?matte=1"),
        ("mirror", "own.toml", "-i", CARD, "-o", "clip.matte.mp4", "--every", "1"),
        ("teleport", "-i", CARD, "-o", "fr/", "--set", "picture=fr/frame_00002.png"),
        ("mirror", "-i", CARD, "--sound", "clip.mp4", "-o", "clip.mp4"),
        ("imported.toml", "--effects", ".", "-i", CARD, "-o", "skin.png"),
        ("own.toml", "-i", CARD, "-o", "null", "--stats-json", "own.toml"),
        ("mirror", "--take", "monday", "-o", "null", "--stats-json", "monday/take.json"),
        ("mirror", "-i", CARD, "-o", "out.json.mp4", "--json", "clip.mp4"),
    ],
    ids=" ".join,
)
def test_an_input_is_never_an_output(words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = prints(folder)
    for more in ((), ("--overwrite",)):
        assert run(*words, *more) in (1, 2)
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert "overwritten" in told
        assert told.count("\n") == 2, told
        assert prints(folder) == before
    assert not [path for path in folder.rglob("*") if PART in path.name]


def test_a_scene_that_is_saved_with_an_output_in_it_is_refused(folder: Path) -> None:
    from phosphene.engine.core.errors import UsageError
    from phosphene.engine.core.files.guard import Guard
    from phosphene.engine.core.files.target import Target
    from phosphene.engine.scene.registry import Registry
    from phosphene.engine.scene.toml_read import load_scene
    from phosphene.engine.show.reading import checked

    guard = Guard()
    guard.writes([Target(folder / "clip.matte.mp4")])
    with pytest.raises(UsageError, match="output of this run"):
        checked(lambda: load_scene("own.toml", Registry()), guard)()


@pytest.mark.parametrize(
    "words",
    [
        ("measure", "fr/frame_00000.png", "--people", "people.csv", "-o", "people.csv", "--overwrite"),
        ("measure", "fr/frame_00000.png", "-o", "people.csv"),
        ("check", "red.frag", "--preview", ".", "--report", "red.frag"),
        ("check", "red.fs", "--preview", ".", "--overwrite"),
        ("soak", "own.toml", "-i", CARD, "--graph", "fr/frame_00000.png"),
        ("soak", "mirror", "-i", "fr/", "--json", "people.csv"),
        ("soak", "mirror", "-i", "fr/", "--graph", "fr/frame_00000.png", "--overwrite"),
        ("bench", "-i", "clip.mp4", "--json", "clip.mp4"),
        ("gallery", "mirror", "--input", CARD, "--out", "."),
        ("gallery", "mirror", "--input", "gallery/mirror.jpg", "--out", ".", "--overwrite"),
        ("score", "--pictures", "pictures"),
        ("teach", "fr", "--class", "a=fr", "--class", "b=clip.mp4", "--into", ".", "--method", "nearest"),
        ("demo", "mirror", "-i", CARD, "-o", "clip.mp4", "--seconds", "0.1"),
        ("demo", "mirror", "-i", "new.png", "-o", "new.mp4", "--seconds", "0.1", "--overwrite"),
        ("show", "mirror", "--json", "own.toml"),
    ],
    ids=" ".join,
)
def test_no_command_replaces_what_it_reads_or_anything_unasked(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("people.csv").write_text("file,height_cm\nfr/frame_00000.png,170\n")
    Path("red.frag").write_text("// Red.\nvec4 effect(vec2 uv) { return vec4(1.0, 0.0, 0.0, 1.0); }\n")
    Path("red.fs").write_text(
        '/*{ "ISFVSN": "2", "IMPORTED": { "skin": { "PATH": "red.png" } }, "INPUTS": [] }*/\n'
        "void main() { gl_FragColor = IMG_NORM_PIXEL(skin, isf_FragNormCoord); }\n"
    )
    for name in ("gallery", "pictures"):
        Path(name).mkdir()
    Image.fromarray(np.full((36, 64, 3), 90, np.uint8)).save("gallery/mirror.jpg")
    for name in ("red.png", "new.png"):
        shutil.copy("gallery/mirror.jpg", name)
    shutil.copy("gallery/mirror.jpg", "pictures/raw.jpg")
    before = prints(folder)
    assert main([*words]) in (1, 2)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "next:" in told
    after = prints(folder)
    assert {name: after.get(name) for name in before} == before


def child(*words: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "main.py"), "run", "mirror", "-q", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize(
    ("output", "limit"),
    [("a.mp4", 20_000), ("a.mov", 20_000), ("a.mkv", 20_000), ("a.webm", 20_000), ("a.gif", 20_000), ("f/", 6_000)],
)
def test_a_full_disk_leaves_the_old_file(output: str, limit: int, tmp_path: Path) -> None:
    import resource

    small = ("-i", "testcard:64x48@30x2", "-o", output)
    assert child(*small, cwd=tmp_path).returncode == 0
    before = prints(tmp_path)

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = child("-i", "testcard:640x360@30x300", "-o", output, "--overwrite", cwd=tmp_path, preexec_fn=full)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    assert "check the disk's space" in done.stderr
    after = prints(tmp_path)
    assert {name: after[name] for name in before} == before
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts: as root"
)
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        assert child("-i", CARD, "-o", "a.mp4", cwd=place).returncode == 0
        before = prints(place)
        for output in ("a.mp4", "b.mp4"):
            done = child("-i", "testcard:640x360@30x300", "-o", output, "--overwrite", cwd=place)
            assert done.returncode == 1, done.stderr
            assert "No space left on device" in done.stderr
            assert "Traceback" not in done.stderr
            assert prints(place) == before
        assert [path.name for path in place.iterdir()] == ["a.mp4"]
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")
def test_two_renders_into_one_file_the_second_is_refused(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "main.py"), "run", "mirror", "-q", "-i", "testcard:160x90", "--seconds", "3600"]
    with subprocess.Popen([*words, "-o", "a.mp4"], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as first:
        try:
            wait_until(lambda: any(tmp_path.iterdir()), process=first)
            for more in ((), ("--overwrite",)):
                second = child("-i", CARD, "-o", "a.mp4", *more, cwd=tmp_path)
                assert second.returncode == 1
                assert "is being written by another program" in second.stderr
        finally:
            first.kill()
    assert child("-i", CARD, "-o", "a.mp4", cwd=tmp_path).returncode == 0, "a dead writer was taken for a living one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_kill_loses_nothing(seed: int) -> None:
    """Two hundred of them: `PHOSPHENE_KILLS=200`, or `python -m tests.system.kills 200`."""
    found = kill_once(seed)
    assert not found.wrong, found
