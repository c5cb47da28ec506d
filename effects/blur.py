from phosphene import Effect, Float, Pass

ROOM_LINES = (
    90  # the blur is drawn this high: enough for what is left of a blurred room, and its cost is always the same
)


class Blur(Effect):
    """The own room blurred, the person sharp."""

    radius = Float(0.16, 0.0, 0.5, "how far it blurs, in picture heights")
    passes = (
        Pass("blur/room.frag", target="room", lines=ROOM_LINES),
        Pass("blur/across.frag", target="across", lines=ROOM_LINES),
        Pass("blur/down.frag", target="down", lines=ROOM_LINES),
        Pass("blur/picture.frag"),
    )
