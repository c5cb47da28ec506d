"""Every option that takes a path, with every kind of path that cannot be used, as a user who is not root."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers_forked import ROOT, Forked

from engine import models

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="rights, pipes and devices as on Linux")

IN, OUT = "-i testcard:32x24@30x2", "-o null"
# What is read: the words of a command, {} for the path, and the suffix that leads as far as the file itself.
READ = {
    "run input": (f"run mirror {OUT} -i {{}}", ".mp4"),
    "run input picture": (f"run mirror {OUT} -i {{}}", ".png"),
    "run input pattern": (f"run mirror {OUT} -i {{}}/f_%04d.png", ""),
    "run input image:": (f"run mirror {OUT} -i image:{{}}", ".jpg"),
    "run input images:": (f"run mirror {OUT} -i images:{{}}", ""),
    "run input video:": (f"run mirror {OUT} -i video:{{}}", ".mkv"),
    "run scene": (f"run {{}} {IN} {OUT}", ".toml"),
    "run scene in a folder": (f"run {{}}/mine.toml {IN} {OUT}", ""),
    "run sound": (f"run mirror {IN} {OUT} --sound {{}}", ".wav"),
    "run picture": (f"run teleport {IN} {OUT} --set picture={{}}", ".png"),
    "run model file": (f"run glasses {IN} {OUT} --set glasses.model={{}}", ".glb"),
    "run effects": (f"run mirror {IN} {OUT} --effects {{}}", ""),
    "run transition": (f"run mirror duotone {IN} {OUT} --every 1 --transition {{}}", ".glsl"),
    "run model": (f"run mirror {IN} {OUT} --model mine={{}}", ".tflite"),
    "run model folder": (f"run mirror {IN} {OUT} --model mine={{}}", ""),
    "run model zip": (f"run mirror {IN} {OUT} --model mine={{}}", ".zip"),
    "run model toml": (f"run mirror {IN} {OUT} --model mine={{}}", ".toml"),
    "run take": (f"run mirror --take {{}} {OUT}", ""),
    "demo input": (f"demo mirror -i {{}} {OUT}", ".png"),
    "demo sound": (f"demo mirror --sound {{}} {OUT}", ".mp3"),
    "show": ("show {}", ".toml"),
    "show effects": ("show mirror --effects {}", ""),
    "list effects": ("list --effects {}", ""),
    "gallery effects": ("gallery mirror --effects {}", ""),
    "check": ("check {}", ".frag"),
    "check python": ("check {}", ".py"),
    "check folder": ("check {}", ""),
    "measure people": ("measure x.jpg --people {}", ".csv"),
    "measure effects": ("measure x.jpg --effects {}", ""),
    "measure data": ("measure --evaluate --data {}", ""),
    "measure": ("measure {}", ".jpg"),
    "measure clip": ("measure {}", ".mp4"),
    "measure folder": ("measure {}/", ""),
    "measure chart": ("measure x.jpg --chart {}", ".toml"),
    "score data": ("score --data {}", ""),
    "teach": ("teach mine --class a={0} --class b={0}", ".png"),
    "teach folder": ("teach mine --class a={0} --class b={0}", ""),
    "bench input": ("bench --scene mirror --frames 1 --rounds 1 --size 32x24 -i {}", ".mp4"),
    "bench picture": ("bench --scene teleport --frames 1 --rounds 1 --size 32x24 --set picture={}", ".mp4"),
    "soak input": ("soak mirror --minutes 0.01 -i {}", ".mp4"),
    "soak picture": ("soak teleport --minutes 0.01 --set picture={}", ".mp4"),
}
# What is written.
WRITE = {
    "run video": (f"run mirror {IN} -o {{}}", ".mp4"),
    "run gif": (f"run mirror {IN} -o {{}}", ".gif"),
    "run matte": (f"run mirror {IN} -o {{}}?matte=1", ".mkv"),
    "run picture": (f"run mirror {IN} -o {{}}", ".png"),
    "run pictures": (f"run mirror {IN} -o {{}}/f_%03d.png", ""),
    "run exr": (f"run mirror {IN} -o {{}}/f_%03d.exr", ""),
    "run folder": (f"run mirror {IN} -o {{}}/", ""),
    "run stats": (f"run mirror {IN} {OUT} --stats-json {{}}", ".json"),
    "run json": (f"run mirror {IN} {OUT} --json {{}}", ".json"),
    "run take": (f"run mirror {IN} {OUT} --record-take {{}}", ""),
    "demo video": (f"demo mirror {IN} -o {{}}", ".mp4"),
    "demo stats": (f"demo mirror {IN} {OUT} --stats-json {{}}", ".json"),
    "list": ("list --json {}", ".json"),
    "show": ("show mirror --json {}", ".json"),
    "models": ("models --json {}", ".json"),
    "doctor": ("doctor --json {}", ".json"),
    "check json": ("check {good}/good.frag --json {}", ".json"),
    "check report": ("check {good}/good.frag --report {}", ".md"),
    "check preview": ("check {good}/good.frag --preview {}", ""),
    "new": ("new gold-rain --out {}", ""),
    "measure": ("measure {good}/good.png -o {}", ".csv"),
    "measure json": ("measure {good}/good.png --json {}", ".json"),
    "score pictures": ("score --pictures {}", ""),
    "score json": ("score --json {}", ".json"),
    "teach": ("teach mine --class a={good} --class b={good} --into {}", ""),
    "gallery": ("gallery mirror --out {}", ""),
    "bench": ("bench --scene mirror --frames 1 --rounds 1 --size 32x24 --json {}", ".json"),
    "soak graph": ("soak mirror --minutes 0.01 --graph {}", ".svg"),
    "soak json": ("soak mirror --minutes 0.01 --json {}", ".json"),
}


def denied(at: Path, suffix: str) -> Path:
    """A file, or where the option wants a folder a folder, without any right."""
    path = at / f"denied{suffix}"
    path.write_bytes(b"x") if suffix else path.mkdir()
    path.chmod(0)
    return path


def locked(at: Path, suffix: str) -> Path:
    """Something in a folder that may not be entered."""
    folder = at / f"locked{suffix}.d"
    folder.mkdir()
    path = folder / f"there{suffix}"
    path.write_bytes(b"x") if suffix else path.mkdir()
    folder.chmod(0)
    return path


def locked_and_missing(at: Path, suffix: str) -> Path:
    """Nothing in a folder that may not be entered, as far as one knows."""
    folder = at / f"locked-missing{suffix}.d"
    folder.mkdir()
    folder.chmod(0)
    return folder / f"nothing{suffix}"


def unlisted(at: Path, suffix: str) -> Path:
    """A folder that may be entered but not listed; a file that is not there in one."""
    folder = at / f"unlisted{suffix}.d"
    folder.mkdir()
    folder.chmod(0o111)
    return folder / f"nothing{suffix}" if suffix else folder


def only_listed(at: Path, suffix: str) -> Path:
    """A folder that may be listed but not entered; a file in one."""
    folder = at / f"listed{suffix}.d"
    folder.mkdir()
    (folder / f"there{suffix or '.png'}").write_bytes(b"x")
    folder.chmod(0o444)
    return folder / f"there{suffix}" if suffix else folder


def unwritable(at: Path, suffix: str) -> Path:
    """Nothing, in a folder that may be read only."""
    folder = at / f"unwritable{suffix}.d"
    folder.mkdir()
    folder.chmod(0o555)
    return folder / f"nothing{suffix}"


def missing(at: Path, suffix: str) -> Path:
    """Nothing in no folder."""
    return at / f"nowhere{suffix}" / f"nothing{suffix}"


def below_a_file(at: Path, suffix: str) -> Path:
    """Something in a file, as if that were a folder."""
    (at / f"file{suffix}.txt").write_bytes(b"x")
    return at / f"file{suffix}.txt" / f"nothing{suffix}"


def other(at: Path, suffix: str) -> Path:
    """A folder where a file is wanted, a file where a folder is."""
    path = at / f"other{suffix}"
    path.mkdir() if suffix else path.write_bytes(b"x")
    path.chmod(0o555)
    return path


def pipe(at: Path, suffix: str) -> Path:
    """A pipe that nobody writes to or reads."""
    path = at / f"pipe{suffix}"
    os.mkfifo(path)
    path.chmod(0o666)
    return path


def sock(at: Path, suffix: str) -> Path:
    """A socket."""
    path = at / f"socket{suffix}"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    path.chmod(0o666)
    return path


def device(name: str) -> Callable[[Path, str], Path]:
    """A link to a device."""

    def made(at: Path, suffix: str) -> Path:
        path = at / f"{name}{suffix}"
        path.symlink_to(f"/dev/{name}")
        return path

    return made


def loop(at: Path, suffix: str) -> Path:
    """A link to itself."""
    path = at / f"loop{suffix}"
    path.symlink_to(path)
    return path


def dangling(at: Path, suffix: str) -> Path:
    """A link to where nothing is, and no folder for it."""
    path = at / f"dangling{suffix}"
    path.symlink_to(at / "nowhere" / "nothing")
    return path


def long(at: Path, suffix: str) -> Path:
    """A name that no file can have."""
    return at / f"{'n' * 300}{suffix}"


def homeless(at: Path, suffix: str) -> Path:
    """In the home folder of nobody."""
    return Path(f"~nobody-knows/nothing{suffix}")


KINDS: dict[str, Callable[[Path, str], Path]] = {
    "denied": denied,
    "locked": locked,
    "locked and missing": locked_and_missing,
    "unlisted": unlisted,
    "only listed": only_listed,
    "unwritable": unwritable,
    "missing": missing,
    "below a file": below_a_file,
    "other": other,
    "pipe": pipe,
    "socket": sock,
    "null": device("null"),
    "zero": device("zero"),
    "full": device("full"),
    "loop": loop,
    "dangling": dangling,
    "long": long,
    "homeless": homeless,
}
# JSON and tables may be thrown away; a new folder in one that may be entered is as good as any.
FINE = {("null", ".json"), ("zero", ".json"), ("null", ".md"), ("null", ".csv"), ("zero", ".md"), ("zero", ".csv")}
FINE |= {("null", ".svg"), ("zero", ".svg")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a home and whatever good things a command needs beside the bad path."""
    at = tmp_path_factory.mktemp("paths")
    for folder in ("home", "good", "bad"):
        (at / folder).mkdir()
    (at / "good" / "good.frag").write_text("vec4 effect(vec2 uv) { return frame(uv); }\n", encoding="utf-8")
    shutil.copy(ROOT / "docs" / "gallery" / "mirror.jpg", at / "good" / "good.png")
    yield at
    for path in (at / "bad").iterdir():  # so that it can be removed
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


