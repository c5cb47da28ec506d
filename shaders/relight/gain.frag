// One texel: by how much the person's red, green and blue are multiplied, eased in time. Means as in Reinhard et al. 2001,
// "Color transfer between images", with the brightness and the tint moved apart and both bounded.
vec4 effect(vec2 uv) {
    vec3 place = vec3(0.0);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 16; x++) place += ambience((vec2(x, y) + 0.5) / vec2(16.0, 9.0)).rgb;
    place = place / 144.0 + 0.004;
    vec4 person = vec4(0.0);
    for (int y = 0; y < 18; y++)
        for (int x = 0; x < 32; x++) {
            vec2 at = (vec2(x, y) + 0.5) / vec2(32.0, 18.0);
            person += vec4(camera(at).rgb, 1.0) * mask(at);
        }
    vec4 last = gain(uv);
    if (person.a < 1.0) return last;
    vec3 own = person.rgb / person.a + 0.004;
    float brightness = clamp(sqrt(luma(place) / luma(own)), 0.55, 1.5);
    vec3 tint = (place / luma(place)) / (own / luma(own));
    // Skin must stay skin: the tint goes only part of the way.
    vec3 wanted = brightness * clamp(pow(tint, vec3(0.35)), 0.75, 1.3);
    float ease = last.a < 0.5 ? 1.0 : 1.0 - exp(-since_s * speed);
    return vec4(mix(last.rgb, wanted, ease), 1.0);
}
