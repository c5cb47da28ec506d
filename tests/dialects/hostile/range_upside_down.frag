uniform float level; // = 0.5 [1, 0] upside down
vec4 effect(vec2 uv) { return frame_here() * level; }
