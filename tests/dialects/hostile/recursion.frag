// A function that calls itself, which GLSL has not.
float again(float x) { return x < 0.0 ? x : again(x - 1.0); }
vec4 effect(vec2 uv) { return vec4(again(uv.x)); }
