"""`measure`: rows, tables, resuming, what is told of each file, and its refusals, with an effect of our own."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.measure import batch, tables
from phosphene.engine.commands.measure.look import field_of_view_deg
from phosphene.engine.commands.measure.one import Task, measure, measuring_effect
from phosphene.engine.core.errors import UsageError

RULER = '''
from phosphene import Effect, Float, Observation


class Ruler(Effect):
    """Measures how wide the picture is."""

    cm_per_px = Float(0.5, 0.0, 10.0, "scale")
    height_cm = Float(0.0, 0.0, 250.0, "told")

    def prepare(self, size):
        self.wide = size[0] * self.cm_per_px
        self.count = 0

    def update(self, observation: Observation, dt: float) -> None:
        self.count += 1

    def report(self):
        if self.wide < 20:
            return {"measured": False, "advice": "Too narrow"}
        width = {"cm": self.wide, "low_cm": self.wide - 1, "high_cm": self.wide + 1}
        sizes = {"top": [{"size": "M", "probability": 0.6}]}
        return {"measured": True, "frames": self.count, "width": width, "sizes": sizes, "told": self.height_cm}
'''


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    folder = tmp_path / "effects"
    folder.mkdir()
    (folder / "ruler.py").write_text(RULER, encoding="utf-8")
    return folder


def photo(path: Path, width: int = 64, height: int = 48, focal_35_mm: int | None = None) -> Path:
    from PIL import Image

    picture = Image.new("RGB", (width, height), "#336699")
    exif = picture.getexif()
    if focal_35_mm is not None:
        exif.get_ifd(0x8769)[0xA405] = focal_35_mm
    path.parent.mkdir(exist_ok=True)
    picture.save(path, exif=exif)
    return path


def go(effects: Path, *arguments: str) -> int:
    return main(["measure", "--effect", "ruler", "--effects", str(effects), *arguments])


def task(path: Path, effects: Path, **values: Any) -> Task:
    return Task((str(path),), "ruler", values, (str(effects),))


def test_a_photo_becomes_a_row(tmp_path: Path, effects: Path) -> None:
    row = measure(task(photo(tmp_path / "a.png"), effects, cm_per_px=1.0))
    assert row["status"] == "ok"
    assert row["reason"] == ""
    assert row["width"] == {"cm": 64.0, "low_cm": 63.0, "high_cm": 65.0}


def test_what_cannot_be_measured_says_why(tmp_path: Path, effects: Path) -> None:
    row = measure(task(photo(tmp_path / "a.png", 16), effects))
    assert (row["status"], row["reason"]) == ("refused", "Too narrow")


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_broken_file_is_a_row_too(content: bytes | None, tmp_path: Path, effects: Path) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    row = measure(task(path, effects))
    assert row["status"] == "error"
    assert "a.png" in row["reason"]


def test_an_effect_that_reports_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="does not measure anything"):
        measuring_effect("duotone")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_the_table_has_every_file_in_order(suffix: str, tmp_path: Path, effects: Path) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    names = [photo(tmp_path / "in" / f"{i}.png", 20 + 20 * i) for i in range(4)]
    (tmp_path / "in" / "2.png").write_bytes(b"broken")
    out = tmp_path / f"out.{suffix}"
    assert go(effects, str(tmp_path / "in"), "-o", str(out), "--quiet") == 1
    rows = read(out)
    assert [Path(str(row["file"])) for row in rows] == names
    assert [row["status"] for row in rows] == ["refused", "ok", "error", "ok"]
    if suffix != "json":
        assert float(str(rows[3]["width_cm"])) == 40.0
        assert rows[3]["sizes_top"] == "M 0.6"
    assert not list(tmp_path.glob("*.part"))


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".json":
        return list(json.loads(path.read_text(encoding="utf-8")))
    import pyarrow.parquet

    return list(pyarrow.parquet.read_table(path).to_pylist())


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, effects: Path) -> None:
    tasks = [task(photo(tmp_path / f"{i}.png"), effects) for i in range(5)]
    journal = batch.Journal(tmp_path / "t.csv.part")
    done: list[str] = []

    def work(one: Task) -> dict[str, Any]:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(one.name)
        return measure(one)

    with pytest.raises(KeyboardInterrupt):
        batch.run(tasks, journal=journal, work=work)
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"key": "half a li')
    done.clear()
    rows = batch.run(tasks, journal=journal, work=lambda one: done.append(one.name) or measure(one))  # type: ignore[func-returns-value]
    assert len(done) == 2
    assert [row["file"] for row in rows] == [one.name for one in tasks]


def test_a_file_that_failed_or_changed_is_measured_again(tmp_path: Path, effects: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"broken")
    journal = batch.Journal(tmp_path / "t.part")
    one = task(path, effects)
    assert batch.run([one], journal=journal)[0]["status"] == "error"
    photo(path)
    assert batch.run([one], journal=journal)[0]["status"] == "ok"
    assert batch.run([task(path, effects, cm_per_px=2.0)], journal=journal)[0]["width"]["cm"] == 128.0


def test_several_processes_give_the_same(tmp_path: Path, effects: Path) -> None:
    tasks = [task(photo(tmp_path / f"{i}.png", 40 + i), effects) for i in range(4)]
    assert batch.run(tasks, workers=2) == batch.run(tasks)


def test_ray_gives_the_same_or_says_how_to_get_it(tmp_path: Path, effects: Path) -> None:
    tasks = [task(photo(tmp_path / f"{i}.png", 40 + i), effects) for i in range(2)]
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match=r"--on ray needs Ray"):
            batch.run(tasks, on="ray")
        return
    assert batch.run(tasks, on="ray") == batch.run(tasks)


def test_what_is_told_of_each_file(tmp_path: Path, effects: Path) -> None:
    photo(tmp_path / "a.png")
    photo(tmp_path / "b.png")
    (tmp_path / "people.csv").write_text("file,height_cm,cm_per_px\na.png,180,\nb.png,,2\n", encoding="utf-8")
    out = tmp_path / "out.json"
    arguments = [str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--people", str(tmp_path / "people.csv")]
    assert go(effects, *arguments, "--height-cm", "170", "-o", str(out), "-q") == 0
    a, b = read(out)
    assert (a["told"], a["width"]["cm"]) == (180.0, 32.0)
    assert (b["told"], b["width"]["cm"]) == (170.0, 128.0)


def test_one_person_in_several_files(tmp_path: Path, effects: Path) -> None:
    files = [str(photo(tmp_path / f"{name}.png")) for name in ("front", "side")]
    out = tmp_path / "out.json"
    assert go(effects, *files, "--one-person", "-o", str(out), "-q") == 0
    (row,) = read(out)
    assert row["file"] == " + ".join(files)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png", "--height-cm", "tall"],
        ["a.png", "--set", "nothing=1"],
        ["a.png", "-o", "table.xls"],
        ["a.png", "--people", "nowhere.csv"],
        ["--evaluate"],
        ["--evaluate", "--data", "nowhere"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told(
    arguments: Sequence[str], tmp_path: Path, effects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "a.png")
    assert go(effects, *arguments) == 2


def test_printed_for_people(tmp_path: Path, effects: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert go(effects, str(photo(tmp_path / "a.png"))) == 0
    shown = capsys.readouterr().out
    assert "31.0 to 33.0 cm" in shown
    assert "M 60 %" in shown


@pytest.mark.parametrize(("focal", "width", "height", "degrees"), [(36, 60, 40, 53.13), (36, 40, 60, 36.87)])
def test_the_field_of_view_from_exif(focal: int, width: int, height: int, degrees: float, tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", width, height, focal)
    assert field_of_view_deg(path) == pytest.approx(degrees, abs=0.01)


def test_no_field_of_view_where_none_is_told(tmp_path: Path) -> None:
    assert field_of_view_deg(photo(tmp_path / "a.jpg")) is None
    (tmp_path / "b.mp4").write_bytes(b"no photo")
    assert field_of_view_deg(tmp_path / "b.mp4") is None


def test_nested_rows_become_flat() -> None:
    row = {"file": "a", "chest": {"cm": 98.0}, "sizes": {"top": [{"size": "M", "p": 0.6}, {"size": "L", "p": 0.3}]}}
    assert tables.flat(row) == {"file": "a", "chest_cm": 98.0, "sizes_top": "M 0.6; L 0.3"}


def test_a_scenes_reports_by_layer_and_name() -> None:
    from phosphene.engine.scene.registry import Registry
    from phosphene.engine.scene.toml_read import load_scene

    scene = load_scene("clothing-size", Registry())
    reports = scene.reports({})
    assert set(reports) == {"camera/clothing-size"}
    assert reports["camera/clothing-size"]["measured"] is False
    assert load_scene("duotone", Registry()).reports({}) == {}


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_a_file_name_that_is_no_text_spoils_no_table(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"sizes{suffix}"
    tables.write([{"file": "caf\udce9.jpg", "status": "ok"}, {"file": "b.jpg", "status": "ok"}], path)
    assert path.stat().st_size
    if suffix == ".csv":
        names = [row["file"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
        assert names == ["caf\\udce9.jpg", "b.jpg"]
