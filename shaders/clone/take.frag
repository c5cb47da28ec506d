// The person of this moment, small and premultiplied, into its place among the others.
vec4 effect(vec2 uv) {
    vec2 at = sprite * 0.5 + 0.5;
    return vec4(camera(at).rgb, 1.0) * mask(at);
}
