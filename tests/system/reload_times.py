"""Saves one file of every kind while a show runs, and takes the time until a picture of the new version comes out.

usage: python -m tests.system.reload_times [OUT.md]

The show is a real one: 1280×720 at 30 frames a second, at its own pace, each effect tried out in a process of its own
before it joins. The stopwatch runs from the end of the saving until a sink is given the first picture of the new
colour. Then a mistake is saved, and the time is taken until its file and line are told.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from phosphene.engine.core.frame import Pixels
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.sinks.null import NullSink

SECONDS = 600.0  # the show is stopped earlier
PATIENCE_S = 240.0
ROUNDS = 5
RED, GREEN = (1, 0), (0, 1)
PYTHON = '''from phosphene import Effect, Float


class Mine(Effect):
    """One colour."""

    amount = Float(1.0, 0.0, 1.0, "how much")
    glsl = SHADER
'''
PLAIN = "vec4 effect(vec2 uv) { return vec4(R.0, G.0, 0.0, 1.0); }\n"
INCLUDED = "vec4 effect(vec2 uv) { return colour(); }\n"
COLOUR = "vec4 colour() { return vec4(R.0, G.0, 0.0, 1.0); }\n"
HEADER = '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\n'
ISF = HEADER + "void main() { gl_FragColor = vec4(R.0, G.0, 0.0, 1.0); }\n"
VERTEX = "varying vec2 rg;\nvoid main() { isf_vertShaderInit(); rg = vec2(R.0, G.0); }\n"
VARYING = HEADER + "varying vec2 rg;\nvoid main() { gl_FragColor = vec4(rg, 0.0, 1.0); }\n"
WAY = "vec4 transition(vec2 uv) { return progress < 2.0 ? vec4(R.0, G.0, 0.0, 1.0) : getFromColor(uv); }\n"
TOY = "void mainImage(out vec4 c, in vec2 p) { c = vec4(R.0, G.0, 0.0, 1.0); }\n"
BUFFERED = '#iChannel0 "bufA"\nvoid mainImage(out vec4 c, in vec2 p) { c = texelFetch(iChannel0, ivec2(p), 0); }\n'
COMMON = "void mainImage(out vec4 c, in vec2 p) { c = colour(); }\n"
SCENE = 'title = "T"\n[[layer]]\nsource = "camera"\neffects = [{ use = "mine"VALUES }]\n'
TWO = "uniform float red; // = 1 [0, 1]\nvec4 effect(vec2 uv) { return vec4(red, 1.0 - red, 0.0, 1.0); }\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is saved: `file`, made of `text` with R and G for the colour's parts; `beside`, the other files."""

    what: str
    file: str
    text: str
    beside: dict[str, str] = field(default_factory=dict)
    broken: str = "oops("

    def version(self, colour: tuple[int, int]) -> str:
        """The file's text for a colour."""
        red, green = colour
        return self.text.replace("R.0", f"{red}.0").replace("G.0", f"{green}.0").replace("WHICH", ("green", "red")[red])


KINDS = (
    Kind("Python effect", "mine.py", PYTHON.replace("SHADER", f'"{PLAIN.strip()}"')),
    Kind("its `.frag`", "mine_look.frag", PLAIN, {"mine.py": PYTHON.replace("SHADER", '"mine_look.frag"')}),
    Kind("GLSL file", "mine.frag", PLAIN),
    Kind("what it includes", "_part.glsl", COLOUR, {"mine.frag": '#include "_part.glsl"\n' + INCLUDED}),
    Kind("ISF file", "mine.fs", ISF),
    Kind("its `.vs`", "mine.vs", VERTEX, {"mine.fs": VARYING}),
    Kind("gl-transitions file", "mine.glsl", WAY),
    Kind("ShaderToy-style file", "mine.frag", TOY),
    Kind("its buffer A", "mine.bufA.frag", TOY, {"mine.frag": BUFFERED}),
    Kind("its common part", "mine.common.frag", COLOUR, {"mine.frag": COMMON}),
    Kind("scene: another effect", "t.toml", SCENE.replace('"mine"VALUES', '"WHICH"'), {
        "red.frag": PLAIN.replace("R", "1").replace("G", "0"), "green.frag": PLAIN.replace("R", "0").replace("G", "1"),
    }),
    Kind("scene: a parameter", "t.toml", SCENE.replace("VALUES", ", red = R.0"), {"mine.frag": TWO}),
)  # fmt: skip


