"""The JSON header of an ISF file, checked, every mistake with the author's line (ISF 2.0: https://docs.isf.video)."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ...core.errors import ShaderError, unknown_name
from ...core.source_lines import line_at, location, location_at
from .isf_sizes import MAX_AREA, MAX_SIDE, SizeError, evaluate, parse_size

TYPES = ("event", "bool", "long", "float", "point2D", "color", "image", "audio", "audioFFT")
SPECIAL = ("mask", "face", "pose", "plate")  # images that this engine fills by itself: an extension
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}|_[A-Za-z0-9][A-Za-z0-9_]{0,60}")
MAX_INPUTS, MAX_PASSES = 200, 64
SCREEN = 1920.0, 1080.0
_KEYWORDS = """
main void float int uint bool vec2 vec3 vec4 ivec2 ivec3 ivec4 mat2 mat3 mat4 sampler2D if else for while do return
break continue discard in out inout uniform const struct switch case default true false layout flat TIME TIMEDELTA DATE
FRAMEINDEX PASSINDEX RENDERSIZE isf_FragNormCoord vv_FragNormCoord
"""
KEYWORDS = frozenset(_KEYWORDS.split())


@dataclass(frozen=True, slots=True)
class Input:
    """One entry of INPUTS."""

    name: str
    type: str
    label: str
    values: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class IsfPass:
    """One entry of PASSES; `width` and `height` are parsed size expressions."""

    target: str | None
    width: ast.expr | None
    height: ast.expr | None
    floats: bool
    persistent: bool


@dataclass(slots=True)
class Header:
    """What the header says."""

    doc: str
    inputs: list[Input]
    passes: list[IsfPass]
    imported: dict[str, Path]
    warnings: list[str] = field(default_factory=list)


class HeaderReader:
    """Reads the header in `text`, the text of `path`. Raises ShaderError."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        match = re.search(r"/\*(.*?)\*/", text, re.DOTALL)
        if match is None or not match[1].lstrip().startswith("{"):
            raise ShaderError(
                "no ISF header: the file must begin with a comment that holds JSON",
                where=location(path, 1),
                hint='begin with /*{ "ISFVSN": "2", "INPUTS": [] }*/',
            )
        self.start, self.end = match.start(1), match.end(1)
        self.warnings: list[str] = []
        try:
            table = json.loads(match[1], parse_constant=self.refuse_constant)
        except json.JSONDecodeError as error:
            self.fail(f"the header is not valid JSON: {error.msg}", self.start + error.pos)
        except (RecursionError, ValueError) as error:
            if isinstance(error, RecursionError):
                self.fail("the header is not valid JSON: nested too deeply", self.start)
            odd = re.search(r"\b(?:NaN|Infinity)\b|\d{1000}", text[: self.end])
            words = str(error) if "JSON" in str(error) else "a number of thousands of digits"
            self.fail(f"the header is not valid JSON: {words}", odd.start() if odd else self.start)
        if not isinstance(table, dict):
            self.fail("the header must be a JSON object: { … }", self.start)
        self.table: dict[str, Any] = table

    @staticmethod
    def refuse_constant(word: str) -> NoReturn:
        """JSON knows neither NaN nor Infinity."""
        raise ValueError(f"{word} is not a JSON number")

    def fail(self, message: str, at: int | str = "", hint: str = "") -> NoReturn:
        """Raises the error, with the line of position `at`, or of the first time that the header says it."""
        position = at if isinstance(at, int) else self.place(at)
        raise ShaderError(message, where=location_at(self.path, self.text, position), hint=hint)

    def warn(self, message: str, at: str) -> None:
        """Notes what is odd but can be drawn."""
        self.warnings.append(f"{location_at(self.path, self.text, self.place(at))}: {message}")

    def place(self, word: str) -> int:
        """Where the header says `word` as a JSON string."""
        found = self.text.find(json.dumps(word, ensure_ascii=False), self.start, self.end) if word else -1
        return found if found >= 0 else self.start

    def header(self) -> Header:
        """Everything that the header says."""
        inputs = self.inputs()
        imported = self.imported()
        names = [i.name for i in inputs] + list(imported)
        for name in names:
            if names.count(name) > 1:
                self.fail(f"two inputs are called '{name}'", name, "give each its own NAME")
        numbers = frozenset({"WIDTH", "HEIGHT", *(i.name for i in inputs if i.type in ("float", "long", "bool"))})
        passes = self.passes(numbers, frozenset(names))
        doc = " ".join(str(self.table.get("DESCRIPTION") or "").split())[:300]
        return Header(doc, inputs, passes, imported, self.warnings)

    def listed(self, key: str, limit: int) -> list[dict[str, Any]]:
        """A list of objects."""
        value = self.table.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fail(f"{key} must be a list of objects", key)
        if len(value) > limit:
            self.fail(f"{key} has more than {limit} entries", key)
        return value

    def identifier(self, value: Any, what: str) -> str:
        """A name that GLSL can use."""
        if not isinstance(value, str) or not IDENTIFIER.fullmatch(value) or value in KEYWORDS or "__" in value:
            shown = repr(value)[:60]
            at = value if isinstance(value, str) else what.split()[-1]
            self.fail(f"{what} {shown} is not a name that GLSL can use", at, "letters, digits and _, no digit first")
        return value

    def inputs(self) -> list[Input]:
        """The entries of INPUTS."""
        found = []
        for entry in self.listed("INPUTS", MAX_INPUTS):
            name = self.identifier(entry.get("NAME"), "the input NAME")
            kind = entry.get("TYPE")
            if kind not in TYPES:
                wrong = unknown_name("input TYPE", str(kind), TYPES)
                self.fail(f"{name}: {wrong.message}", name, wrong.hint)
            label = entry.get("LABEL")
            line = line_at(self.text, self.place(name))
            found.append(
                Input(name, kind, label if isinstance(label, str) else "", self.checked(name, kind, entry), line)
            )
        return found

    def checked(self, name: str, kind: str, entry: dict[str, Any]) -> dict[str, Any]:
        """DEFAULT, MIN, MAX, IDENTITY, VALUES and LABELS as the type wants them."""
        out: dict[str, Any] = {}
        width = {"float": 1, "long": 1, "bool": 1, "point2D": 2, "color": 4}.get(kind, 0)
        for key in ("DEFAULT", "MIN", "MAX", "IDENTITY"):
            if width and entry.get(key) is not None:
                out[key] = self.numbers(name, key, entry[key], width)
        if "MIN" in out and "MAX" in out and kind in ("float", "point2D"):
            for low, high in zip(out["MIN"], out["MAX"], strict=True):
                if low > high:
                    self.warn(f"{name}: MIN {low:g} is above MAX {high:g}", name)
            pairs = list(zip(out["MIN"], out["MAX"], strict=True))
            out["MIN"], out["MAX"] = [min(p) for p in pairs], [max(p) for p in pairs]
        if kind == "long" and entry.get("VALUES") is not None:
            values, labels = entry["VALUES"], entry.get("LABELS") or []
            if not isinstance(values, list) or not values or not isinstance(labels, list):
                self.fail(f"{name}: VALUES and LABELS must be lists", name)
            out["VALUES"] = [int(self.numbers(name, "VALUES", v, 1)[0]) for v in values]
            words = [str(v) for v in labels] + [str(v) for v in out["VALUES"][len(labels) :]]
            out["LABELS"] = [
                w if words.count(w) == 1 else f"{w} {v}" for w, v in zip(words, out["VALUES"], strict=False)
            ]
        return out

    def numbers(self, name: str, key: str, value: Any, width: int) -> list[float]:
        """`value` as `width` numbers."""
        held = value if isinstance(value, list) else [value]
        if width == 4 and len(held) == 3:
            held = [*held, 1.0]
        if len(held) != width or not all(isinstance(v, int | float) and abs(v) < 1e30 for v in held):
            what = "a number" if width == 1 else f"{width} numbers"
            self.fail(f"{name}: {key} must be {what}, not {json.dumps(value)[:60]}", name)
        return [float(v) for v in held]

    def passes(self, known: frozenset[str], taken: frozenset[str]) -> list[IsfPass]:
        """The entries of PASSES; those of PERSISTENT_BUFFERS (ISF 1) are persistent too."""
        lasting = self.table.get("PERSISTENT_BUFFERS") or []
        lasting = (
            set(lasting) if isinstance(lasting, list | dict) and all(isinstance(v, str) for v in lasting) else set()
        )
        found = []
        for entry in self.listed("PASSES", MAX_PASSES):
            target = entry.get("TARGET")
            if target is not None:
                target = self.identifier(target, "the pass TARGET")
                if target in taken:
                    self.fail(f"TARGET '{target}' is an input's name too", target, "give one of them another name")
            sizes: list[ast.expr | None] = []
            for key in ("WIDTH", "HEIGHT"):
                value = entry.get(key)
                try:
                    sizes.append(None if value in (None, "") else parse_size(str(value), known))
                except SizeError as error:
                    self.fail(str(error), str(value), "such as floor($WIDTH/2.0)")
            self.fits(sizes, known, entry)
            lasts = bool(entry.get("PERSISTENT", entry.get("persistent"))) or target in lasting
            found.append(IsfPass(target, sizes[0], sizes[1], bool(entry.get("FLOAT", entry.get("float"))), lasts))
        return found

    def fits(self, sizes: list[ast.expr | None], known: frozenset[str], entry: dict[str, Any]) -> None:
        """Fails for a pass that is larger than a target may be, in an image of 1920×1080."""
        values = {**dict.fromkeys(known, 1.0), "WIDTH": SCREEN[0], "HEIGHT": SCREEN[1]}
        width, height = (
            whole if tree is None or not math.isfinite(found := evaluate(tree, values)) else found
            for tree, whole in zip(sizes, SCREEN, strict=True)
        )
        if max(width, height) > MAX_SIDE or width * height > MAX_AREA:
            key = "WIDTH" if width >= height else "HEIGHT"
            needle = str(entry[key]) if entry.get(key) is not None else "PASSES"
            hint = f"at most {MAX_SIDE} a side, and {MAX_AREA} together"
            self.fail(f"a pass of {width:.0f}×{height:.0f} pixels is too large", needle, hint)

    def imported(self) -> dict[str, Path]:
        """The images that IMPORTED names; they lie beside the file."""
        table = self.table.get("IMPORTED") or {}
        if isinstance(table, list):  # ISF 1 wrote a list of objects with NAME and PATH
            table = {e.get("NAME"): e for e in table if isinstance(e, dict)}
        if not isinstance(table, dict):
            self.fail("IMPORTED must be an object", "IMPORTED")
        found: dict[str, Path] = {}
        for name, entry in table.items():
            self.identifier(name, "the IMPORTED name")
            file = entry.get("PATH") if isinstance(entry, dict) else entry
            if not isinstance(file, str):
                self.fail(f"IMPORTED '{name}' needs a PATH", name)
            found[name] = beside(self.path, file, line_at(self.text, self.place(name)))
        return found


def beside(path: Path, name: str, line: int) -> Path:
    """The file called `name` in the folder of `path`. Raises ShaderError where it lies elsewhere or is not there."""
    folder = path.resolve().parent
    try:
        found = (folder / name).resolve()
        inside, there = found.is_relative_to(folder), found.is_file()
    except (OSError, ValueError):
        inside, there = True, False
    if not inside:
        raise ShaderError(f"'{name}' lies outside the shader's folder", where=location(path, line))
    if not there:
        raise ShaderError(f"no file '{name}'", where=location(path, line), hint=f"put it into {folder}")
    return found


def extent(low: Iterable[float], high: Iterable[float], default: float) -> tuple[float, float]:
    """A range that holds the default: the one given, else 0 to 1."""
    lows, highs = list(low) or [0.0], list(high) or [1.0]
    ends = [v for v in (*lows, *highs, default) if math.isfinite(v)]
    return min(ends), max(ends)
