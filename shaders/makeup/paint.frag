// Make-up: the colour is the paint's, the light is the skin's. What skin of a usual shade throws back tells how much light
// falls on it; so a paint is as bright in the dark as the skin is, and pores, creases and shadows stay.
const float LIP_ALBEDO = 0.26;
const float SKIN_ALBEDO = 0.34;

vec3 lit(vec3 paint, float light, float albedo) { return max(paint, vec3(0.004)) * (light / albedo); }

vec4 effect(vec2 uv) {
    vec4 c = frame_here();
    float seen = smoothstep(0.08, 0.38, mesh_normal.z) * mesh_color.r;
    vec3 weight = masks(mesh_uv).rgb * vec3(lips_amount, eyes_amount, blush_amount) * seen;
    if (max(weight.r, max(weight.g, weight.b)) < 0.004 || c.a < 0.004) return c;
    vec3 skin = c.rgb / c.a;
    float light = luma(skin);
    if (weight.b > 0.004) skin = mix(skin, lit(blush, light, SKIN_ALBEDO), weight.b * 0.6);
    if (weight.g > 0.004) skin = mix(skin, lit(eyes, light, SKIN_ALBEDO), weight.g);
    if (weight.r > 0.004) {
        vec2 step_uv = data0.xy;
        float near = 0.25 * (luma(frame(uv + step_uv).rgb) + luma(frame(uv - step_uv).rgb)
            + luma(frame(uv + step_uv * vec2(1.0, -1.0)).rgb) + luma(frame(uv - step_uv * vec2(1.0, -1.0)).rgb));
        float shine = max(light - 1.12 * near, 0.0);
        float high = max(skin.r, max(skin.g, skin.b));
        float pale = 1.0 - smoothstep(0.25, 0.6, (high - min(skin.r, min(skin.g, skin.b))) / max(high, 1e-4));
        // Teeth, and the light that lips throw back like a mirror, are pale and brighter than what is round them.
        float bare = pale * smoothstep(1.05, 1.5, light / max(near, 1e-4));
        float level = finish == 0 ? mix(light, near, 0.5) : finish == 2 ? light + 0.8 * shine : light;
        vec3 lips_lit = lit(lips, level, LIP_ALBEDO) + (finish == 2 ? 1.2 * shine : 0.0);
        skin = mix(skin, lips_lit, weight.r * (1.0 - bare));
    }
    return vec4(min(skin, vec3(1.0)) * c.a, c.a);
}
