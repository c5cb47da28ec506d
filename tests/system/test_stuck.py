"""An effect that is good for a while and then never comes back from a frame: the show ends with a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from phosphene.engine.commands.doctor import user_folders
from phosphene.engine.show import quarantine
from phosphene.engine.sources import open_source

pytestmark = pytest.mark.gl
END_S = 300.0  # on a machine that is busy with other things; alone a run takes some seconds
ROOT = Path(__file__).resolve().parents[2]
SCENE = 'title = "T"\n[[layer]]\nsource = "camera"\neffects = [{ use = "mine" }, { use = "duotone" }]\n'
# What a processor draws ends after 65535 rounds at the latest, which takes minutes at this size.
LATE = """// Hangs after a while.
vec4 effect(vec2 uv) {
    float v = uv.x;
    while (time_s > 0.5) {
        v = fract(sin(v + uv.y) * 43758.5453); v = fract(sin(v + uv.x) * 43758.5453); v = fract(sin(v) * 43758.5453);
        v = fract(sin(v + uv.y) * 43758.5453); v = fract(sin(v + uv.x) * 43758.5453); v = fract(sin(v) * 43758.5453);
    }
    return frame(uv) * v;
}
"""
ISF = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}],\n'
    ' "PASSES": [{"TARGET": "one"}, {"TARGET": "two"}, {}]}*/\n'
    "void main() {\n    vec4 c = IMG_THIS_PIXEL(inputImage);\n    float v = isf_FragNormCoord.x;\n"
    "    if (PASSINDEX == 1) while (TIME > 0.5) {\n"
    + 4 * "        v = fract(sin(v + c.r) * 43758.5453); v = fract(sin(v + c.g) * 43758.5453);\n"
    + "    }\n    gl_FragColor = vec4(c.rgb * v + IMG_THIS_PIXEL(one).r + IMG_THIS_PIXEL(two).g, 1.0);\n}\n"
)
PYTHON = '''from phosphene import Effect


class Mine(Effect):
    """Hangs after a while."""

    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

    def update(self, observation, dt):
        if observation.frame.time_s > 0.5:
            HANG
'''
WAITS = PYTHON.replace("HANG", "while True:\n                pass")
HOLDS = "import re\n\n" + PYTHON.replace("HANG", 're.match("(a+)+$", "a" * 60 + "b")  # never, and lets nobody in')
START = """
import sys
from phosphene.engine.show import watchdog
watchdog.LIVE_S = watchdog.EXACT_S = 4.0
from phosphene.engine.commands.cli import main
sys.exit(main(sys.argv[1:]))
"""


NEVER_CLOSES = """
import time
from phosphene.engine.show import watchdog
from phosphene.engine.sinks.null import NullSink
watchdog.SAVE_S = 1.0
NullSink.close = lambda self: time.sleep(1e6)
"""


def run(
    folder: Path, *more: str, pace: str = "live", size: str = "1280x720", before: str = ""
) -> subprocess.CompletedProcess[str]:
    scene = folder / "t.toml"
    scene.write_text(SCENE, encoding="utf-8")
    source = f"testcard:{size}@30x45"
    arguments = ["run", str(scene), "--effects", str(folder), "--input", source, "--pace", pace, "--quiet", *more]
    return subprocess.run(
        [sys.executable, "-c", before + START, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PHOSPHENE_CACHE": str(folder / "cache")},
    )


def frames_in(path: Path) -> int:
    with open_source(str(path)) as source:
        return sum(1 for _ in iter(source.read, None))


@pytest.mark.slow
@pytest.mark.parametrize("pace", ["live", "exact"])
@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("mine.frag", LATE, 4),
        ("mine.fs", ISF, 6),
        ("mine.py", WAITS, 11),
    ],
)
def test_it_is_named_what_was_written_plays_and_the_next_run_goes_without_it(
    tmp_path: Path, name: str, text: str, line: int, pace: str
) -> None:
    mine, film = tmp_path / name, tmp_path / "out.mp4"
    mine.write_text(text, encoding="utf-8")
    done = run(tmp_path, "--output", str(film), pace=pace)
    assert done.returncode == 1, done.stderr
    assert f"{name}:{line}" in done.stderr or f"{name}:{line + 1}" in done.stderr, done.stderr
    assert "did not come back from a frame" in done.stderr
    assert "next: mend it" in done.stderr
    if pace == "live":
        return  # what was drawn until then is a matter of how fast the machine is
    assert frames_in(film) >= 15  # all until then

    again = run(tmp_path, "--output", "null", pace="exact", size="64x48")
    assert again.returncode == 1, again.stderr  # it is rendered, without the effect, and a script must see that
    assert "camera/mine switched off" in again.stderr
    assert "in an earlier show" in again.stderr
    assert str(tmp_path / "cache" / "quarantine.json") in again.stderr

    mine.write_text(text.replace("> 0.5", "> 500.0"), encoding="utf-8")
    mended = run(tmp_path, "--output", "null", pace="exact", size="64x48")
    assert mended.returncode == 0
    assert "switched off" not in mended.stderr


@pytest.mark.slow
def test_a_sink_that_never_ends_does_not_keep_it_for_ever(tmp_path: Path) -> None:
    """And what is remembered does not wait for it."""
    (tmp_path / "mine.py").write_text(WAITS, encoding="utf-8")
    done = run(tmp_path, "--output", "null", size="64x48", pace="exact", before=NEVER_CLOSES)
    assert done.returncode == 1, done.stderr
    assert "next: mend it" in done.stderr
    assert "mine.py:11" in (tmp_path / "cache" / "quarantine.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_take_says_how_it_ended(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(WAITS, encoding="utf-8")
    take = tmp_path / "take"
    done = run(tmp_path, "--output", "null", "--record-take", str(take), size="64x48", pace="exact")
    assert done.returncode == 1, done.stderr
    told = json.loads((take / "take.json").read_text(encoding="utf-8"))
    assert told["ended"] == "Mine did not come back from a frame"
    assert told["frames"] >= 15


@pytest.mark.slow
def test_where_no_other_thread_is_let_in_python_itself_ends_it_and_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HOLDS, encoding="utf-8")
    done = run(tmp_path, "--output", "null", size="64x48")
    assert done.returncode == 1, done.stderr
    assert "mine.py" in done.stderr
    assert "line 13 in update" in done.stderr


def test_what_changed_since_is_not_quarantined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOSPHENE_CACHE", str(tmp_path / "cache"))
    path, part = tmp_path / "a.frag", tmp_path / "part.glsl"
    path.write_text("a", encoding="utf-8")
    part.write_text("b", encoding="utf-8")
    assert quarantine.verdict_on(path) == ""
    assert quarantine.quarantine_effect(path, [part], "a.frag:3: hangs")
    assert quarantine.verdict_on(path).startswith("a.frag:3: hangs (in an earlier show)")
    told = {check.name: check for check in user_folders()}["effect a.frag"]
    assert (told.detail, told.next_step) == ("a.frag:3: hangs", f"fix it, or delete {quarantine.list_file()}")
    part.write_text("saved", encoding="utf-8")
    assert quarantine.verdict_on(path) == ""


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}', "\0", '{"a": {"why": "b"}}'])
def test_a_list_that_cannot_be_read_quarantines_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PHOSPHENE_CACHE", str(tmp_path))
    quarantine.list_file().write_text(text, encoding="utf-8")
    assert quarantine.verdict_on(tmp_path / "a.frag") == ""
    assert quarantine.quarantine_effect(tmp_path / "a.frag", [], "hangs")
    assert "hangs" in quarantine.verdict_on(tmp_path / "a.frag")


def test_a_list_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("PHOSPHENE_CACHE", str(tmp_path / "cache"))
    assert not quarantine.quarantine_effect(tmp_path / "a.frag", [], "hangs")
    assert "cannot be remembered" in caplog.text
