"""The spectrum over time that Teachable Machine's sound models take, against a real browser's AnalyserNode."""

from __future__ import annotations

import base64

import helpers_browser
import numpy as np
import pytest
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.frame import Floats
from phosphene.engine.core.results import RATE
from phosphene.engine.trackers.custom import web_audio

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(helpers_browser.chromium() is None, reason="no Chromium here"),
]
COLUMNS, BINS = 43, 232
PAGE = """<script>(async () => {
const raw = Uint8Array.from(atob('%s'), (c) => c.charCodeAt(0));
const samples = new Float32Array(raw.buffer), hop = 1024, columns = [];
const context = new OfflineAudioContext(1, samples.length + 1024, 44100);
const buffer = context.createBuffer(1, samples.length, 44100);
buffer.copyToChannel(samples, 0);
const source = context.createBufferSource(), analyser = context.createAnalyser();
source.buffer = buffer;
analyser.fftSize = 2048;
analyser.smoothingTimeConstant = 0;
source.connect(analyser).connect(context.destination);
for (let end = 2048; end <= samples.length; end += hop) {
  context.suspend(end / 44100).then(() => {
    const found = new Float32Array(1024);
    analyser.getFloatFrequencyData(found);
    columns.push(Array.from(found.slice(0, %d)));
    context.resume();
  });
}
source.start();
await context.startRendering();
await post({columns});
})();</script>"""


class Voice(Closing):
    """A voice of some tones that glide, with noise."""

    live = False

    def block(self, time_s: float, seconds: float) -> Floats:
        """The sound that ends at `time_s`."""
        count = round(seconds * RATE)
        at = round(time_s * RATE) - count + np.arange(count)
        t, rng = at / RATE, np.random.default_rng(int(at[0]))
        tones = sum(np.sin(2 * np.pi * n * (150 * t + 30 * t**2)) / n for n in range(1, 20))
        return np.asarray(0.1 * tones + rng.normal(0, 0.01, count), np.float32)

    def close(self) -> None:
        """Nothing is held."""


def test_the_spectrum_is_that_of_a_browser() -> None:
    found = web_audio.spectrogram(Voice(), 3.0, COLUMNS, BINS)
    samples = web_audio.wave(Voice(), 3.0, web_audio.FFT + web_audio.HOP * (2 * COLUMNS - 1))
    page = PAGE % (base64.b64encode(samples.tobytes()).decode(), BINS)
    loud = np.array(helpers_browser.run_page(page)["columns"])[-COLUMNS:]
    assert loud.shape == (COLUMNS, BINS)
    expected = (loud - loud.mean()) / loud.std()
    assert found is not None
    assert np.abs(found[..., 0] - expected).max() < 2e-3
