#include "lib/gaussian.glsl"
// Blurs the room from left to right.
vec4 effect(vec2 uv) {
    vec2 unit = vec2(radius * size_px.y / 9.0, 0.0) / size_px;
    vec4 sum = room(uv) * GAUSS_WEIGHT[0];
    for (int i = 1; i < 3; i++)
        sum += (room(uv + unit * GAUSS_AT[i]) + room(uv - unit * GAUSS_AT[i])) * GAUSS_WEIGHT[i];
    return sum;
}
