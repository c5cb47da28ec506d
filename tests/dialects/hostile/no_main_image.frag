float helper(float x) { return x; }
vec4 color() { return vec4(1.0); }
