"""Size charts: a shop's own drops in, and one that says nothing sensible is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clothing_size_figure import Figure
from phosphene.effects.clothing_size import ClothingSize, sizes

SHOP = """
[women.dress]
measure = "hips"
letters = ["34", "36", "38"]
from_cm = [60, 95, 110]
to_cm = 200
"""


def chart(folder: Path, text: str) -> str:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_shops_own_chart_drops_in(tmp_path: Path) -> None:
    effect = ClothingSize(height_cm=175, hold_s=0, sex="female", chart_file=chart(tmp_path, SHOP))
    effect.update(Figure().observe(), 0.0)
    found = effect.report()["sizes"]
    assert set(found) == {"dress"}
    assert {odds["size"] for odds in found["dress"]} <= {"34", "36", "38", "< 34", "> 38"}
    assert sum(odds["probability"] for odds in found["dress"]) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('measure = "hips"\n', "", "lacks measure"),
        ('"hips"', '"hip"', "expected one of"),
        ("[60, 95, 110]", "[60, 50, 110]", "must rise"),
        ('"34", ', "", "one number a letter"),
        ("60, 95", '60, "95"', "expected \\[86, 94, 102\\]"),
        ("[60, 95, 110]", "60", "expected \\[86, 94, 102\\]"),
        ('["34", "36", "38"]', '"SML"', "expected a list"),
        ('["34", "36", "38"]', "[34, 36, 38]", "expected a list"),
        ("[women.dress]", "[women]", "expected tables such as"),
        ("[women.dress]", "women", "is no TOML"),
    ],
)
def test_a_chart_that_says_nothing_sensible(old: str, new: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        sizes.garments("women", chart(tmp_path, SHOP.replace(old, new)))


def test_a_wrong_chart_is_told_before_anybody_is_measured(tmp_path: Path) -> None:
    effect = ClothingSize(chart_file=chart(tmp_path, SHOP.replace("hips", "bust")))
    with pytest.raises(ValueError, match=r"shop.toml: \[women.dress\] measure"):
        effect.prepare((640, 480))


@pytest.mark.parametrize("chart_name", sizes.CHARTS)
@pytest.mark.parametrize("values", [{}, {"height_cm": 150.0, "weight_kg": 140.0}, {"height_cm": 185.0, "sex": "male"}])
def test_the_odds_of_the_sizes_sum_to_one(chart_name: str, values: dict[str, Any]) -> None:
    effect = ClothingSize(hold_s=0, chart=chart_name, **values)
    effect.update(Figure().observe(), 0.0)
    found = effect.report()["sizes"]
    assert set(found) == {"top", "trousers"}
    for odds in found.values():
        assert sum(size["probability"] for size in odds) == pytest.approx(1.0, abs=1e-9)
        assert [size["probability"] for size in odds] == sorted((s["probability"] for s in odds), reverse=True)
        assert len({size["size"] for size in odds}) == len(odds)


@pytest.mark.parametrize("text", ["", None])
def test_no_chart(text: str | None, tmp_path: Path) -> None:
    own = str(tmp_path / "none.toml") if text is None else chart(tmp_path, text)
    with pytest.raises(ValueError, match="chart_file"):
        sizes.garments("women", own)


@pytest.mark.parametrize("name", sizes.CHARTS)
def test_the_built_in_charts_leave_no_gap(name: str) -> None:
    for scale in sizes.garments(name).values():
        assert list(scale.bounds) == sorted(scale.bounds)
        assert len(scale.bounds) == len(scale.letters) + 1
