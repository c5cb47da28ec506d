"""A live show from Python: it runs in a thread of its own, and parameters change while it does.

To run it:

    python examples/live_show.py                          # the built-in portrait, measured, nothing shown
    python examples/live_show.py camera virtual-camera    # your camera, in a call
"""

import sys
import time

import phosphene


def main(video: str = "demo", output: str = "null", seconds: str = "3") -> None:
    """Fades one parameter while the show goes on."""
    with phosphene.run("duotone", input=video, outputs=[output], pace="live", size=(320, 180)) as show:
        end = time.monotonic() + float(seconds)
        while (left := end - time.monotonic()) > 0:
            show.set("duotone.amount", left / float(seconds))
            time.sleep(0.1)
    print(f"{show.stats.frames_out} frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
