"""Ten minutes of sound beside uneven pictures, a file's and a microphone's in a world of its own time: how far off?

Usage: python -m tests.system.sound_sync [SECONDS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source

from tests.unit.test_live_sound import Room, clicks, record
from tests.unit.test_sound_along import film


def main(seconds: float) -> None:
    """Prints a line for each container, and for a microphone each way in which the clocks part."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        expected = film(clip, seconds, "aac")
        for name in ("a.mp4", "a.webm"):
            made = str(Path(folder) / name)
            with open_source(str(clip)) as source, open_sink(made, size=(64, 48), fps=30, audio_from=str(clip)) as sink:
                for frame in iter(source.read, None):
                    sink.write(np.dstack([frame.pixels, np.full((48, 64), 255, np.uint8)]), frame.time_s)
            found = clicks(Path(made))[0][: len(expected)]
            parted_ms = np.abs(found - np.array(expected)) * 1e3
            print(f"{name} of a file: {len(found)} of {len(expected)} clicks, at most {parted_ms.max():.1f} ms")
    for name, drift in (("a.mp4", 2e-4), ("a.webm", -2e-4)):
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            expected = record(Path(folder) / name, Room(patch, drift=drift), seconds)
            found, _ = clicks(Path(folder) / name)
        parted_ms = np.abs(found - np.array(expected)) * 1e3
        heard = f"{len(found)} of {len(expected)} clicks"
        print(f"{name} clock off by {drift:+.2%}: {heard}, at most {parted_ms.max():.1f} ms")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
