"""Measuring: what the face tracker sees, frame by frame, as a table for a spreadsheet. Nothing is drawn.

To run it:

    python examples/measure_to_csv.py                     # one second of the built-in portrait, into face.csv
    python examples/measure_to_csv.py clip.mp4 clip.csv
"""

import csv
import sys
from pathlib import Path

import phosphene

SIGNALS = ("face.smile", "face.mouth_open", "face.yaw", "face.pitch", "face.roll")


def main(video: str = "demo", out: str = "face.csv") -> None:
    """Writes one row for each frame."""
    seconds = 1.0 if video == "demo" else None  # that one never ends
    with Path(out).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["time_s", "faces", *SIGNALS])
        for seen in phosphene.track("face", video, seconds=seconds):
            values = [f"{seen.signal(name):.4f}" for name in SIGNALS]
            table.writerow([f"{seen.frame.time_s:.3f}", len(seen.faces), *values])


if __name__ == "__main__":
    main(*sys.argv[1:])
