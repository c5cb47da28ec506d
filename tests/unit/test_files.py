"""Nothing lost: no output touches an input, replaces anything unasked, or is there half."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from phosphene.engine.core.errors import NotAllowed, PhospheneError, SinkError, UsageError
from phosphene.engine.core.files import claim as claims
from phosphene.engine.core.files.claim import PART, TakenError, being_written, claim, claim_new, hidden, sweep
from phosphene.engine.core.files.guard import Guard
from phosphene.engine.core.files.new import NewFiles, claim_all_new, numbered
from phosphene.engine.core.files.numbered import NumberedFiles, numbered_again
from phosphene.engine.core.files.put import alone, put, write_whole
from phosphene.engine.core.files.target import Target
from phosphene.engine.core.param_types import File, Float
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.reading import heed
from phosphene.engine.sinks import check_twice, open_sink
from phosphene.engine.sinks.base import WritesFiles
from phosphene.engine.sinks.names import targets_of

ROOT = Path(__file__).resolve().parents[2]
SIZE = (32, 32)
UNIX = pytest.mark.skipif(sys.platform == "win32", reason="links as Unix has them")

# Files that a run may read, and every output whose name leads to one of them, or near it.
FILES = (
    "clip.mp4", "clip.mkv", "clip.matte.mp4", "shot.png", "fr/frame_00000.png", "fr/frame_00001.png", "fr/notes.txt",
    "ex/frame_00000.exr", "x.png/frame_00000.png", "fr/.frame_%05d.png" + PART, "." + "clip.mp4" + PART,
)  # fmt: skip
OUTPUTS = (
    "clip.mp4", "clip.mkv", "clip.mp4?matte=1", "clip.matte.mp4", "clip.matte.mp4?matte=1", "new.mp4", "new.gif",
    "shot.png", "shot_%03d.png", "fr/", "fr", "fr/frame_%05d.png", "fr/frame_%d.png", "fr/frame_0%04d.png",
    "fr/frame_00001.png", "ex/frame_%05d.exr", "ex/frame_00000.exr", "x.png/", "x.png", "x.png/frame_%05d.png", "made/",
)  # fmt: skip
WAYS = ("relative", "absolute", "up and down", "linked folder", "link", "hard link", "other case", "dotted")


def named(folder: Path, path: str, way: str) -> str:
    """The file or pattern at `path` in `folder`, named in that way; links are made as they are needed."""
    plain, slash = path.rstrip("/"), path[len(path.rstrip("/")) :]
    whole = folder / plain
    if way == "absolute":
        return str(whole) + slash
    if way == "up and down":
        return f"{folder}/fr/../{plain}{slash}"
    if way == "dotted":
        return f"./././{plain}{slash}"
    if way == "other case":
        return str(whole.with_name(whole.name.upper() if "%" not in whole.name else whole.name)) + slash
    if sys.platform != "win32" and way == "linked folder":
        (folder / "linked").exists() or (folder / "linked").symlink_to(folder, target_is_directory=True)
        return f"{folder}/linked/{plain}{slash}"
    if sys.platform != "win32" and way in ("link", "hard link") and whole.is_file():
        other = folder / "links" / f"{way[0]}_{plain.replace('/', '_')}"
        other.parent.mkdir(exist_ok=True)
        if not other.exists():
            os.link(whole, other) if way == "hard link" else other.symlink_to(whole)
        return str(other)
    return plain + slash


def print_of(folder: Path) -> dict[str, str]:
    """Every file below `folder` with its checksum; links count as what they lead to."""
    found = [p for p in folder.rglob("*") if p.is_file() and "linked" not in p.parts]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """A folder with all FILES in it, which is the working folder meanwhile."""
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made):
        folder = Path(made)
        for path in FILES:
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(b"precious " + path.encode())
        yield folder


@settings(max_examples=250)
@given(
    read=st.sampled_from(FILES),
    read_way=st.sampled_from(WAYS),
    output=st.sampled_from(OUTPUTS),
    way=st.sampled_from(WAYS),
    live=st.booleans(),
    overwrite=st.booleans(),
)
@example(read="fr/frame_00001.png", read_way="link", output="fr/", way="linked folder", live=False, overwrite=True)
@example(read="clip.matte.mp4", read_way="relative", output="clip.mp4?matte=1", way="dotted", live=True, overwrite=True)
@example(read="shot.png", read_way="relative", output="shot.png", way="hard link", live=False, overwrite=True)
@example(read="clip.mp4", read_way="hard link", output="clip.mp4", way="link", live=False, overwrite=True)
@example(
    read="." + "clip.mp4" + PART, read_way="absolute", output="clip.mp4", way="absolute", live=False, overwrite=True
)
def test_no_output_touches_an_input_and_without_being_asked_nothing_else(
    read: str, read_way: str, output: str, way: str, live: bool, overwrite: bool
) -> None:
    with room() as folder:
        name, question, query = output.partition("?")
        spec, given_name = named(folder, name, way) + question + query, named(folder, read, read_way)
        before = print_of(folder)
        there = Path(given_name).is_file()
        own = hashlib.sha256(Path(given_name).read_bytes()).hexdigest() if there else ""
        try:
            with open_sink(spec, size=SIZE, fps=30.0, inputs=[given_name], live=live, overwrite=overwrite) as sink:
                sink.write(np.full((32, 32, 4), 200, np.uint8), 0.0)
            refused = False
        except PhospheneError:
            refused = True
        after = print_of(folder)
        event(f"{'refused' if refused else 'written'}, {'over' if overwrite else 'beside'}")
        parts = {path for path in before if PART in path}  # leftovers that nobody reads may be swept
        if refused:
            assert {**{path: before[path] for path in parts}, **after} == before, "something was written all the same"
        if there:
            assert hashlib.sha256(Path(given_name).read_bytes()).hexdigest() == own
            assert after.get(read) == before[read] or PART in read  # by its other name it is still there
        kept = before.keys() - parts if not overwrite else set()
        assert {path: before[path] for path in kept} == {path: after.get(path) for path in kept}
        assert not [path for path in after.keys() - before.keys() if PART in path], "something hidden was left behind"


@pytest.mark.parametrize("output", [o for o in OUTPUTS if o.startswith("fr") and o != "fr/frame_%d.png"])
@pytest.mark.parametrize("way", WAYS[:4])
def test_pictures_into_their_own_folder_are_refused_in_words(output: str, way: str) -> None:
    with room() as folder:
        pictures = sorted(Path("fr").glob("*.png"))
        with pytest.raises(SinkError, match="never overwritten") as caught:
            open_sink(named(folder, output, way), size=SIZE, fps=30.0, inputs=pictures, overwrite=True)
    assert "frame_0000" in caught.value.where
    assert "choose another name" in caught.value.hint


def test_what_is_not_read_is_written_beside_it() -> None:
    with room() as folder:
        for spec in ("fr/shot_%05d.png", "fr/frame_%d.png", "new.mp4", "frame_00001.png", "ex/frame_00001.exr"):
            with open_sink(spec, size=SIZE, fps=30.0, inputs=[*folder.glob("*/frame_*"), "clip.mp4"]) as sink:
                sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            assert isinstance(sink, WritesFiles)
            assert sink.files


def test_names_that_one_file_system_takes_for_one_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS and Windows: capitals, and an accent that is one character or two, lead to the same file."""
    with room():
        Path("fr/FRÄME_00001.PNG").write_bytes(b"x")
        pattern = Target(Path("fr/fra\u0308me_%05d.png"), numbered=True)
        assert not pattern.names("FRÄME_00001.PNG")
        monkeypatch.setattr("phosphene.engine.core.files.target._same_file", lambda one, other: True)
        assert pattern.names("FRÄME_00001.PNG")
        with pytest.raises(SinkError, match="never overwritten"):
            Guard(["fr/FRÄME_00001.PNG"]).writes([pattern])