class Stopwatch(NullSink):
    """A sink that notes when it was given the first picture of each colour since `wait_for`."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: tuple[int, ...] = ()
        self._seen = threading.Event()
        self._seen_s = 0.0

    def write(self, image: Pixels, time_s: float) -> None:
        """Looks at the colour."""
        if self._wanted and tuple(int(v) for v in image[20, 640, :2] // 255) == self._wanted:
            self._wanted, self._seen_s = (), time.perf_counter()
            self._seen.set()

    def wait_for(self, colour: tuple[int, int], save: Callable[[], None]) -> float:
        """Saves; returns the seconds until a picture of that colour came."""
        save()
        begin = time.perf_counter()
        self._seen.clear()
        self._wanted = colour
        if not self._seen.wait(PATIENCE_S):
            raise TimeoutError(f"no picture of {colour} came")
        return self._seen_s - begin


class Told(logging.Handler):
    """Notes when something is told of a file."""

    def __init__(self, text: str) -> None:
        super().__init__(logging.ERROR)
        self._text = text
        self.told = threading.Event()
        self.at_s, self.words = 0.0, ""

    def emit(self, record: logging.LogRecord) -> None:
        """Looks whether it is that."""
        if self._text in record.getMessage() and not self.told.is_set():
            self.at_s, self.words = time.perf_counter(), record.getMessage()
            self.told.set()


class OverError(Exception):
    """All that was wanted has been measured."""


@dataclass(slots=True)
class Row:
    """What came of one kind, in seconds; `words` is what was told of the mistake."""

    kind: Kind
    shown_s: list[float]
    told_s: float
    words: str


def measure(kind: Kind, folder: Path, rounds: int = ROUNDS) -> Row:
    """Saves a file of this kind `rounds` times while a show in `folder` runs, and then one with a mistake.

    Raises TimeoutError where a picture does not come, or the mistake is not told.
    """
    for name, text in {"t.toml": SCENE.replace("VALUES", ""), **kind.beside, kind.file: kind.version(RED)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    watch, row, failed = Stopwatch(), Row(kind, [], 0.0, ""), list[Exception]()

    def save(text: str) -> None:
        (folder / kind.file).write_text(text, encoding="utf-8")

    def act() -> None:
        try:
            watch.wait_for(RED, lambda: None)
            for number in range(rounds):
                colour = RED if number % 2 else GREEN
                time.sleep(0.37)  # at no fixed moment of the looks
                row.shown_s.append(watch.wait_for(colour, lambda c=colour: save(kind.version(c))))  # type: ignore[misc]
            told = Told(f"{kind.file}:")
            logging.getLogger("phosphene").addHandler(told)
            save(kind.broken + kind.version(GREEN if rounds % 2 else RED))
            begin = time.perf_counter()
            if not told.told.wait(PATIENCE_S):
                raise TimeoutError(f"nothing was told of {kind.file}")
            row.told_s, row.words = told.at_s - begin, told.words
            logging.getLogger("phosphene").removeHandler(told)
            watch.wait_for(GREEN if rounds % 2 else RED, lambda: None)  # the last good one goes on
        except Exception as error:  # noqa: BLE001 (raised again where the show is)
            failed.append(error)

    acting = threading.Thread(target=act, daemon=True)
    acting.start()

    def look(done: int, total: int | None) -> None:
        if not acting.is_alive():
            raise OverError

    options = run_options(
        str(folder / "t.toml"),
        input="testcard:1280x720@30",
        outputs=(),
        seconds=SECONDS,
        pace="live",
        effects=(folder,),
    )
    with contextlib.suppress(OverError):
        play(options, progress=look, extra_sinks=[watch])
    if failed:
        raise failed[0]
    return row


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| saved | seen after: median | longest | a mistake is told after |", "|---|---:|---:|---:|"]
    for row in rows:
        middle, longest = statistics.median(row.shown_s), max(row.shown_s)
        lines.append(f"| {row.kind.what} | {middle:.2f} s | {longest:.2f} s | {row.told_s:.2f} s |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measures every kind; writes the table."""
    logging.getLogger("phosphene").setLevel(logging.ERROR)
    rows = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(kind, Path(folder)))
        print(f"{kind.what}: {[round(s, 2) for s in rows[-1].shown_s]}, {rows[-1].words}", file=sys.stderr)
    text = table(rows)
    if arguments:
        Path(arguments[0]).write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
