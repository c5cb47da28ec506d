"""The evaluation of clothing-size: its measures, its pictures, and what it says of a few bodies and people."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from phosphene.effects.clothing_size import bodies, evaluate, evaluate_spread, evaluate_tables, girth, refit, tables
from phosphene.engine.commands.cli import main

pytestmark = pytest.mark.slow


def body(**values: float) -> girth.Body:
    return girth.Body(175.0, clothing="tight", **values)  # type: ignore[arg-type]


SEEN = {"chest_breadth": girth.Seen(0.19, 0.01), "waist_breadth": girth.Seen(0.175, 0.01)}


def test_a_miss_is_signed_and_the_interval_is_asked() -> None:
    known = girth.Estimate((1.0,), (float(np.log(100.0)),), (0.02,))
    assert evaluate.miss(known, 99.0) == (pytest.approx(1.0, abs=0.01), True)
    assert evaluate.miss(known, 110.0)[1] is False


def test_the_figures_of_a_view() -> None:
    found = [dict.fromkeys(evaluate.TRUTHS, (2.0, True)), dict.fromkeys(evaluate.TRUTHS, (-4.0, False))]
    figures = evaluate.summary(found)
    assert figures["chest_mae_cm"] == 3.0
    assert figures["chest_bias_cm"] == -1.0
    assert figures["coverage_90"] == 0.5


@pytest.mark.parametrize("name", ["truth_dev.csv", "truth.json"])
def test_the_truth_is_found_in_either_form(name: str, tmp_path: Path) -> None:
    text = (
        "id,height_cm\nbody07,170.5\n" if name.endswith("csv") else '{"bodies": [{"id": "body07", "height_cm": 170.5}]}'
    )
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert evaluate.people_in(tmp_path) == [{"id": "body07", "height_cm": "170.5"}]


def test_no_truth_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"truth\*\.csv"):
        evaluate.people_in(tmp_path)


def test_a_picture_turned_there_and_back_is_the_same() -> None:
    y, x = np.mgrid[0:80, 0:60]
    smooth = np.stack([128 + 60 * np.sin(x / 9), 128 + 60 * np.cos(y / 11), x + y], axis=-1).astype(np.uint8)
    assert np.array_equal(evaluate_spread.turned(smooth), smooth)
    back = evaluate_spread.turned(evaluate_spread.turned(smooth, 10.0), -10.0)
    assert np.abs(back[20:60, 15:45].astype(int) - smooth[20:60, 15:45]).max() <= 4


def test_zooming_out_makes_things_smaller() -> None:
    square = np.zeros((100, 100, 3), np.uint8)
    square[30:70, 30:70] = 255
    small = evaluate_spread.turned(square, zoom=0.5)
    assert (small[..., 0] > 127).sum() == pytest.approx(400, rel=0.1)


@pytest.mark.parametrize("population", list(bodies.everybody()))
def test_each_population_is_whole(population: str) -> None:
    of = bodies.everybody()[population]
    assert set(girth.GIRTHS) <= set(of.variables)
    for sex in of.sexes.values():
        assert sex.mean.shape == (len(of.variables),)
        assert np.linalg.eigvalsh(sex.covariance).min() > 0.0
    found = girth.estimate(SEEN, body(), (of,)).measures
    assert set(found) == of.measures
    assert 60 < found["chest"].middle < 130


def test_the_populations_together_are_everybody() -> None:
    assert sum(of.share for of in bodies.everybody().values()) == pytest.approx(1.0)
    assert set(girth.estimate(SEEN, body()).measures) == {"height", *girth.MEASURES}


def test_one_as_light_as_a_figure_made_by_a_computer_is_taken_for_one() -> None:
    """Its breadths as people have them at 80 kg: its chest stays what the breadths say."""
    people, everybody = (bodies.everybody()["people"],), None
    sex = bodies.everybody()["rendered"].sexes["male"]
    names = bodies.everybody()["rendered"].variables
    typical = dict(zip(names, np.exp(sex.mean), strict=True))
    seen = {
        name: girth.Seen(typical[name] / typical["height"], 0.0)
        for name in ("chest_breadth", "waist_breadth", "hip_breadth", "shoulders", "hip_joint_height")
    }
    told = girth.Body(typical["height"], typical["weight"], "male", "tight")
    alone, together = (girth.estimate(seen, told, of).measures["chest"].middle for of in (people, everybody))
    assert together == pytest.approx(typical["chest"], abs=1.5)
    assert alone < together - 2.0


def test_the_model_is_what_its_table_and_the_committed_bodies_give(data_dir: Path) -> None:
    made = Path(__file__).parents[1] / "measurement" / "rendered.csv"
    fitted = refit.fit(data_dir / "measurement" / "tables", made)
    then, now = (json.loads(text) for text in (bodies.MODEL_FILE.read_text(encoding="utf-8"), fitted))
    assert then.keys() == now.keys()
    for name, entry in then.items():
        for sex in ("female", "male"):
            assert list(now[name][sex]["links"]) == list(entry[sex]["links"])
            assert np.allclose(list(now[name][sex]["links"].values()), list(entry[sex]["links"].values()), atol=2e-4)
            for part in ("mean", "covariance"):
                assert np.allclose(now[name][sex][part], entry[sex][part], atol=2e-6)
        rest = {key for key in entry if key not in ("female", "male")}
        assert {key: now[name][key] for key in rest} == {key: entry[key] for key in rest}


def test_a_weight_that_fits_narrows_and_one_that_cannot_be_is_doubted() -> None:
    plain = girth.estimate(SEEN, body()).measures["waist"]
    fitting = girth.estimate(SEEN, body(weight_kg=80)).measures["waist"]
    absurd = girth.estimate(SEEN, body(weight_kg=180)).measures["waist"]
    assert fitting.interval[1] - fitting.interval[0] < plain.interval[1] - plain.interval[0]
    assert absurd.middle < 1.25 * plain.middle


def test_a_depth_that_cannot_be_moves_little() -> None:
    plain = girth.estimate(SEEN, body()).measures["chest"].middle
    arm = girth.estimate({**SEEN, "chest_depth": girth.Seen(0.30, 0.01)}, body()).measures["chest"].middle
    assert arm < 1.1 * plain


def test_a_gaussian_with_gaps_is_found_again() -> None:
    rng = np.random.default_rng(3)
    cov = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])
    samples = rng.multivariate_normal([1.0, 2.0, 3.0], cov, 4000)
    gaps = samples.copy()
    gaps[samples[:, 0] > 1.0, 2] = np.nan  # what is missing depends on what is seen
    mean, found = refit.gaussian(gaps)
    assert mean == pytest.approx([1.0, 2.0, 3.0], abs=0.06)
    assert np.abs(found - cov).max() < 0.08


def test_people_of_the_tables_are_predicted_better_with_a_view(data_dir: Path) -> None:
    path = data_dir / "measurement" / "tables" / tables.FILES["female"]
    people = tables.table(path)[::12]
    errors = {
        view: np.mean([np.abs(evaluate_tables.predict(people, known, "female")[name]).mean() for name in girth.GIRTHS])
        for view, known in evaluate_tables.VIEWS.items()
    }
    assert errors["front+weight"] < errors["height+weight+sex"] < errors["height+sex"]
    assert errors["front+side"] < errors["front"] < errors["height+sex"]


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
def test_the_evaluation_writes_what_it_promises(data_dir: Path, tmp_path: Path) -> None:
    source, target = data_dir / "measurement", tmp_path / "data"
    (target / "synthetic").mkdir(parents=True)
    (target / "tables").mkdir()
    with (source / "synthetic" / "truth_dev.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:4]
    with (target / "synthetic" / "truth_few.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        for view in ("front", "side"):
            name = f"{row['id']}_{view}.jpg"
            shutil.copy(source / "synthetic" / name, target / "synthetic" / name)
    for name in tables.FILES.values():
        lines = (source / "tables" / name).read_text(encoding="latin-1").splitlines(keepends=True)
        (target / "tables" / name).write_text("".join([lines[0], *lines[1::25]]), encoding="latin-1")
    out = tmp_path / "errors.json"
    assert main(["measure", "--evaluate", "--data", str(target), "--json", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    for view in ("front", "front+side", "front+weight"):
        figures = found["synthetic"][view]
        assert figures["bodies"] == 4
        assert figures["chest_mae_cm"] < 2.5
        assert figures["waist_mae_cm"] < 3.0
        assert figures["hip_mae_cm"] < 2.5
        assert 0.0 <= figures["coverage_90"] <= 1.0
    assert found["ansur"]["front+weight"]["waist_mae_cm"] < found["ansur"]["height+weight+sex"]["waist_mae_cm"]
    assert all(part["widest_range_cm"] < 1.5 for part in found["repeatability"].values())
