"""Size charts: a shop's own drops in, and one that says nothing sensible is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from clothing_size_figure import Figure

from effects.clothing_size import ClothingSize, sizes

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
    assert {odds["size"] for odds in found["dress"]} <= {"34", "36", "38"}
    assert 0.85 < sum(odds["probability"] for odds in found["dress"]) <= 1.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('measure = "hips"\n', "", "lacks measure"),
        ('"hips"', '"hip"', "expected one of"),
        ("[60, 95, 110]", "[60, 50, 110]", "must rise"),
        ('"34", ', "", "one number a letter"),
    ],
)
def test_a_chart_that_says_nothing_sensible(old: str, new: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        sizes.garments("women", chart(tmp_path, SHOP.replace(old, new)))


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
