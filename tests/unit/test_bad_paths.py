"""Every option that takes a path, with every kind of path that cannot be used, as a user who is not root."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers_forked import ROOT, Forked
from phosphene.engine.core.places import cache_dir

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="rights, pipes and devices as on Linux"),
    pytest.mark.slow,
]

IN, OUT = "-i testcard:64x48@30x2", "-o null"
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
# What is asked for may be thrown away, and who makes a folder makes those above it too.
THROWN_AWAY = {(kind, suffix) for kind in ("null", "zero") for suffix in (".json", ".md", ".csv", ".svg")}
MAKES = ("run take", "check preview", "new", "score pictures", "teach", "gallery")
# All of it takes minutes: in turn, each option meets a few kinds, each kind a few options.
EVERY = bool(os.environ.get("PHOSPHENE_EVERY_PATH"))
FEW = 2


def kinds_for(table: dict[str, tuple[str, str]], option: str, left_out: str = "") -> list[str]:
    """The kinds of bad path that `option` meets."""
    kinds = [kind for kind in KINDS if kind != left_out]
    begin = list(table).index(option) * FEW
    return kinds if EVERY else [kinds[(begin + k) % len(kinds)] for k in range(FEW)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home and whatever good things a command needs beside the bad path."""
    at = tmp_path_factory.mktemp("paths")
    for folder in ("home", "good"):
        (at / folder).mkdir()
    (at / "good" / "good.frag").write_text("vec4 effect(vec2 uv) { return frame(uv); }\n", encoding="utf-8")
    shutil.copy(ROOT / "docs" / "gallery" / "mirror.jpg", at / "good" / "good.png")
    return at


@pytest.fixture(scope="module")
def user(place: Path) -> Iterator[Forked]:
    """Commands as a user who is not root."""
    forked = Forked({"HOME": str(place / "home"), "PHOSPHENE_CACHE": str(cache_dir())})
    # The commands themselves are right: it is the paths that they fail for.
    assert forked.run(shlex.split(f"run mirror {IN} {OUT} --stats-json -"), cwd=str(place / "home"))["code"] == 0
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


def meet(words: str, suffix: str, kind: str, place: Path, user: Forked) -> dict[str, Any]:
    """What comes of a command with one kind of bad path, which is made for it and removed."""
    at = place / "bad"
    at.mkdir()
    try:
        path = KINDS[kind](at, suffix)
        given = [word.format(path, good=place / "good") for word in shlex.split(words)]
        return user.run(given, cwd=str(place / "home"))
    finally:
        for found in [at, *at.iterdir()]:
            if not found.is_symlink():
                found.chmod(0o755)
        shutil.rmtree(at)


@pytest.mark.parametrize("option", READ)
def test_what_is_read(option: str, place: Path, user: Forked) -> None:
    words, suffix = READ[option]
    found = {k: wrong_with(meet(words, suffix, k, place, user)) for k in kinds_for(READ, option, "unwritable")}
    assert not {kind: wrong for kind, wrong in found.items() if wrong}


@pytest.mark.parametrize(
    "option", [pytest.param(option, marks=[pytest.mark.slow] if option == "score json" else []) for option in WRITE]
)
def test_what_is_written(option: str, place: Path, user: Forked) -> None:
    words, suffix = WRITE[option]
    wrong = {}
    for kind in kinds_for(WRITE, option):
        fine = (kind, suffix) in THROWN_AWAY or (kind == "missing" and option in MAKES)
        if found := wrong_with(meet(words, suffix, kind, place, user), may_work=fine):
            wrong[kind] = found
    assert not wrong


