"""What the dialects share about text: reading a file, what no driver takes, uniforms with a default in a comment."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import ShaderError
from ...core.param_types import Bool, Color, Float, Int, Media
from ...core.params import Param
from ...core.source_lines import line_at, location, location_at
from ...effect.foreign import Given, param_name

MAX_BYTES = 1_000_000
_UNIFORM = re.compile(
    r"^[ \t]*uniform[ \t]+(?:(?:lowp|mediump|highp)[ \t]+)?(\w+)[ \t]+(\w+)"
    r"[ \t]*(/\*[^\n]*?\*/)?[ \t]*;[ \t]*(//[^\n]*)?$",
    re.MULTILINE,
)
_DEFAULT = re.compile(
    r"=\s*(?P<value>#[0-9a-fA-F]{3,8}|i?vec[234]\s*\([^)]*\)|true|false|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"\s*(?:\[\s*(?P<low>[^,\]]+),\s*(?P<high>[^\]]+)\])?\s*(?P<doc>.*)"
)
_WIDTHS = {"vec2": 2, "vec3": 3, "vec4": 4, "ivec2": 2, "ivec3": 3, "ivec4": 4}
_AXES = ("x", "y", "z", "w")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/|(?P<open>/\*)", re.DOTALL)
_DRIVER_LINES = re.compile(r"^[ \t]*#[ \t]*(?:version|extension)\b[^\n]*$", re.MULTILINE)


def read_author(path: Path) -> str:
    """A shader file's text with `\\n` line ends. Raises ShaderError for what is no text, empty or beyond a megabyte."""
    from ..includes import read_shader

    try:
        size = path.stat().st_size
    except OSError as error:
        raise ShaderError(f"cannot be read: {error}", where=str(path)) from error
    if size > MAX_BYTES:
        raise ShaderError(f"a shader of more than {MAX_BYTES} bytes", where=location(path, 1))
    text = read_shader(path)
    if not text.strip():
        raise ShaderError(
            "the file is empty", where=location(path, 1), hint="`phosphene new NAME --kind isf` writes one"
        )
    if "\0" in text:
        where = location_at(path, text, text.index("\0"))
        raise ShaderError("holds NUL characters: this is not text", where=where)
    for match in _COMMENTS.finditer(text):
        if match["open"]:
            raise ShaderError("a comment begins here and never ends", where=location_at(path, text, match.start()))
    return text


def for_driver(text: str) -> str:
    """The author's text as a driver takes it inside ours, line for line: no `#version` or `#extension` (they must come
    first, and the versions tried have what is asked for), and ASCII, which is all that GLSL knows."""
    return _DRIVER_LINES.sub("", text).encode("ascii", "replace").decode("ascii")


def leading_doc(text: str) -> str:
    """The first words of the comment that a file begins with, `Key: value` lines (author, licence) left out."""
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            continue
        if not bare.startswith(("//", "/*", "*")):
            return ""
        words = bare.strip("/* \t")
        if words and not re.match(r"[A-Za-z @-]{1,24}:\s", words):
            return words[:200]
    return ""


@dataclass(frozen=True, slots=True)
class Written:
    """One uniform as the author wrote it."""

    type: str
    name: str
    default: tuple[float, ...] | str | None
    low: float
    high: float
    doc: str
    line: int
    span: tuple[int, int]


def uniforms(text: str) -> list[Written]:
    """Every uniform that stands on a line of its own: `uniform float amount; // = 0.5 [0, 1] what it does`."""
    found = []
    for match in _UNIFORM.finditer(text):
        kind, name = match[1], match[2]
        note = " ".join(part.strip("/* \t") for part in (match[3], match[4]) if part)
        given = _DEFAULT.match(note)
        low, high = -math.inf, math.inf
        if given and given["low"] is not None:
            try:
                low, high = float(given["low"]), float(given["high"])
            except ValueError:
                low, high = -math.inf, math.inf
        doc = (given["doc"] if given else note).strip(" ;,.")
        line = line_at(text, match.start())
        span = match.span()
        found.append(Written(kind, name, parse_value(given["value"]) if given else None, low, high, doc, line, span))
    return found


def parse_value(text: str) -> tuple[float, ...] | str:
    """`0.5`, `true`, `vec2(1, 0)` as numbers; `#ff8000` as it is."""
    if text.startswith("#"):
        return text
    inner = text[text.index("(") + 1 : -1] if "(" in text else text
    words = [w.strip() for w in inner.split(",") if w.strip()]
    try:
        return tuple({"true": 1.0, "false": 0.0}.get(w, 0.0) if w in ("true", "false") else float(w) for w in words)
    except ValueError:
        return ()


