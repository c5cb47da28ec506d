"""A parameter that follows a signal: here a wave of two seconds; a smile or the bass drive it just as well.

To run it:

    python examples/follow_a_signal.py                    # the built-in portrait breathes, into breathing.mp4
    python examples/follow_a_signal.py clip.mp4 smile.mp4 face.smile
    phosphene list signals                                # what there is to follow
"""

import sys

import phosphene
from phosphene import Binding, Layer, Renderer, Scene, load_effect


def main(video: str = "demo", out: str = "breathing.mp4", signal: str = "lfo.2", seconds: str = "2") -> None:
    """Draws `video` in two inks, as strongly as the signal says."""
    layer = Layer("camera")
    layer.effects["duotone"] = load_effect("duotone")()
    scene = Scene("breathing", layers=[layer])
    scene.bind("duotone.amount", Binding(signal, low_out=0.2, high_out=1.0, smooth_s=0.1))
    trackers = sorted(scene.needs())  # a smile needs the face tracker, a wave needs none
    with Renderer(scene) as renderer, phosphene.open_sink(out, size=(320, 180), fps=30) as sink:
        for seen in phosphene.track(trackers, video, size=(320, 180), fps=30, seconds=float(seconds)):
            sink.write(renderer.render(seen).premultiplied, seen.frame.time_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
