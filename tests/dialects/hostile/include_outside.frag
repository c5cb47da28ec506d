// Includes what lies outside its folder.
#include "../plain.frag"
vec4 effect(vec2 uv) { return frame(uv); }
