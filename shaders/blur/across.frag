#include "lib/gaussian.glsl"
// Blurs the room from left to right.
vec4 effect(vec2 uv) {
    vec2 unit = vec2(radius * size_px.y / size_px.x, 0.0) / GAUSS_REACH;
    vec4 sum = vec4(0.0);
    for (int i = -GAUSS_TAPS; i <= GAUSS_TAPS; i++) sum += room(uv + unit * float(i)) * gauss(i);
    return sum;
}
