"""One person out of several: who is chosen, what of the mask is theirs, and that nobody flips."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import observe, plain, stack
from phosphene.engine.core.frame import Floats
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask, Pose, Poses
from phosphene.engine.matte.subject import SubjectSelector, person_of
from phosphene.engine.scene.layer import Layer

SIZE = (320, 180)
GRID = (128, 72)
ASPECT = SIZE[0] / SIZE[1]


def body(x: float, identity: int, tall: float = 0.8, *, masked: bool = True) -> Pose:
    """Somebody who stands upright at `x` (uv), with their own coarse mask."""
    points = np.zeros((33, 3), np.float32)
    unit = tall / 8.0  # of the picture's height: a head
    top = 1.0 - tall

    def put(index: int, across: float, down: float) -> None:
        points[index, :2] = x + across * unit / ASPECT, top + down * unit

    for index in range(11):
        put(index, 0.3 * ((index % 2) - 0.5), 0.6)
    for left, across, down in ((11, 0.8, 1.6), (13, 1.0, 2.9), (15, 1.0, 4.0), (19, 1.0, 4.3), (23, 0.5, 4.2),
                               (25, 0.5, 6.0), (27, 0.5, 7.6), (31, 0.6, 7.9)):  # fmt: skip
        put(left, across, down)
        put(left + 1, -across, down)
    own = silhouette(x, tall) if masked else None
    return Pose(points, np.zeros((33, 3), np.float32), np.ones(33, np.float32), identity, own)


def silhouette(x: float, tall: float = 0.8) -> Floats:
    """The true mask of the same person, on the grid."""
    u, v = np.meshgrid((np.arange(GRID[0]) + 0.5) / GRID[0], (np.arange(GRID[1]) + 0.5) / GRID[1])
    unit, top = tall / 8.0, 1.0 - tall
    across, down = (u - x) * ASPECT / unit, (v - top) / unit
    trunk = (np.abs(across) < 1.25) & (down > 1.4) & (down < 4.6)
    legs = (np.abs(across) < 0.8) & (down >= 4.6) & (down < 8.2)
    head = across**2 + (down - 0.7) ** 2 < 0.7
    return (trunk | legs | head).astype(np.float32)


def seen(number: int, *people: tuple[float, int | None, float], masked: bool = True) -> Observation:
    """A frame with people (x, identity, height); those without an identity are missed by the pose tracker."""
    mask = np.zeros(GRID[::-1], np.float32)
    for x, _, tall in people:
        mask = np.maximum(mask, silhouette(x, tall))
    found = observe(plain(SIZE), number, mask=Mask(number, mask, bool(mask.any())))
    poses = tuple(body(x, i, tall, masked=masked) for x, i, tall in people if i is not None)
    return Observation(found.frame, {**found.results, "pose": Poses(number, poses)})


def shown(chooser: SubjectSelector, observation: Observation) -> Floats:
    mask = chooser.mask(observation)
    assert mask is not None
    return mask.confidence


def is_of(mask: Floats, x: float, tall: float = 0.8) -> float:
    """How much of somebody is in the mask, 0..1."""
    wanted = silhouette(x, tall) > 0
    return float((mask[wanted] > 0.5).mean())


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("who", ["middle", "same"])
def test_the_one_in_the_middle_is_kept_and_the_other_dropped(who: str, masked: bool) -> None:
    mask = shown(SubjectSelector(who), seen(0, (0.45, 1, 0.8), (0.8, 2, 0.8), masked=masked))
    assert is_of(mask, 0.45) > 0.95
    assert is_of(mask, 0.8) < 0.02


def test_passers_by_whom_the_pose_tracker_misses_are_dropped() -> None:
    mask = shown(SubjectSelector("same"), seen(0, (0.4, 1, 0.9), (0.75, None, 0.4)))
    assert is_of(mask, 0.4, 0.9) > 0.95
    assert is_of(mask, 0.75, 0.4) == 0.0


@pytest.mark.parametrize("steps", [20, 60])
def test_two_who_cross_do_not_flip(steps: int) -> None:
    chooser = SubjectSelector("same")
    for number, u in enumerate(np.linspace(0.0, 1.0, steps)):
        mine, other = 0.45 + 0.3 * float(u), 0.8 - 0.5 * float(u)
        mask = shown(chooser, seen(number, (mine, 1, 0.9), (other, 2, 0.8)))
        if abs(mine - other) > 0.15:
            assert is_of(mask, mine, 0.9) > 0.9
            assert is_of(mask, other, 0.8) < 0.05


def test_middle_changes_only_after_a_while_and_same_never() -> None:
    for who, last in (("middle", 0.5), ("same", 0.1)):
        chooser = SubjectSelector(who)
        shown(chooser, seen(0, (0.45, 1, 0.8), (0.9, 2, 0.8)))
        early = shown(chooser, seen(1, (0.1, 1, 0.8), (0.5, 2, 0.8)))
        assert is_of(early, 0.1) > 0.9
        for number in range(2, 30):
            late = shown(chooser, seen(number, (0.1, 1, 0.8), (0.5, 2, 0.8)))
        assert is_of(late, last) > 0.9
        assert is_of(late, 0.6 - last) < 0.05


def test_somebody_missed_for_a_moment_is_nobody_else() -> None:
    chooser = SubjectSelector("same")
    shown(chooser, seen(0, (0.45, 1, 0.8), (0.8, 2, 0.8)))
    for number in range(1, 20):
        mask = shown(chooser, seen(number, (0.45, None, 0.8), (0.8, 2, 0.8)))
        assert is_of(mask, 0.8) < 0.05
        assert is_of(mask, 0.45) > 0.9


def test_a_new_number_for_the_same_body_is_the_same_person() -> None:
    chooser = SubjectSelector("same")
    shown(chooser, seen(0, (0.45, 1, 0.8), (0.8, 2, 0.8)))
    mask = shown(chooser, seen(1, (0.46, 7, 0.8), (0.8, 2, 0.8)))
    assert is_of(mask, 0.46) > 0.9
    assert is_of(mask, 0.8) < 0.05


def test_who_has_left_is_replaced_at_last() -> None:
    chooser = SubjectSelector("same")
    shown(chooser, seen(0, (0.45, 1, 0.8), (0.8, 2, 0.8)))
    assert is_of(shown(chooser, seen(15, (0.8, 2, 0.8))), 0.8) < 0.05
    assert is_of(shown(chooser, seen(150, (0.8, 2, 0.8))), 0.8) > 0.9


@pytest.mark.parametrize("who", ["middle", "same"])
def test_without_any_bones_one_blob_is_kept(who: str) -> None:
    chooser = SubjectSelector(who)
    mask = shown(chooser, seen(0, (0.4, None, 0.8), (0.85, None, 0.8)))
    assert is_of(mask, 0.4) == 1.0
    assert is_of(mask, 0.85) == 0.0


def test_one_body_that_is_seen_twice_is_not_shared_out() -> None:
    mask = shown(SubjectSelector("same"), seen(0, (0.5, 1, 0.8), (0.505, 2, 0.8)))
    assert is_of(mask, 0.5) > 0.9


def test_nobody_and_nothing_known() -> None:
    chooser = SubjectSelector("same")
    nobody = chooser.mask(seen(0))
    assert nobody is not None
    assert not nobody.present
    assert chooser.mask(observe(plain(SIZE), 1)) is None


def test_a_jump_back_in_time_begins_anew() -> None:
    chooser = SubjectSelector("same")
    shown(chooser, seen(100, (0.45, 1, 0.8), (0.9, 2, 0.8)))
    mask = shown(chooser, seen(0, (0.1, 1, 0.8), (0.5, 2, 0.8)))
    assert is_of(mask, 0.5) > 0.9


@pytest.mark.parametrize("at", [-5.0, 0.0, 1.0, 7.0, 1e6])
def test_bodies_beyond_the_picture_are_borne(at: float) -> None:
    person = person_of(body(at, 1), GRID[::-1], ASPECT)
    assert np.isfinite(person.near).all()
    assert np.isfinite(person.claim).all()


def test_only_who_asks_pays_for_the_pose_tracker() -> None:
    layer = Layer("person")
    layer.cut = "person"
    made = stack(layer)
    assert made.needs() == {"person"}
    assert made.tracker_params("pose") == {}
    layer.matte.set("who", "same")
    assert made.needs() == {"person", "pose"}
    assert made.tracker_params("pose") == {"masks": True}
    made.trackers["pose"] = {"masks": False, "max_poses": 2}
    assert made.tracker_params("pose") == {"masks": False, "max_poses": 2}
