"""Scenes: addresses, bindings, what is needed, and whether the room is hidden."""

from __future__ import annotations

import math
from typing import Any

import pytest
from helpers import layer, scene, shader, stack
from phosphene.effects.blur import Blur
from phosphene.effects.duotone import Duotone
from phosphene.effects.laser_eyes import LaserEyes
from phosphene.effects.mirror import Mirror
from phosphene.effects.place import Place
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.param_types import Float, Int
from phosphene.engine.effect.effect import Effect
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene

BUILT_IN = Registry([], [])


def two() -> Scene:
    """Two layers: `back` with a duotone, `front`, cut out, with a duotone and a mirror."""
    back, front = layer(Duotone(), name="back"), layer(Duotone(), Mirror(), name="front", cut="person")
    return stack(back, front)


# Addresses


def test_every_parameter_has_one_address() -> None:
    assert list(two().addresses()) == [
        "back/opacity", "back/visible", "back/blend", "back/cut",
        "back/e0.ink", "back/e0.paper", "back/e0.amount",
        "front/opacity", "front/visible", "front/blend", "front/cut",
        "front/matte.quality", "front/matte.who", "front/matte.softness", "front/matte.grow",
        "front/e0.ink", "front/e0.paper", "front/e0.amount",
        "front/e1.mode",
    ]  # fmt: skip


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_every_full_address_finds_itself(name: str) -> None:
    made = load_scene(name, BUILT_IN)
    for address in made.addresses():
        assert made.find(address)[0] == address


@pytest.mark.parametrize("name", BUILT_IN.scenes())
def test_every_shortened_address_finds_one_or_says_which(name: str) -> None:
    made = load_scene(name, BUILT_IN)
    for address in made.addresses():
        for short in (address.split("/", 1)[1], address.replace("/", ".").rsplit(".", 1)[1]):
            fits = [a for a in made.addresses() if a == short or a.endswith((f"/{short}", f".{short}"))]
            if len(fits) == 1:
                assert made.find(short)[0] == address
            else:
                with pytest.raises(UsageError, match="matches several") as caught:
                    made.find(short)
                assert all(fit in caught.value.hint for fit in fits)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("mode", "front/e1.mode"),
        ("e1.mode", "front/e1.mode"),
        ("softness", "front/matte.softness"),
        ("matte.softness", "front/matte.softness"),
        ("front/opacity", "front/opacity"),
    ],
)
def test_short_addresses(typed: str, address: str) -> None:
    assert two().find(typed)[0] == address


@pytest.mark.parametrize("typed", ["amount", "e0.amount", "opacity"])
def test_an_address_that_fits_several_asks_which(typed: str) -> None:
    with pytest.raises(UsageError, match="choose one") as caught:
        two().find(typed)
    assert "back/" in caught.value.hint
    assert "front/" in caught.value.hint


@pytest.mark.parametrize(
    ("typed", "near"),
    [("amuont", "amount"), ("front/e0.amuont", "front/e0.amount"), ("frnt/opacity", "front/opacity"), ("mod", "mode")],
)
def test_an_unknown_address_suggests_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"'{near}'"):
        two().find(typed)


