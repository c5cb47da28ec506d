// A picture or video, as large as it must be to leave no border, a little larger to have room to turn.
vec4 effect(vec2 uv) {
    float wide = (picture_size_px.x / picture_size_px.y) / (size_px.x / size_px.y);
    vec2 scale = wide > 1.0 ? vec2(1.0 / wide, 1.0) : vec2(1.0, wide);
    float room = 1.0 - 0.06 * follow;
    vec2 at = (uv - 0.5) * scale * room + 0.5 - look * vec2(0.5, -0.5) * 0.06 * follow * scale;
    return vec4(picture(clamp(at, 0.002, 0.998)).rgb, 1.0);
}