def check_range(uniform: Written, path: Path) -> None:
    """Raises ShaderError where a range is upside down or holds no numbers."""
    if math.isnan(uniform.low) or math.isnan(uniform.high) or uniform.low > uniform.high:
        raise ShaderError(
            f"{uniform.name}: the range [{uniform.low:g}, {uniform.high:g}] is upside down",
            where=location(path, uniform.line),
            hint="write the lower end first",
        )


def as_params(uniform: Written, path: Path) -> tuple[dict[str, Param[Any]], Given | None]:
    """The parameters that a uniform becomes, and how its value is made from them. Raises ShaderError.

    Colours (vec3 or vec4 called so, or with a `#…` default) are one parameter, other vectors one a component.
    """
    check_range(uniform, path)
    name, kind = param_name(uniform.name), uniform.type
    try:
        return _as_params(uniform, name, kind)
    except (ValueError, OverflowError) as error:
        raise ShaderError(f"{uniform.name}: {error}", where=location(path, uniform.line)) from None


def _as_params(uniform: Written, name: str, kind: str) -> tuple[dict[str, Param[Any]], Given | None]:
    numbers = uniform.default if isinstance(uniform.default, tuple) else ()
    doc = uniform.doc
    if kind == "float":
        value = numbers[0] if numbers else 0.0
        low, high = min(uniform.low, value), max(uniform.high, value)
        return single(uniform, name, Float(value, low, high, doc))
    if kind == "int":
        whole = int(numbers[0]) if numbers else 0
        low_int = -(2**31) if math.isinf(uniform.low) else int(uniform.low)
        high_int = 2**31 - 1 if math.isinf(uniform.high) else int(uniform.high)
        limits = min(low_int, whole), max(high_int, whole)
        return single(uniform, name, Int(whole, *limits, doc))
    if kind == "bool":
        return single(uniform, name, Bool(bool(numbers and numbers[0]), doc))
    if kind == "sampler2D":
        return {name: Media("", doc)}, None
    if kind not in _WIDTHS:
        return {}, None
    width = _WIDTHS[kind]
    held = list(numbers * width if len(numbers) == 1 else numbers) or [0.0] * width
    held = (held + [0.0] * width)[:width]
    colour = isinstance(uniform.default, str) or re.search(r"colou?r|clr|ink|tint|paper", uniform.name, re.IGNORECASE)
    if colour and width >= 3 and all(0.0 <= v <= 1.0 for v in held):
        chosen = uniform.default if isinstance(uniform.default, str) else to_hex(held)
        return {name: Color(chosen, doc)}, Given(uniform.name, kind, (name,), leading(name, width))
    names = [f"{name.rstrip('_')}_{axis}" for axis in _AXES[:width]]
    if kind.startswith("i"):
        made: dict[str, Param[Any]] = {n: Int(int(v), doc=doc) for n, v in zip(names, held, strict=True)}
    else:
        made = {n: Float(v, min(uniform.low, v), max(uniform.high, v), doc) for n, v in zip(names, held, strict=True)}
    return made, Given(uniform.name, kind, tuple(names), together(names))


def single(uniform: Written, name: str, param: Param[Any]) -> tuple[dict[str, Param[Any]], Given]:
    """A uniform that is one parameter, called `name`."""
    return {name: param}, Given.of(uniform.name, name, param)


def to_hex(values: list[float]) -> str:
    """A colour's codes as `#rrggbb` or `#rrggbbaa`."""
    return "#" + "".join(f"{round(v * 255):02x}" for v in values)


def leading(name: str, count: int) -> Callable[[Any], Any]:
    """Reads the first numbers of a parameter."""
    return lambda effect: getattr(effect, name)[:count]


def together(names: list[str]) -> Callable[[Any], Any]:
    """Reads several parameters as one vector."""
    return lambda effect: tuple(getattr(effect, n) for n in names)


def defines(text: str, function: str) -> bool:
    """Whether `text` defines `function`, its type and its name."""
    from ..words import strip_comments

    return re.search(rf"\b{function.replace(' ', chr(92) + 's+')}\s*\([^)]*\)\s*\{{", strip_comments(text)) is not None
