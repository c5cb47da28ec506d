"""Ten minutes of a microphone beside pictures, in a world of its own time: how far sound and picture part.

Usage: python -m tests.system.sound_sync [SECONDS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_live_sound import Room, clicks, record


def main(seconds: float) -> None:
    """Prints a line for each container and each way in which the clocks part."""
    for name, drift in (("a.mp4", 2e-4), ("a.webm", -2e-4)):
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            expected = record(Path(folder) / name, Room(patch, drift=drift), seconds)
            found, _ = clicks(Path(folder) / name)
        parted_ms = np.abs(found - np.array(expected)) * 1e3
        heard = f"{len(found)} of {len(expected)} clicks"
        print(f"{name} clock off by {drift:+.2%}: {heard}, at most {parted_ms.max():.1f} ms")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