@pytest.mark.parametrize("typed", ["", "/", ".", "front/", "=", "back/matte.softness", "mount", "\n"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        two().find(typed)


# Values


@pytest.mark.parametrize("value", ["0.25", 0.25, " .25 "])
def test_values_are_set_from_words_and_numbers(value: Any) -> None:
    made = two()
    assert made.set("front/e0.amount", value) == "front/e0.amount"
    assert made.get("front/e0.amount") == 0.25
    assert made.get("back/e0.amount") == 1.0


def test_a_bad_value_names_the_address_and_changes_nothing() -> None:
    made = two()
    with pytest.raises(UsageError, match=r"front/e0\.amount: amount cannot be '7'"):
        made.set("front/e0.amount", "7")
    assert made.get("front/e0.amount") == 1.0


def test_a_misspelt_choice_names_the_address_and_suggests() -> None:
    with pytest.raises(UsageError, match="did you mean 'flip'"):
        two().set("mode", "flipp")


# Bindings


def test_a_bound_parameter_follows_its_signal() -> None:
    made = two()
    made.bind("front/e0.amount", Binding("face.smile", 0.0, 1.0, 0.2, 0.8))
    for smile, amount in ((0.0, 0.2), (0.5, 0.5), (1.0, 0.8), (9.0, 0.8)):
        made.apply({"face.smile": smile}, 0.1)
        assert made.get("front/e0.amount") == pytest.approx(amount)


def test_setting_unbinds() -> None:
    made = two()
    made.bind("front/opacity", Binding("face.smile"))
    made.set("front/opacity", 0.3)
    made.apply({"face.smile": 1.0}, 0.1)
    assert made.get("front/opacity") == 0.3
    assert made.bindings == {}


@pytest.mark.parametrize("address", ["front/e1.mode", "front/e0.ink", "front/cut"])
def test_only_numbers_and_switches_follow(address: str) -> None:
    with pytest.raises(UsageError, match="only numbers and switches"):
        two().bind(address, Binding("time"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300])
def test_no_signal_however_wild_breaks_a_parameter(value: float) -> None:
    class Many(Effect):
        free = Float(0.5)
        held = Float(0.5, 0.0, 1.0)
        whole = Int(1)

    made = scene(Many())
    for name in ("free", "held", "whole", "visible"):
        made.bind(name, Binding("time", 0.0, 1e-300, -1e300, 1e300))
    made.apply({"time": value}, 0.1)
    assert all(math.isfinite(made.get(name)) for name in ("free", "held", "whole"))


def test_a_matte_that_is_gone_leaves_its_binding_idle() -> None:
    made = two()
    made.bind("softness", Binding("face.smile"))
    made.set("front/cut", "none")
    made.apply({"face.smile": 1.0}, 0.1)
    made.set("front/cut", "person")
    made.apply({"face.smile": 1.0}, 0.1)
    assert made.get("softness") == 1.0


# What is needed


@pytest.mark.parametrize(
    ("name", "trackers"),
    [
        ("blur", {"person"}),
        ("duotone", {"face"}),
        ("laser-eyes", {"face"}),
        ("mirror", set()),
        ("teleport", {"person"}),
        ("clothing-size", {"pose"}),
    ],
)
def test_what_the_built_in_scenes_need(name: str, trackers: set[str]) -> None:
    needed = load_scene(name, BUILT_IN).needs()
    assert needed >= trackers
    assert needed <= {"face", "pose", "person"}
    assert needed == trackers or name in ("teleport", "clothing-size")


@pytest.mark.parametrize(
    ("body", "trackers"),
    [
        ("frame(uv)", set()),
        ("frame(uv) * mask(uv)", {"person"}),
        ("vec4(mask_here())", {"person"}),
        ("vec4(face_point(0, 1), float(face_count))", {"face"}),
        ("vec4(pose_point(0, 1), pose_visibility(0, 1))", {"pose"}),
        ("frame(uv) /* mask(uv) */", set()),
        ("frame(uv) // mask(uv)\n", set()),
    ],
)
def test_what_the_glsl_reads_is_needed(body: str, trackers: set[str]) -> None:
    assert scene(shader(body)).needs() == trackers


def test_what_is_not_drawn_needs_nothing() -> None:
    made = scene(LaserEyes(), cut="person")
    assert made.needs() == {"face", "person"}
    made.set("visible", False)
    assert made.needs() == frozenset()
    made.set("visible", True)
    made.set("opacity", 0)
    assert made.needs() == frozenset()


def test_a_binding_needs_its_signals_tracker() -> None:
    made = scene(Duotone())
    made.bind("amount", Binding("pose.present"))
    made.bind("opacity", Binding("key.space"))
    assert made.needs() == {"pose"}


def test_an_effect_that_knows_better_asks_for_less() -> None:
    class Choosy(Effect):
        follow = Float(1.0)
        needs = ("face",)

        def wants(self) -> tuple[str, ...]:
            return self.needs if self.follow else ()

    made = scene(Choosy())
    assert made.needs() == {"face"}
    made.set("follow", 0)
    assert made.needs() == frozenset()


# Who hides the room


@pytest.mark.parametrize(
    ("name", "hides"),
    [
        ("blur", True),
        ("teleport", True),
        ("duotone", False),
        ("laser-eyes", False),
        ("mirror", False),
        ("clothing-size", False),
    ],
)
def test_which_built_in_scenes_hide_the_room(name: str, hides: bool) -> None:
    assert load_scene(name, BUILT_IN).hides_room() is hides


def test_a_scene_of_nothing_but_cut_out_persons_hides_the_room() -> None:
    place, person = layer(Place(), name="place", source="none"), layer(name="person", cut="person")
    assert stack(place, person).hides_room()
    assert not stack(place, person, layer(name="corner")).hides_room()
    assert not stack(place).hides_room()


def test_a_layer_that_is_not_drawn_shows_no_room() -> None:
    hidden = layer(name="camera", visible=False)
    assert stack(hidden, layer(name="person", cut="person")).hides_room()


def test_a_room_without_the_person_is_a_room() -> None:
    assert not scene(cut="not-person").hides_room()


def test_what_the_scene_says_counts() -> None:
    assert scene(private=True).hides_room()
    assert not scene(cut="person", private=False).hides_room()


def test_a_cut_can_be_changed_while_it_runs_and_the_room_with_it() -> None:
    made = scene(Blur(), cut="person")
    assert made.hides_room()
    made.set("cut", "none")
    assert not made.hides_room()
