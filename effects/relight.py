from phosphene import Effect, Float, Pass


class Relight(Effect):
    """Moves the person's light and colour toward the place behind, and lets the place's light wrap round the edge."""

    amount = Float(0.55, 0.0, 1.0, "how far brightness and colour move toward the place")
    wrap = Float(0.5, 0.0, 2.0, "how much of the place's light comes round the person's edge")
    speed = Float(2.0, 0.1, 30.0, "how fast the light follows a change", unit="1/s")
    passes = (
        Pass("relight/ambience.frag", target="ambience", size=(16, 9)),
        Pass("relight/gain.frag", target="gain", size=(1, 1), floats=True, persistent=True),
        Pass("relight/picture.frag"),
    )
