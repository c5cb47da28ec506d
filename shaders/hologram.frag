#include "lib/noise.glsl"
// The picture as light in the air, premultiplied like everything: light adds to what is behind, and hides little of it.
vec4 effect(vec2 uv) {
    float beat = floor(time_s * 12.0);
    float strip = floor(uv.y * 24.0 + beat * 3.7);
    float slips_now = step(1.0 - 0.16 * slips, hash21(vec2(strip, beat))) * step(0.6, hash21(vec2(beat, 7.0 + seed * 999.0)));
    vec2 at = uv + vec2((hash21(vec2(strip, beat + 1.0)) - 0.5) * 0.06 * slips_now, 0.0);
    vec4 c = frame(at);
    vec4 red = frame(at - vec2(shift, 0.0)), blue = frame(at + vec2(shift, 0.0));
    float light = luma(c.rgb);
    float edge = clamp(abs(red.a - blue.a) + abs(frame(at - vec2(0.0, shift * 1.6)).a - c.a), 0.0, 1.0);
    float row = fract(uv.y * lines - time_s * 1.5);
    float scan = 0.62 + 0.38 * smoothstep(0.0, 0.35, row) * smoothstep(1.0, 0.65, row);
    float band = 1.0 + 0.25 * smoothstep(0.93, 1.0, 1.0 - abs(fract(uv.y - time_s * 0.13) - 0.5) * 2.0);
    float tremble = 1.0 + flicker * (hash21(vec2(beat, 3.0 + seed * 999.0)) - 0.5);
    if (c.a + red.a + blue.a <= 0.0) return vec4(0.0);
    vec3 tinted = color * (0.12 * c.a + 1.15 * sqrt(max(light, 0.0) * c.a) * 0.75 + light);
    vec3 apart = vec3(red.r, c.g, blue.b) * 0.35;
    vec3 rim = color * edge * 0.7;
    float fade = smoothstep(1.02, 0.75, uv.y) * 0.65 + 0.35;
    vec3 shown = (tinted + apart + rim) * scan * band * tremble * fade * opacity;
    float covers = max(max(c.a, red.a), blue.a) * opacity * 0.72 * scan;
    return vec4(min(shown, vec3(1.0)), min(covers, 1.0));
}
