from phosphene import Effect, Float, Pass


class Blur(Effect):
    """The own room blurred, the person sharp."""

    radius = Float(0.16, 0.0, 0.5, "how far it blurs, in picture heights")
    passes = (
        Pass("blur/room.frag", target="room", scale=0.125),
        Pass("blur/across.frag", target="across", scale=0.125),
        Pass("blur/down.frag", target="down", scale=0.125),
        Pass("blur/picture.frag"),
    )