@pytest.fixture(scope="module")
def bad(place: Path) -> dict[tuple[str, str], Path]:
    """Every kind of bad path, by kind and suffix."""
    suffixes = {suffix for _, suffix in (*READ.values(), *WRITE.values())}
    return {(kind, suffix): made(place / "bad", suffix) for kind, made in KINDS.items() for suffix in suffixes}


@pytest.fixture(scope="module")
def user(place: Path) -> Iterator[Forked]:
    """Commands as a user who is not root."""
    forked = Forked({"HOME": str(place / "home"), "PHOSPHENE_CACHE": str(models.cache_dir())})
    yield forked
    forked.close()


def wrong_with(came: dict[str, Any], *, may_work: bool = False) -> str:
    """What must not be; empty where it is as it should be."""
    if came["code"] < 0 or came["code"] > 2:
        return f"ended with {came['code']}: {came['err'][-300:]}"
    if "Traceback" in came["err"] or "Error:" in came["err"].replace("FFmpegError:", ""):
        return f"a traceback: {came['err'][-600:]}"
    if came["code"] == 0 and not may_work:
        return f"went well: {came['err'][-200:]} {came['out'][-200:]}"
    if came["code"] != 0 and not (came["err"] + came["out"]).strip():
        return "said nothing"
    return ""


@pytest.mark.parametrize("option", READ)
def test_what_is_read(option: str, bad: dict[tuple[str, str], Path], place: Path, user: Forked) -> None:
    words, suffix = READ[option]
    wrong = {}
    for kind in KINDS:
        if kind in ("unwritable",):
            continue
        came = user.run(split(words, bad[kind, suffix], place), cwd=str(place / "home"))
        if found := wrong_with(came, may_work=option in ("list effects",) and kind == "none"):
            wrong[kind] = found
    assert not wrong


@pytest.mark.parametrize("option", WRITE)
def test_what_is_written(option: str, bad: dict[tuple[str, str], Path], place: Path, user: Forked) -> None:
    words, suffix = WRITE[option]
    wrong = {}
    for kind in KINDS:
        came = user.run(split(words, bad[kind, suffix], place), cwd=str(place / "home"))
        if found := wrong_with(came, may_work=(kind, suffix) in FINE):
            wrong[kind] = found
    assert not wrong


def split(words: str, path: Path, place: Path) -> list[str]:
    """The words of a command, with the path in its place."""
    return [w.format(path, good=place / "good") for w in shlex.split(words)]
