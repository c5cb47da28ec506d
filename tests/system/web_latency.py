"""How late and how large are the pictures in a browser: WebRTC against JPEG over a WebSocket, in headless Chromium.

Usage: python -m tests.system.web_latency [WIDTHxHEIGHT ...]

Each picture of the demo carries the time at which it was handed over as a row of black and white squares; the page's
own canvas is read back as soon as something new stands on it. Lag is the time between the two, without the screen's.
"""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
from phosphene.engine.sinks.web import WebSink
from phosphene.engine.sources import open_source

from tests import helpers_browser

BITS, SIDE = 24, 16
PICTURES = 150
# Runs in the page; true when enough was seen: [[lag in ms], seconds].
SEEN = (
    """(() => {
  if (!window.phosphene) return 0;
  if (!window.lags) {
    window.lags = []; window.begun = 0;
    const gl = document.getElementById('picture').getContext('webgl2');
    const bytes = new Uint8Array(4 * SIDE * BITS);
    let before = 0;
    const look = () => {
      requestAnimationFrame(look);
      if (phosphene.shown === before) return;
      before = phosphene.shown;
      const now = Date.now();
      gl.readPixels(0, gl.drawingBufferHeight - SIDE / 2, SIDE * BITS, 1, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      let stamp = 0;
      for (let i = 0; i < BITS; i++) stamp = stamp * 2 + (bytes[4 * (i * SIDE + SIDE / 2)] > 128 ? 1 : 0);
      if (before > 60) { begun = begun || now; lags.push(now % 2 ** BITS - stamp); }
    };
    look();
  }
  return lags.length >= PICTURES ? [lags, (Date.now() - begun) / 1000] : 0;
})()""".replace("SIDE", str(SIDE))
    .replace("BITS", str(BITS))
    .replace("PICTURES", str(PICTURES))
)


class Counting(WebSink):
    """Counts the bytes of JPEG pictures."""

    jpeg_bytes = 0

    async def _publish(self, picture: tuple[int, bytes]) -> None:
        self.jpeg_bytes += len(picture[1])
        await super()._publish(picture)


def stamped(image: np.ndarray) -> np.ndarray:
    """The picture with the time in it."""
    now = round(time.time() * 1000) % 2**BITS
    for i in range(BITS):
        image[:SIDE, i * SIDE : (i + 1) * SIDE, :3] = 255 * (now >> (BITS - 1 - i) & 1)
    return image


def measure(size: tuple[int, int], query: str, *, alpha: bool) -> str:
    """A row of the table."""
    with open_source("demo", size=size, fps=30.0) as source:
        images = [
            np.dstack([f.pixels, np.full(f.pixels.shape[:2], 255, np.uint8)])
            for f in [source.read() for _ in range(90)]
        ]
    ended = threading.Event()
    with Counting("0", size=size, fps=30.0, alpha=alpha) as sink:

        def feed() -> None:
            number, due = 0, time.perf_counter()
            while not ended.wait(max(0.0, due - time.perf_counter())):
                due = max(due + 1 / 30, time.perf_counter())
                sink.write(stamped(images[number % 90]), number / 30)
                number += 1

        thread = threading.Thread(target=feed)
        thread.start()
        _, (lags, seconds) = helpers_browser.look(f"{sink.address}?keep{query}", SEEN, (640, 360), 60.0)
        ended.set()
        thread.join()
        sent = (sink._peers.bytes if sink._peers is not None else 0) + sink.jpeg_bytes
        rate = sent * 8 / 1e6 / (sink.frames / 30)
    how = "JPEG" if query else "WebRTC"
    return (
        f"| {size[0]}×{size[1]}{' with matte' if alpha else ''} | {how} | {np.median(lags):.0f} ms "
        f"| {np.percentile(lags, 95):.0f} ms | {(len(lags) - 1) / seconds:.1f} | {rate:.1f} Mbit/s |"
    )


def main(sizes: list[str]) -> None:
    """Prints the table."""
    print("| pictures | way | lag, median | lag, 95 % | pictures a second | at 30 a second |")
    print("|---|---|---:|---:|---:|---:|")
    for text in sizes or ["640x480", "1280x720"]:
        width, height = (int(part) for part in text.split("x"))
        for alpha in (False, True):
            for query in ("", "&jpeg"):
                print(measure((width, height), query, alpha=alpha), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
