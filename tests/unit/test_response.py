"""How a bound parameter answers its signal: curve, switch, attack and release; in scene files too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.core.errors import SceneError, UsageError
from phosphene.engine.scene.binding import KEYS, Binding
from phosphene.engine.scene.registry import registry_with
from phosphene.engine.scene.response import CURVES
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.scene.toml_write import save_scene


def follow(levels: Sequence[float], dt: float = 0.1, **options: Any) -> list[float]:
    binding = Binding.parse({"from": "audio.level", **options})
    return [binding.value({"audio.level": level}, dt) for level in levels]


@pytest.mark.parametrize("curve", CURVES)
def test_curves_keep_the_ends_and_rise(curve: str) -> None:
    values = follow([k / 20 for k in range(21)], curve=curve)
    assert (values[0], values[-1]) == (0.0, 1.0)
    assert values == sorted(values)


def test_curves_bend_as_their_names_say() -> None:
    halves = {curve: follow([0.25], curve=curve)[0] for curve in CURVES}
    assert halves["ease-in"] < halves["ease-in-out"] < halves["linear"] < halves["ease-out"]


def test_inverted_is_turned_round_before_the_curve() -> None:
    assert follow([0.0, 0.25, 1.0], invert=True) == [1.0, 0.75, 0.0]
    assert follow([0.25], invert=True, curve="ease-in") == [0.5625]
    assert follow([0.25], invert=True, to=[10, 20]) == [17.5]


def test_a_threshold_makes_a_switch() -> None:
    assert follow([0.0, 0.49, 0.5, 0.9, 0.4], threshold=0.5) == [0, 0, 1, 1, 0]
    assert follow([0.0, 0.6], threshold=0.5, invert=True, to=[2, 4]) == [4, 2]


def test_hysteresis_keeps_a_switch_from_flickering() -> None:
    noisy = [0.45, 0.52, 0.48, 0.51, 0.41, 0.39, 0.45, 0.5]
    assert follow(noisy, threshold=0.5, hysteresis=0.1) == [0, 1, 1, 1, 1, 0, 0, 1]


def test_a_threshold_is_in_the_signals_own_unit() -> None:
    binding = Binding.parse({"from": "face.yaw", "threshold": 20, "hysteresis": 5})
    assert [binding.value({"face.yaw": yaw}, 0.1) for yaw in (0, 19, 21, 16, 14)] == [0, 0, 1, 1, 0]


def test_attack_and_release_have_their_own_times() -> None:
    values = follow([0, 1, 1, 0], attack_s=0.1, release_s=0.5)
    assert values[1] == pytest.approx(1 - math.exp(-1))
    assert values[3] == pytest.approx(values[2] * math.exp(-0.2))
    assert follow([0, 1, 0], release_s=0.5)[1] == 1.0


def test_attack_is_by_time_not_by_frames() -> None:
    coarse = follow([0, 1], 0.2, attack_s=0.3)[-1]
    assert follow([0, *[1] * 10], 0.02, attack_s=0.3)[-1] == pytest.approx(coarse)


def test_reset_forgets_switch_and_envelope() -> None:
    binding = Binding.parse({"from": "audio.level", "threshold": 0.5, "hysteresis": 0.2, "release_s": 9.0})
    assert binding.value({"audio.level": 0.6}, 0.1) == 1.0
    binding.reset()
    assert binding.value({"audio.level": 0.4}, 0.1) == 0.0


def test_what_is_no_number_reads_as_absent_and_is_forgotten() -> None:
    assert follow([0.5, math.nan, math.inf, 0.5], attack_s=0.1) == [
        0.5,
        0.0,
        0.0,
        pytest.approx(0.5 * (1 - 1 / math.e)),
    ]


FULL = {
    "from": "audio.level",
    "to": [0.0, 1.0],
    "range": [0.1, 0.9],
    "smooth_s": 0.1,
    "curve": "ease-in",
    "invert": True,
    "threshold": 0.5,
    "hysteresis": 0.1,
    "attack_s": 0.01,
    "release_s": 0.4,
}


def test_every_option_is_written_as_it_was_read() -> None:
    assert set(FULL) == set(KEYS)
    assert Binding.parse(FULL).table() == FULL
    assert Binding.parse({"from": "audio.level", "threshold": 0.0}).table()["threshold"] == 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"curve": "easein"}, r"(?s)unknown curve 'easein'.*'ease-in'"),
        ({"curve": 2}, "curve cannot be"),
        ({"invert": 1}, "invert cannot be 1: expected true or false"),
        ({"threshold": "loud"}, "threshold"),
        ({"threshold": math.nan}, "threshold"),
        ({"hysteresis": 0.1}, r"(?s)hysteresis needs a threshold.*threshold ="),
        ({"threshold": 0.5, "hysteresis": -0.1}, "hysteresis cannot be -0.1"),
        ({"attack_s": -1}, "attack_s cannot be -1"),
        ({"release_s": False}, "release_s"),
        ({"atack_s": 1}, "'attack_s'"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        follow([0.0], **options)


def test_time_has_no_curve() -> None:
    with pytest.raises(UsageError, match=r"(?s)time.*no curve.*lfo\.saw"):
        Binding.parse({"from": "time", "curve": "ease-in"})


SCENE = """title = "Loud"
[[layer]]
source = "camera"
opacity = {}
"""
OPTIONS = '{ from = "audio.level", to = [0.2, 1.0], curve = "ease-out", attack_s = 0.02, release_s = 0.5 }'


def test_a_scene_file_keeps_the_options(tmp_path: Path) -> None:
    (tmp_path / "loud.toml").write_text(SCENE.format(OPTIONS))
    scene = load_scene(str(tmp_path / "loud.toml"), registry_with([]))
    save_scene(scene, tmp_path / "again.toml")
    again = load_scene(str(tmp_path / "again.toml"), registry_with([]))
    (binding,) = again.bindings.values()
    assert binding.table() == scene.bindings["camera/opacity"].table()
    assert binding.response.release_s == 0.5


def test_a_bad_option_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "loud.toml").write_text(SCENE.format(OPTIONS.replace("ease-out", "easy")))
    with pytest.raises(SceneError, match=r"loud\.toml:4: .*curve 'easy'"):
        load_scene(str(tmp_path / "loud.toml"), registry_with([]))