@pytest.mark.parametrize(
    "words", ["list", "show mirror", "models", "doctor", f"run mirror {IN} {OUT}", "new gold-rain"]
)
def test_where_nothing_of_the_users_own_can_be_reached(words: str, place: Path, user: Forked) -> None:
    """No home, one that may not be entered, one that is a file; and the same for each folder of settings."""
    shut = place / "shut"
    shut.mkdir(exist_ok=True)
    shut.chmod(0)
    for env in (
        {"HOME": str(shut / "home")},
        {"HOME": "/dev/null"},
        {"XDG_CONFIG_HOME": str(shut), "XDG_CACHE_HOME": str(shut), "PHOSPHENE_CACHE": None},
        {"PHOSPHENE_CACHE": str(shut), "PHOSPHENE_MODELS": str(shut / "models"), "PHOSPHENE_EFFECTS": str(shut)},
        {"PHOSPHENE_SCENES": "~nobody-knows/scenes"},
        {"TMPDIR": str(shut)},
    ):
        came = user.run(words.split(), cwd=str(place / "home"), env=env)
        assert not wrong_with(came, may_work=True), env
        shutil.rmtree(place / "home" / ".config", ignore_errors=True)
    shut.chmod(0o755)


@pytest.mark.parametrize("words", ["list", "show mirror", "models", f"run mirror {IN} -o x.mp4", "check x.frag"])
def test_a_working_folder_that_is_gone(words: str, user: Forked) -> None:
    came = user.run(words.split(), cwd="gone")
    assert (came["code"], came["err"].count("\n")) == (2, 2)
    assert "working folder does not exist" in came["err"]


# What prints, and what only tells.
PRINTS = ("list", "list --json", "show mirror", "models", "doctor", f"run mirror {IN} {OUT} --stats-json -", "--help")
TELLS = (f"run mirror {IN} {OUT}", f"run mirror {IN} {OUT} --stats", "run no-such-scene", "run --no-such-option")


@pytest.mark.parametrize("words", [*PRINTS, *TELLS])
def test_standard_streams_as_they_may_be(words: str, place: Path, user: Forked) -> None:
    """Closed or full: told, where somebody asked for what is lost. What nobody can be told of changes nothing."""
    home = str(place / "home")
    plain = user.run(words.split(), cwd=home)
    lost = plain["code"] or 1 if words in PRINTS else plain["code"]
    for odd in ({"closed": [1]}, {"out": "/dev/full"}):
        came = user.run(words.split(), cwd=home, **odd)
        assert came["code"] == lost, (odd, came)
        assert not wrong_with(came, may_work=True), odd
        assert ("could not be written" in came["err"]) == (words in PRINTS), odd
    for odd in ({"closed": [2]}, {"err": "/dev/full"}, {"closed": [0]}):
        came = user.run(words.split(), cwd=home, **odd)
        assert (came["code"], came["err"] if "closed" not in odd or odd["closed"] != [0] else "") == (plain["code"], "")
    assert user.run(words.split(), cwd=home, closed=[0, 1, 2])["code"] == lost


def test_a_video_is_not_written_into_by_what_is_told(place: Path, user: Forked) -> None:
    """With standard error closed its number is free: the next file that is opened must not get it."""
    at = place / "home"
    for name, closed in (("a.mkv", []), ("b.mkv", [0, 1, 2])):
        came = user.run(
            ["run", "mirror", "-i", "testcard:64x48@30x2", "-o", f"{name}?codec=ffv1"], cwd=str(at), closed=closed
        )
        assert came["code"] == 0
    assert abs((at / "a.mkv").stat().st_size - (at / "b.mkv").stat().st_size) < 64


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_interpreter_itself_ends_well(stream: str) -> None:
    """It flushes once more at its exit; a reader that has gone is no failure."""
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "wb") as gone:  # noqa: PTH123 (no path)
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: gone}
        command = [sys.executable, "-m", "phosphene", "list" if stream == "stdout" else "run"]
        done = subprocess.run(command, cwd=ROOT, check=False, **streams)
    assert (done.returncode, done.stderr or b"", done.stdout or b"") == (0 if stream == "stdout" else 2, b"", b"")
