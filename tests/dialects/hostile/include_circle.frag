#include "include_circle.frag"
#include "../plain.frag"
vec4 effect(vec2 uv) { return vec4(uv, 0.0, 1.0); }
