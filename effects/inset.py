from phosphene import Effect, Float


class Inset(Effect):
    """The picture small, with round corners, somewhere over what lies beneath: a second camera, a screen."""

    x = Float(0.84, 0.0, 1.0, "where its middle is, from the left")
    y = Float(0.82, 0.0, 1.0, "where its middle is, from the top")
    scale = Float(0.26, 0.05, 1.0, "how large it is, as part of the whole")
    corner = Float(0.15, 0.0, 1.0, "how round its corners are; at 1 its ends are half circles")
    glsl = """
    vec4 effect(vec2 uv) {
        vec2 half_px = 0.5 * scale * size_px;
        vec2 from_px = (uv - vec2(x, y)) * size_px;
        float round_px = corner * min(half_px.x, half_px.y);
        vec2 over_px = abs(from_px) - half_px + round_px;
        float away_px = length(max(over_px, 0.0)) + min(max(over_px.x, over_px.y), 0.0) - round_px;
        if (away_px > 1.0) return vec4(0.0);
        vec4 sum = vec4(0.0);  // four places, for the picture shrinks
        for (int i = 0; i < 4; i++) {
            vec2 at_px = from_px + 0.5 * vec2(i & 1, i >> 1) - 0.25;
            sum += frame(clamp(at_px / (2.0 * half_px) + 0.5, 0.0, 1.0));
        }
        return sum * 0.25 * clamp(0.5 - away_px, 0.0, 1.0);
    }"""
