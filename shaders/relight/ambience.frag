// The place's light, very small: each texel is the mean of its part of the picture.
vec4 effect(vec2 uv) {
    vec4 sum = vec4(0.0);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 6; x++)
            sum += backdrop(uv + (vec2(x, y) / 6.0 - 0.4167) / size_px);
    return sum / 36.0;
}
