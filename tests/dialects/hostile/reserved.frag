uniform float size; // = 1
vec4 effect(vec2 uv) { return frame_here() * size; }
