"""The kinds of parameters: numbers, choices, texts, files, colours and points."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from .errors import unknown_name
from .params import Param, finite
from .srgb import to_linear

NAMED_COLORS = {
    "black": "#000000",
    "white": "#ffffff",
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "orange": "#ff8000",
    "grey": "#808080",
    "gray": "#808080",
    "transparent": "#00000000",
}


class Float(Param[float]):
    """A number from `low` to `high`."""

    kind = "float"
    gl_type = "float"

    def __init__(
        self, default: float, low: float = -math.inf, high: float = math.inf, doc: str = "", *, unit: str = ""
    ) -> None:
        self.low, self.high = float(low), float(high)
        super().__init__(default, doc, unit=unit)

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.refuse(value, f"a number {self.range_text()}")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise self.refuse(value, f"a number {self.range_text()}") from None
        if not self.low <= number <= self.high or not math.isfinite(number):
            raise self.refuse(value, f"a number {self.range_text()}")
        return number

    def clamp(self, value: float) -> float:
        """`value` brought into the range (for signals, which may overshoot); what is then no number: the default."""
        held = min(max(value, self.low), self.high)
        return held if math.isfinite(held) else self.default

    def range_text(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if math.isinf(self.low) and math.isinf(self.high):
            return unit.strip()
        return f"{self.low:g} … {self.high:g}{unit}"

    def format(self, value: float) -> str:
        return f"{value:g}"


class Int(Param[int]):
    """A whole number from `low` to `high`."""

    kind = "int"
    gl_type = "int"

    def __init__(
        self, default: int, low: int = -(2**31), high: int = 2**31 - 1, doc: str = "", *, unit: str = ""
    ) -> None:
        self.low, self.high = int(low), int(high)
        super().__init__(default, doc, unit=unit)

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.refuse(value, f"a whole number {self.range_text()}")
        try:
            number = float(value)
            whole = int(number)
        except (ValueError, OverflowError):
            raise self.refuse(value, f"a whole number {self.range_text()}") from None
        if whole != number or not self.low <= whole <= self.high:
            raise self.refuse(value, f"a whole number {self.range_text()}")
        return whole

    def clamp(self, value: float) -> int:
        """`value` rounded and brought into the range (for signals); NaN becomes the default."""
        if math.isnan(value):
            return self.default
        return int(min(max(round(min(max(value, -(2**53)), 2**53)), self.low), self.high))

    def range_text(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.low} … {self.high}{unit}"


class Bool(Param[bool]):
    """On or off."""

    kind = "bool"
    gl_type = "bool"

    def check(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        if isinstance(value, str):
            word = value.strip().lower()
            if word in ("true", "on", "yes", "1"):
                return True
            if word in ("false", "off", "no", "0"):
                return False
        raise self.refuse(value, "true or false")

    def clamp(self, value: float) -> bool:
        """True from one half up (for signals)."""
        return value >= 0.5

    def range_text(self) -> str:
        return "true | false"

    def format(self, value: bool) -> str:
        return "true" if value else "false"


class Choice(Param[str]):
    """One of several words. In GLSL it is an int: the position in `options`."""

    kind = "choice"
    gl_type = "int"

    def __init__(self, default: str, options: Sequence[str], doc: str = "") -> None:
        self.options = tuple(options)
        super().__init__(default, doc)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value, self.range_text())
        if value not in self.options:
            raise unknown_name(f"{self.name or 'choice'} value", value, self.options)
        return value

    def range_text(self) -> str:
        return " | ".join(self.options)

    def uniform_value(self, value: str) -> int:
        """The position of the word among `options`."""
        return self.options.index(value)


class Text(Param[str]):
    """Any line of text."""

    kind = "text"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value, "text")
        return value

    def parse(self, text: str) -> str:
        return self.check("" if text == '""' else text)

    def format(self, value: str) -> str:
        return value or '""'


class File(Param[str]):
    """A file by its path, empty for none; the effect reads it itself.

    `reads` is a function of the path that fails, with words, where the file is none of those that the effect can read:
    a show asks it before it begins.
    """

    kind, what = "file", "a file"

    def __init__(self, default: str = "", doc: str = "", reads: Callable[[str], object] | None = None) -> None:
        self.reads = reads
        super().__init__(default, doc)

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise self.refuse(value, f"the {self.range_text()}, without NUL characters")
        return value

    def range_text(self) -> str:
        return f"path of {self.what}"

    def parse(self, text: str) -> str:
        return self.check("" if text == "none" else text)  # a file of that name is ./none

    def format(self, value: str) -> str:
        return value or "none"


class Media(File):
    """An image or a video by its path, empty for none. In GLSL it is a function `vec4 name(vec2 uv)`."""

    kind, what = "media", "a picture or video"

    @property
    def sampler(self) -> str:
        """The GLSL sampler that it is read through."""
        return f"_media_{self.name}"

    @property
    def declaration(self) -> str:
        """The GLSL that declares it: the sampler, its size, and the function that reads it."""
        return "\n".join(
            (
                f"uniform sampler2D {self.sampler};",
                f"uniform vec2 {self.name}_size_px;   // 0 where there is none",
                f"vec4 {self.name}(vec2 uv) {{ return texture({self.sampler}, uv); }}",
            )
        )

    def size_uniform(self, size: tuple[int, int]) -> tuple[str, tuple[float, float]]:
        """The uniform that holds the size (width, height) in pixels of what it names, and its value."""
        return f"{self.name}_size_px", (float(size[0]), float(size[1]))


Rgba = tuple[float, float, float, float]


class Color(Param[Rgba]):
    """A colour: `#rrggbb`, `#rrggbbaa`, a name, or 3 or 4 numbers 0..1 (sRGB). In GLSL a linear-light vec3 (`name`)
    with its opacity beside it (`name_alpha`)."""

    kind = "color"
    gl_type = "vec3"

    def __init__(self, default: str, doc: str = "") -> None:
        super().__init__(self.check(default), doc)

    def check(self, value: Any) -> Rgba:
        if isinstance(value, str):
            text = NAMED_COLORS.get(value.strip().lower(), value.strip())
            if re.fullmatch(r"#[0-9a-fA-F]{3}", text):
                text = "#" + "".join(c * 2 for c in text[1:])
            if re.fullmatch(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})", text):
                parts = [int(text[i : i + 2], 16) / 255 for i in range(1, len(text), 2)]
                return parts[0], parts[1], parts[2], parts[3] if len(parts) == 4 else 1.0
        elif isinstance(value, Sequence) and not isinstance(value, bytes) and len(value) in (3, 4):
            numbers = finite(value)
            if numbers is not None and all(0.0 <= n <= 1.0 for n in numbers):
                return numbers[0], numbers[1], numbers[2], numbers[3] if len(numbers) == 4 else 1.0
        raise self.refuse(value, f"{self.range_text()}")

    def range_text(self) -> str:
        return "#rrggbb, #rrggbbaa or a name such as 'orange'"

    @property
    def declaration(self) -> str:
        """The GLSL that declares it: its colour and, beside it, its opacity."""
        return f"uniform vec3 {self.name};\nuniform float {self.name}_alpha;"

    def uniform_value(self, value: Rgba) -> tuple[float, float, float]:
        """Its colour in linear light."""
        return to_linear(value[0]), to_linear(value[1]), to_linear(value[2])

    def uniforms(self, value: Rgba) -> dict[str, Any]:
        """Its colour, and its opacity."""
        return {self.name: self.uniform_value(value), f"{self.name}_alpha": value[3]}

    def format(self, value: Rgba) -> str:
        shown = value if value[3] < 1.0 else value[:3]
        return "#" + "".join(f"{round(v * 255):02x}" for v in shown)


class Point(Param[tuple[float, float]]):
    """A place in the image, uv: 0..1 from the top left."""

    kind = "point"
    gl_type = "vec2"

    def __init__(self, default: tuple[float, float] = (0.5, 0.5), doc: str = "") -> None:
        super().__init__(default, doc)

    def check(self, value: Any) -> tuple[float, float]:
        parts = value
        if isinstance(value, str):
            try:
                parts = [float(p) for p in value.split(",")]
            except ValueError:
                raise self.refuse(value, self.range_text()) from None
        if isinstance(parts, Sequence) and not isinstance(parts, bytes) and len(parts) == 2:
            numbers = finite(parts)
            if numbers is not None and all(-10.0 <= n <= 10.0 for n in numbers):
                return numbers[0], numbers[1]
        raise self.refuse(value, self.range_text())

    def range_text(self) -> str:
        return "x,y (0..1 from the top left)"

    def format(self, value: tuple[float, float]) -> str:
        return f"{value[0]:g},{value[1]:g}"
