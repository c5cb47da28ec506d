"""What foreign shaders read of sound: the wave and the spectrum, in the rows where their standards have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import draw, observe, plain, scene
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import AudioFeatures
from phosphene.engine.glsl.dialects import load
from phosphene.engine.renderer.gpu import Gpu

pytestmark = pytest.mark.gl

SIZE = (512, 16)
ISF = """/*{ "INPUTS": [ { "NAME": "wave", "TYPE": "audio" }, { "NAME": "tones", "TYPE": "audioFFT" } ] }*/
void main() {
    vec2 uv = isf_FragNormCoord;
    gl_FragColor = vec4(IMG_NORM_PIXEL(wave, uv).r, IMG_NORM_PIXEL(tones, uv).r, IMG_SIZE(tones).x / 1024.0, 1.0);
}
"""
TOY = """
#iChannel2 "sound"
void mainImage(out vec4 c, in vec2 p) {
    vec2 uv = p / iResolution.xy;
    c = vec4(texture(iChannel2, vec2(uv.x, 0.75)).x, texture(iChannel2, vec2(uv.x, 0.25)).x,
             texelFetch(iChannel2, ivec2(int(p.x), 1), 0).x, 1.0);
}
"""


def sounding(number: int = 0) -> tuple[Observation, AudioFeatures]:
    along = np.arange(512, dtype=np.float32)
    wave = (((along * 7 + number * 40) % 255) / 127.5 - 1.0).astype(np.float32)
    heard = AudioFeatures(number, wave, (((along * 3) % 256) / 255.0).astype(np.float32))
    seen = observe(plain(SIZE), number)
    return replace(seen, results={"sound": heard}), heard


def drawn(gpu: Gpu, path: Path, text: str, *seen: Observation) -> Pixels:
    path.write_text(text, encoding="utf-8")
    return draw(gpu, scene(load(path)()), *seen)


@pytest.mark.parametrize(("name", "text"), [("ears.fs", ISF), ("ears.frag", TOY)], ids=["isf", "shadertoy"])
def test_wave_and_spectrum_reach_the_shader_frame_by_frame(gpu: Gpu, tmp_path: Path, name: str, text: str) -> None:
    seen, heard = zip(*(sounding(n) for n in range(3)), strict=True)
    row = drawn(gpu, tmp_path / name, text, *seen)[8].astype(float)
    wave = 255 * (0.5 + 0.5 * heard[-1].wave)
    assert np.abs(row[:, 0] - wave).max() <= 1.01
    assert np.abs(row[:, 1] - 255 * heard[-1].spectrum).max() <= 1.01
    assert np.abs(row[:, 2] - (wave if name == "ears.frag" else 127.5)).max() <= 1.01


@pytest.mark.parametrize(("name", "text"), [("ears.fs", ISF), ("ears.frag", TOY)], ids=["isf", "shadertoy"])
def test_silence_where_nobody_listens(gpu: Gpu, tmp_path: Path, name: str, text: str) -> None:
    row = drawn(gpu, tmp_path / name, text, observe(plain(SIZE)))[8]
    assert set(row[:, 0]) <= {127, 128}
    assert set(row[:, 1]) == {0}


def test_such_files_ask_for_sound(tmp_path: Path) -> None:
    for name, text in (("ears.fs", ISF), ("ears.frag", TOY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        made = scene(load(tmp_path / name)())
        assert made.uses_audio()
        assert made.needs() == set()
    (tmp_path / "deaf.frag").write_text(TOY.replace('#iChannel2 "sound"', ""), encoding="utf-8")
    assert not scene(load(tmp_path / "deaf.frag")()).uses_audio()
