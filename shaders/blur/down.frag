#include "lib/gaussian.glsl"
// Blurs what was blurred across from top to bottom.
vec4 effect(vec2 uv) {
    vec2 unit = vec2(0.0, radius * size_px.y / 9.0) / size_px;
    vec4 sum = across(uv) * GAUSS_WEIGHT[0];
    for (int i = 1; i < 3; i++)
        sum += (across(uv + unit * GAUSS_AT[i]) + across(uv - unit * GAUSS_AT[i])) * GAUSS_WEIGHT[i];
    return sum;
}
