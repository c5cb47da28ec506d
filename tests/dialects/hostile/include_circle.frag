// Includes itself.
#include "include_circle.frag"
vec4 effect(vec2 uv) { return frame(uv); }
