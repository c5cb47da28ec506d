#include "lib/gaussian.glsl"
// Blurs what was blurred across from top to bottom.
vec4 effect(vec2 uv) {
    vec2 unit = vec2(0.0, radius) / GAUSS_REACH;
    vec4 sum = vec4(0.0);
    for (int i = -GAUSS_TAPS; i <= GAUSS_TAPS; i++) sum += across(uv + unit * float(i)) * gauss(i);
    return sum;
}
