"""clothing-size on real photos and clips, and on rendered bodies of known size, through the real tracker."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from phosphene.effects.clothing_size import ClothingSize, girth, guide
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation

from phosphene import Label

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("models_ready")]
Look = Callable[[Path, int], list[Observation]]


@pytest.fixture(scope="module")
def look() -> Look:
    """Gives a picture or the first frames of a clip as observations (a picture: the same one `count` times)."""
    import cv2
    from phosphene.engine.trackers import open_tracker

    def pictures(path: Path, count: int) -> list[np.ndarray]:
        if path.suffix != ".mp4":
            return [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)]
        clip = cv2.VideoCapture(str(path))
        found = []
        while len(found) < count:
            there, picture = clip.read()
            if not there:
                break
            found.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        clip.release()
        return found

    def observe(path: Path, count: int = 6) -> list[Observation]:
        out = []
        with open_tracker("pose", masks=True, max_poses=2) as tracker:
            for i, pixels in enumerate(pictures(path, count)):
                frame = Frame(i, i / 5, np.ascontiguousarray(pixels))
                out.append(Observation(frame, {"pose": tracker.track(frame)}))
        return out

    return observe


def play(frames: list[Observation], **values: object) -> ClothingSize:
    effect = ClothingSize(**values)
    effect.prepare(frames[0].frame.size)
    for i, observation in enumerate(frames):
        effect.update(observation, 0.2 if i else 0.0)
    return effect


def first_text(effect: ClothingSize) -> str:
    return next(shape.text for shape in effect.shapes if isinstance(shape, Label))


@pytest.mark.parametrize("name", ["fb_arsalan2.jpeg", "fb_ramzan2.jpeg"])
def test_photos_of_people_who_stand_well_are_measured(name: str, data_dir: Path, look: Look) -> None:
    effect = play(look(data_dir / "fullbody" / name, 1), height_cm=175, sex="male", hold_s=0)
    assert effect.done
    for part, (low, high) in {"chest": (80, 135), "waist": (65, 130), "hips": (80, 130), "inseam": (68, 92)}.items():
        bottom, top = effect.found[part].interval
        assert low < bottom < top < high, part


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("fullbody/human_author_suit.jpg", {guide.ARMS_OFF}),
        ("fullbody/tfjs_pose.jpg", {guide.UPRIGHT, guide.LOWER_ARMS, guide.FEET}),
        ("fullbody/tfjs_squats.mp4", {guide.FRONT, guide.UPRIGHT}),
        ("fullbody/mmh3d_single.mp4", {guide.FRONT, guide.UPRIGHT}),
        ("fullbody/ml5_ball_lifting.mp4", {guide.UPRIGHT, guide.FRONT, guide.ARMS_OFF, guide.STILL}),
        ("desk/pixabay_doctor_desk.mp4", {guide.STEP_BACK}),
        ("measurement/webcam_height/p0_far.png", {guide.STEP_BACK}),
        ("empty/fb_wall_plate.jpg", {guide.ENTER}),
    ],
)
def test_who_does_not_stand_well_is_told_what_to_do(name: str, advice: set[str], data_dir: Path, look: Look) -> None:
    effect = play(look(data_dir / name, 4), height_cm=175)
    assert first_text(effect) in advice
    assert not effect.done


def test_nothing_is_stored_unless_asked(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phosphene.engine.commands.cli import main

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    photo = str(data_dir / "fullbody" / "fb_arsalan2.jpeg")
    assert main(["measure", photo, "--height-cm", "175", "--quiet"]) == 0
    assert list(home.rglob("*")) == []
    assert main(["measure", photo, "--height-cm", "175", "--quiet", "--json", "me.json"]) == 0
    assert [path.name for path in home.rglob("*")] == ["me.json"]
    (row,) = json.loads((home / "me.json").read_text(encoding="utf-8"))
    for name in ("height", *girth.MEASURES):
        assert row[name]["low_cm"] < row[name]["cm"] < row[name]["high_cm"]


def test_rendered_bodies_of_known_size(data_dir: Path, look: Look) -> None:
    """Height known, front only, skin-tight: the mean absolute errors that docs/clothing-size.md states, with room."""
    folder = data_dir / "measurement" / "synthetic"
    with (folder / "truth_dev.csv").open(newline="") as file:
        people = list(csv.DictReader(file))[::3]
    missed: dict[str, list[float]] = {name: [] for name in girth.GIRTHS}
    for person in people:
        frames = look(folder / f"{person['id']}_front.jpg", 1)
        effect = play(frames, height_cm=float(person["height_cm"]), clothing="tight", hold_s=0)
        assert effect.done, person["id"]
        for name, column in (("chest", "chest_cm"), ("waist", "waist_cm"), ("hips", "hip_cm")):
            missed[name].append(abs(effect.found[name].middle - float(person[column])))
    assert np.mean(missed["chest"]) < 3.5
    assert np.mean(missed["waist"]) < 4.5
    assert np.mean(missed["hips"]) < 3.5
