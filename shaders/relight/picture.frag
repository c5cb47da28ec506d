vec4 effect(vec2 uv) {
    vec4 c = frame_here();
    vec3 lit = c.rgb * mix(vec3(1.0), gain(vec2(0.5)).rgb, amount);
    float edge = 1.0 - mask_here();
    if (edge > 0.0) lit += ambience(uv).rgb * (wrap * edge * edge * 0.6) * c.a;
    return vec4(min(lit, 1.0), c.a);
}