@pytest.mark.parametrize(
    "outputs",
    [
        ("a.mp4?matte=1", "a.matte.mp4"),
        ("a.mp4", "./A.mp4"),
        ("f/", "f/frame_%05d.png"),
        ("a_%05d.png", "a_00007.png"),
        ("a_%05d.png", "a_%d.png"),
        ("a_%05d.png", "a_1%d.png"),
        ("web", "web:8765"),
    ],
)
def test_two_outputs_that_could_meet_are_refused(outputs: tuple[str, str], tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(UsageError, match=r"is given twice|would write the same file"):
        check_twice(outputs)


@pytest.mark.parametrize(
    "outputs", [("a.mp4", "b/a.mp4"), ("a_%d.png", "a_x%d.png"), ("a_%d.png", "a_%d.exr"), ("f/", "f/x.png")]
)
def test_two_outputs_that_cannot_meet_go_together(outputs: tuple[str, str], tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        check_twice(outputs)


def test_a_folder_is_one_whatever_its_suffix(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        Path("x.png").mkdir()
        for spec in ("x.png", "x.png/", "y.png/", "z.exr/", "c.mp4/"):
            with open_sink(spec, size=SIZE, fps=30.0, overwrite=True) as sink:
                sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            assert (Path(spec) / "frame_00000.png").is_file(), spec
            assert targets_of([spec])[0].path == Path(spec) / "frame_%05d.png"


# What is shown from now on


class Shows(Layer):
    """A layer with a file of its own."""

    picture = File("", "shown")
    much = Float(0.5, 0.0, 1.0, "how much")


def test_nothing_that_is_written_can_be_shown_later(tmp_path: Path) -> None:
    scene = Scene("s", layers=[Shows("top")])
    for name in ("out.mp4", "free.mp4"):
        (tmp_path / name).write_bytes(b"x")
    guard = Guard()
    guard.writes([Target(tmp_path / "out.mp4"), Target(tmp_path / "f_%03d.png", numbered=True)])
    heed(scene, guard)
    (tmp_path / "f_001.png").write_bytes(b"x")
    for path in (tmp_path / "out.mp4", tmp_path / "f_001.png", f"{tmp_path}/../{tmp_path.name}/out.mp4"):
        with pytest.raises(UsageError, match="output of this run"):
            scene.set("top/picture", str(path))
        assert scene.get("top/picture") == ""
    scene.set("top/picture", str(tmp_path / "free.mp4"))
    scene.set("much", "0.7")


# What is there stays


def show(spec: str, frames: int = 3, *, cut: bool = False, **options: Any) -> list[Path]:
    """Writes a few pictures; returns the files."""
    with open_sink(spec, size=SIZE, fps=30.0, **options) as sink:
        for number in range(frames):
            sink.write(np.full((32, 32, 4), 40 * number, np.uint8), number / 30)
        assert isinstance(sink, WritesFiles)
        if cut:
            sink.cut_short()
    return list(sink.files)


@pytest.mark.parametrize("spec", ["a.mp4", "a.mkv", "a.gif", "a.mp4?matte=1", "a_%05d.png", "f/", "a_%02d.exr"])
def test_a_render_replaces_only_where_that_is_asked_for(spec: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        show(spec)
        before = print_of(tmp_path)
        with pytest.raises(SinkError, match="already exists") as caught:
            show(spec)
        assert "--overwrite" in caught.value.hint
        assert print_of(tmp_path) == before
        show(spec, overwrite=True)
        assert print_of(tmp_path).keys() == before.keys()


@pytest.mark.parametrize(
    ("spec", "second"),
    [
        ("rec.mp4", ["rec-2.mp4"]),
        ("rec.webm", ["rec-2.webm"]),
        ("rec.mp4?matte=1", ["rec-2.mp4", "rec-2.matte.mp4"]),
        ("shot_%05d.png", ["shot-2_%05d.png"]),
        ("%05d.png", ["2-%05d.png"]),
        ("f/", ["f-2/frame_%05d.png"]),
    ],
)
def test_what_is_live_takes_a_new_name_and_says_so(
    spec: str, second: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.chdir(tmp_path):
        show(spec, live=True)
        before = print_of(tmp_path)
        assert [str(path) for path in show(spec, live=True)] == second
        assert second[0] in caplog.text
        after = print_of(tmp_path)
        assert {path: after[path] for path in before} == before
        assert len(after) == 2 * len(before)


def test_a_matte_beside_an_older_one_takes_a_name_that_is_free_for_both(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        Path("rec.matte.mp4").write_bytes(b"old")
        assert [str(path) for path in show("rec.mp4?matte=1", live=True)] == ["rec-2.mp4", "rec-2.matte.mp4"]
        assert not Path("rec.mp4").exists()
        with pytest.raises(SinkError, match=r"rec\.matte\.mp4: already exists"):
            show("rec.mp4?matte=1")


def test_a_recording_that_may_replace_does_so_at_its_end(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        Path("rec.mp4").write_bytes(b"old")
        with open_sink("rec.mp4", size=SIZE, fps=30.0, live=True, overwrite=True) as sink:
            sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            assert Path("rec.mp4").read_bytes() == b"old"
            assert Path("rec-2.mp4").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["rec.mp4"]
        assert Path("rec.mp4").read_bytes() != b"old"


@pytest.mark.parametrize("spec", ["a.mp4", "a.mp4?matte=1", "a.png"])
def test_what_was_cut_short_replaces_nothing_whole(spec: str, tmp_path: Path) -> None:
    frames = 1 if spec == "a.png" else 3
    with contextlib.chdir(tmp_path):
        assert show(spec, frames, cut=True)[0] == Path(spec.partition("?")[0])  # nobody had that name
        before = print_of(tmp_path)
        assert show(spec, frames, cut=True, overwrite=True)[0].stem == "a-2"
        after = print_of(tmp_path)
        assert {path: after[path] for path in before} == before


def test_a_single_picture_is_not_lost_to_the_first_of_many(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        Path("a.png").write_bytes(b"old")
        with pytest.raises(SinkError, match="need a number"):
            show("a.png", 2, overwrite=True)
        assert Path("a.png").read_bytes() == b"old"


def test_an_empty_file_is_nothing_that_could_be_lost(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        for name in ("a.mp4", "r.mp4"):
            Path(name).touch()
        assert show("a.mp4") == [Path("a.mp4")]
        assert show("r.mp4", live=True) == [Path("r.mp4")]


@UNIX
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        Path("real").mkdir()
        Path("a.mp4").symlink_to("real/b.mp4")  # where nothing is yet
        show("a.mp4")
        assert Path("a.mp4").is_symlink()
        first = Path("real/b.mp4").read_bytes()
        with pytest.raises(SinkError, match="already exists"):
            show("a.mp4")
        show("a.mp4", 5, overwrite=True)
        assert Path("a.mp4").is_symlink()
        assert Path("real/b.mp4").read_bytes() != first
        Path("real/b.mp4").chmod(0o600)
        show("a.mp4", overwrite=True)
        assert Path("real/b.mp4").stat().st_mode & 0o777 == 0o600, "who may read it stays"


def test_a_name_as_long_as_can_be(tmp_path: Path) -> None:
    name = "ä" * 120 + ".mp4"
    assert [path.name for path in show(str(tmp_path / name))] == [name]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.mp4", "a.png", "a_%d.png", "a.exr", "a/"])
def test_a_name_longer_than_can_be_is_told(name: str, tmp_path: Path) -> None:
    for options in ({}, {"live": True}):
        with pytest.raises(SinkError, match="too long"):
            open_sink(f"{tmp_path}/{300 * 'x'}{name}", size=SIZE, fps=30.0, inputs=[300 * "y"], **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_older_pictures_among_the_new_ones_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with contextlib.chdir(tmp_path):
        show("f/", 5)
        show("f/", 3, overwrite=True)
        assert "2 older images are among the new ones, such as frame_00003.png" in caplog.text


def test_a_picture_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(SinkError, match="created by another program"):  # noqa: PT012
        sink = open_sink("f/", size=SIZE, fps=30.0)
        with sink:
            sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            Path("f/frame_00001.png").write_bytes(b"mine")
            sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
    assert (tmp_path / "f/frame_00001.png").read_bytes() == b"mine"


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        with open_sink("a.mp4", size=SIZE, fps=30.0) as sink:
            sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            Path("a.mp4").write_bytes(b"mine")
        assert Path("a.mp4").read_bytes() == b"mine"
        assert sink.files == [Path("a-2.mp4")]  # type: ignore[attr-defined]


def test_a_folder_that_nothing_came_into_is_gone(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        open_sink("f/", size=SIZE, fps=30.0).close()
        open_sink("a.mp4", size=SIZE, fps=30.0, live=True).close()
        open_sink("b.mp4?matte=1", size=SIZE, fps=30.0).close()
        assert list(tmp_path.iterdir()) == []


# Two at once


@pytest.mark.parametrize(
    ("spec", "other"),
    [("a.mp4", "a.mp4"), ("a.mp4?matte=1", "a.matte.mp4"), ("f/", "f/frame_%05d.png"), ("a.png", "a.png")],
)
def test_the_second_into_the_same_file_is_refused(spec: str, other: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), open_sink(spec, size=SIZE, fps=30.0):
        for overwrite in (False, True):
            with pytest.raises(SinkError, match="is being written by another program"):
                open_sink(other, size=SIZE, fps=30.0, overwrite=overwrite)
    with contextlib.chdir(tmp_path):
        show(spec, 1)


@UNIX
def test_a_recording_is_replaced_by_nobody_while_it_lasts(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        with open_sink("rec.mp4", size=SIZE, fps=30.0, live=True) as sink:
            sink.write(np.zeros((32, 32, 4), np.uint8), 0.0)
            with pytest.raises(SinkError, match="is being written"):
                open_sink("rec.mp4", size=SIZE, fps=30.0, overwrite=True)
            with pytest.raises(SinkError, match="is being written"):
                write_whole(Path("rec.mp4"), b"x", overwrite=True)
            assert being_written(Path("rec.mp4"))
        assert not being_written(Path("rec.mp4"))


@UNIX
def test_a_recording_that_may_replace_leaves_another_recording_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.chdir(tmp_path), open_sink("rec.mp4", size=SIZE, fps=30.0, live=True) as first:
        first.write(np.zeros((32, 32, 4), np.uint8), 0.0)
        assert show("rec.mp4", live=True, overwrite=True) == [Path("rec-2.mp4")]
        assert "rec.mp4 is kept (another program is writing it): the recording is in rec-2.mp4" in caplog.text


def test_a_live_pattern_that_is_being_written_is_left_to_who_writes_it(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), open_sink("f/", size=SIZE, fps=30.0, live=True):
        assert [str(path) for path in show("f/", live=True)] == ["f-2/frame_%05d.png".replace("/", os.sep)]


RACE = """
import sys, time
from pathlib import Path
from phosphene.engine.core.files.new import claim_all_new, numbered
path, go = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(1, 50):
    found = claim_all_new([numbered(path, number), numbered(path.with_suffix(".mkv"), number)])
    if found is not None:
        break
found[0].path.write_bytes(b"x"); found[1].path.write_bytes(b"x")
print(number, flush=True)
sys.stdin.readline()
"""


def test_new_names_are_taken_by_one_each(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", RACE, str(tmp_path / "rec.mp4"), str(tmp_path / "go")]
    shows = [
        subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    try:
        for process in shows:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in shows:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        numbers = [int(process.stdout.readline()) for process in shows if process.stdout is not None]
    finally:
        for process in shows:
            process.communicate()
    assert len(set(numbers)) == len(shows)
    assert len(list(tmp_path.iterdir())) == 2 * len(shows)


DIES = """
import os, signal, sys
from pathlib import Path
from phosphene.engine.core.files.claim import claim
held = claim(Path(sys.argv[1]))
held.path.write_bytes(b"half")
os.link(held.path, sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""


@UNIX
def test_a_writer_that_died_hinders_nobody_and_is_cleaned_up_after(tmp_path: Path) -> None:
    path, twin = tmp_path / "a.mp4", tmp_path / "whole.mp4"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", DIES, str(path), str(twin)], env=env, check=False)
    assert hidden(path).read_bytes() == b"half"
    for other in (path, tmp_path / "other.mp4"):
        claim(other).release(remove=True)
        assert twin.read_bytes() == b"half", "a whole file that was just put in its place was emptied"
    assert [p.name for p in tmp_path.iterdir()] == ["whole.mp4"]


def test_the_hidden_file_of_who_lives_is_not_swept(tmp_path: Path) -> None:
    held = claim(tmp_path / "a.mp4")
    sweep(tmp_path)
    assert held.path.exists()
    with pytest.raises(TakenError):
        claim(tmp_path / "a.mp4")
    held.release()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


@UNIX
def test_a_file_system_without_locks_is_told_of_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(claims.fcntl, "flock", refuse)
    with contextlib.chdir(tmp_path):
        assert show("a.mp4") == [Path("a.mp4")]
        assert claim_new(Path("a.mp4")) is None
        Path("begun.mp4").touch()
        assert claim_new(Path("begun.mp4")) is None, "it may be somebody's beginning"
    assert "has no locks" in caplog.text


# Whole or not at all


def fails(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["phosphene.engine.core.files.put.put", "pathlib.Path.write_bytes", "os.fsync"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(step, fails)
    with pytest.raises(SinkError, match="No space left"):
        write_whole(path, b"new", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert path.read_bytes() == b"old"


@UNIX
def test_what_is_no_file_is_written_as_it_is() -> None:
    write_whole(Path(os.devnull), b"x")
    assert not Path(os.devnull).is_file()


@UNIX
def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", fails)
    (tmp_path / "part").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        put(tmp_path / "part", tmp_path / "old", overwrite=False)
    put(tmp_path / "part", tmp_path / "fresh", overwrite=False)
    assert (tmp_path / "fresh").read_bytes() == b"new"
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_file_that_cannot_be_replaced_is_kept_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where a single file is mounted."""
    real = Path.replace

    def busy(self: Path, target: Any) -> Path:
        if Path(target).name == "a.mp4":
            raise OSError(16, "Device or resource busy")
        return real(self, target)

    with contextlib.chdir(tmp_path):
        Path("a.mp4").write_bytes(b"old")
        monkeypatch.setattr(Path, "replace", busy)
        assert show("a.mp4", overwrite=True) == [Path("a-2.mp4")]
        assert "busy" in caplog.text
        assert Path("a.mp4").read_bytes() == b"old"


def test_one_works_on_a_table_alone(tmp_path: Path) -> None:
    with alone(tmp_path / "a.csv"), pytest.raises(SinkError, match="being written"), alone(tmp_path / "a.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_nobody_may_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    makers: list[Callable[[], object]] = [
        lambda: NewFiles(lambda n: [numbered(tmp_path / "a.mp4", n)]),
        lambda: NewFiles(lambda n: [numbered(tmp_path / "a.mp4", n)], live=True),
        lambda: NumberedFiles(lambda n: numbered_again(tmp_path / "a_%d.png", n)),
        lambda: write_whole(tmp_path / "a.json", b""),
    ]
    monkeypatch.setattr(os, "open", refuse)
    for make in makers:
        with pytest.raises(NotAllowed, match="Permission denied"):
            make()


@UNIX
@pytest.mark.parametrize("spec", ["a.mp4", "a.png", "a_%d.png", "f/", "a.mp4?matte=1"])
@pytest.mark.parametrize("live", [False, True])
def test_a_working_folder_that_is_gone_is_told(spec: str, live: bool, tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        (tmp_path / "gone").mkdir()
        os.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        with pytest.raises(SinkError, match="No such file"):
            open_sink(spec, size=SIZE, fps=30.0, live=live, inputs=["in.png"])
        with pytest.raises(SinkError, match="No such file"):
            write_whole(Path("a.json"), b"x")
    finally:
        os.chdir(here)


def test_all_new_names_or_none(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"x")
    assert claim_all_new([tmp_path / "a", tmp_path / "b"]) is None
    assert [p.name for p in tmp_path.iterdir()] == ["b"]
