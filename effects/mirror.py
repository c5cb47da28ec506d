from phosphene import Choice, Effect


class Mirror(Effect):
    """One half of the picture mirrored onto the other, or the whole picture flipped like a looking-glass."""

    mode = Choice("flip", ("flip", "left", "right", "top", "bottom"), "flip, or the half that is kept")
    glsl = """
    vec4 effect(vec2 uv) {
        if (mode == 0) uv.x = 1.0 - uv.x;
        if (mode == 1) uv.x = min(uv.x, 1.0 - uv.x);
        if (mode == 2) uv.x = max(uv.x, 1.0 - uv.x);
        if (mode == 3) uv.y = min(uv.y, 1.0 - uv.y);
        if (mode == 4) uv.y = max(uv.y, 1.0 - uv.y);
        return frame(uv);
    }"""
