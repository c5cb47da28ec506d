from phosphene import Color, Effect, Float, Pass


class Hologram(Effect):
    """The picture as light in the air: one colour, scan lines, colours apart at the edges, now and then a slip."""

    color = Color("#35c8ff", "colour of the light")
    lines = Float(150.0, 30.0, 400.0, "scan lines from top to bottom")
    shift = Float(0.004, 0.0, 0.02, "how far red and blue stand apart, in picture widths")
    flicker = Float(0.06, 0.0, 0.15, "how much the brightness trembles")
    slips = Float(0.5, 0.0, 1.0, "how often a strip slips aside")
    opacity = Float(0.85, 0.1, 1.0, "how solid the light is")
    passes = (Pass("hologram.frag", lines=432),)  # light in the air is soft
