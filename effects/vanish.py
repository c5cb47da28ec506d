from phosphene import Effect, Float


class Vanish(Effect):
    """The person is gone: where they stand, the room behind is seen as it was learnt."""

    amount = Float(1.0, 0.0, 1.0, "how far the person is gone")
    glsl = """
    vec4 effect(vec2 uv) {
        float gone = plate_cover(uv) * amount;
        vec4 here = frame_here();
        return gone > 0.0 ? mix(here, vec4(plate(uv).rgb, 1.0), gone) : here;
    }"""
