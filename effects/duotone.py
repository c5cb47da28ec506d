from phosphene import Color, Effect, Float


class Duotone(Effect):
    """Two-ink print look."""

    ink = Color("#1b1464", "shadow ink")
    paper = Color("#ffd166", "highlight paper")
    amount = Float(1.0, 0.0, 1.0, "blend with the original")
    glsl = """
    vec4 effect(vec2 uv) {
        vec4 c = frame(uv);
        return vec4(mix(c.rgb, mix(ink, paper, sqrt(luma(c.rgb))) * c.a, amount), c.a);
    }"""
