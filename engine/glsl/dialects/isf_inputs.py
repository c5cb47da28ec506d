"""The parameters that an ISF file's inputs become, and how each uniform is made from them."""

from __future__ import annotations

from typing import Any

from ...core.param_types import Bool, Choice, Color, Float, Int, Media, Point
from ...core.params import Param
from ...effect.foreign import Given, param_name
from .isf_header import SPECIAL, Input, extent
from .prelude import PICTURE
from .text import leading, to_hex, together


def make_input(entry: Input, samplers: dict[str, str]) -> tuple[dict[str, Param[Any]], Given | None]:
    """The parameters that one input becomes; images are noted in `samplers`."""
    name, held, doc = param_name(entry.name), entry.values, entry.label
    if entry.type == "image":
        ours = {"inputImage": PICTURE, "startImage": PICTURE}.get(entry.name)
        if ours is None and entry.name in SPECIAL:
            ours = f"_target__{entry.name}"
        samplers[entry.name] = ours or f"_media_{name}"
        return ({}, None) if ours else ({name: Media("", doc or "picture")}, None)
    if entry.type in ("audio", "audioFFT"):
        samplers[entry.name] = "_wave" if entry.type == "audio" else "_spectrum"
        return {}, None
    if entry.type == "event":
        event = Bool(False, doc or "fires when it is switched on")
        return {name: event}, Given.of(entry.name, name, event, event=True)
    if entry.type == "bool":
        switch = Bool(bool(held.get("DEFAULT", [0.0])[0]), doc)
        return {name: switch}, Given.of(entry.name, name, switch)
    if entry.type == "color":
        codes = [min(max(v, 0.0), 1.0) for v in held.get("DEFAULT", [1.0, 1.0, 1.0, 1.0])]
        return {name: Color(to_hex(codes), doc)}, Given(entry.name, "vec4", (name,), leading(name, 4))
    if entry.type == "long":
        return make_long(entry, name)
    if entry.type == "float":
        low, high = held.get("MIN", []), held.get("MAX", [])
        middle = ((low or [0.0])[0] + (high or [1.0])[0]) / 2.0  # the standard leaves open what stands for no DEFAULT
        default = held.get("DEFAULT", [middle])[0]
        number = Float(default, *extent(low, high, default), doc)
        return {name: number}, Given.of(entry.name, name, number)
    return make_point(entry, name)


def make_long(entry: Input, name: str) -> tuple[dict[str, Param[Any]], Given]:
    """A `long`: a word for each of its VALUES, else a whole number."""
    held, doc = entry.values, entry.label
    default = int(held.get("DEFAULT", held.get("MIN", [0.0]))[0])
    values: list[int] | None = held.get("VALUES")
    if values is None:
        low, high = extent(held.get("MIN", [-(2**31)]), held.get("MAX", [2**31 - 1]), default)
        whole = Int(default, int(low), int(high), doc)
        return {name: whole}, Given.of(entry.name, name, whole)
    labels: list[str] = held["LABELS"]
    chosen = labels[values.index(default)] if default in values else labels[0]
    by_label = dict(zip(labels, values, strict=False))
    return {name: Choice(chosen, labels, doc)}, Given(
        entry.name, "int", (name,), lambda effect: by_label[getattr(effect, name)]
    )


def make_point(entry: Input, name: str) -> tuple[dict[str, Param[Any]], Given]:
    """A `point2D`: a place in the image where it runs from 0 to 1, else two numbers in the author's own units."""
    held, doc = entry.values, entry.label
    low, high = held.get("MIN", [0.0, 0.0]), held.get("MAX", [1.0, 1.0])
    default = held.get("DEFAULT", [0.5, 0.5] if low == [0.0, 0.0] else low)
    if low == [0.0, 0.0] and high == [1.0, 1.0] and all(-1.0 <= v <= 2.0 for v in default):
        place = default[0], 1.0 - default[1]

        def turned(effect: Any) -> tuple[float, float]:
            x, y = getattr(effect, name)
            return x, 1.0 - y

        return {name: Point(place, doc)}, Given(entry.name, "vec2", (name,), turned)
    names = [f"{entry.name}_x", f"{entry.name}_y"]
    made: dict[str, Param[Any]] = {
        n: Float(v, *extent([a], [b], v), doc) for n, v, a, b in zip(names, default, low, high, strict=True)
    }
    return made, Given(entry.name, "vec2", tuple(names), together(names))
