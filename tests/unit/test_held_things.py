"""The scale by a sheet, a card or a marker held up, in real photos of people (the things are put into them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measurement import held_things

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]
PHOTOS = ("fb_arsalan2.jpeg", "fb_ramzan2.jpeg")


@pytest.fixture(scope="module")
def photos(data_dir: Path) -> list[held_things.Standing]:
    return [held_things.standing(data_dir / "fullbody" / name) for name in PHOTOS]


@pytest.mark.parametrize(("thing", "least", "percent"), [("a4", 5, 4.0), ("marker", 5, 4.0), ("card", 2, 9.0)])
def test_what_is_held_in_a_photo_tells_the_scale(
    thing: str, least: int, percent: float, photos: list[held_things.Standing]
) -> None:
    found = held_things.judged(photos, thing, each=3)
    assert found["found"] >= least
    assert found["largest_percent"] < percent


@pytest.mark.parametrize("thing", list(held_things.THINGS))
def test_a_photo_without_the_thing_gives_no_scale(thing: str, photos: list[held_things.Standing]) -> None:
    assert [held_things.stated(photo, photo.pixels, thing) for photo in photos] == [None, None]
