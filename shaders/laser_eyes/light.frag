// The beams' light on the face and round it. data0: both eyes from the middle, pixels; data1: their power, the reach.
vec4 effect(vec2 uv) {
    vec2 p = sprite * sprite_half_px;
    float reach = data1.z;
    float rim = 1.0 - smoothstep(0.55, 1.0, length(sprite));
    vec2 d = vec2(length(p - data0.xy), length(p - data0.zw)) / reach;
    // Inverse square, softened, so that the skin at the eye is not burnt out.
    vec2 near = data1.xy / (1.0 + 60.0 * d * d);
    float light = (near.x + near.y) * rim * glow;
    vec3 skin = camera(uv).rgb;
    vec3 lit = skin * color * 2.6 + color * 0.05;
    return vec4(lit * light, 0.0);
}
