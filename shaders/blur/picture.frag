// The person, sharp, over the blurred room.
vec4 effect(vec2 uv) {
    vec4 soft = down(uv);
    vec4 c = frame_here();
    return vec4(mix(soft.rgb / max(soft.a, 1e-4), c.rgb, mask_here()), 1.0);
}
