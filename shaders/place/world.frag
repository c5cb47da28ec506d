#include "lib/noise.glsl"
// A shore under a large moon: sky, stars, hills in haze, and water that mirrors them. Drawn smaller than the picture,
// which also keeps it a little out of focus behind the person.
float ridge(float x, float rough, float tall) {
    float h = 0.0, size = 1.0;
    for (int i = 0; i < 4; i++) {
        h += (noise1(x) - 0.5) * size;
        x = x * 2.03 + 17.0;
        size *= rough;
    }
    return h * tall;
}

const vec2 MOON = vec2(0.42, 0.42);

vec3 sky(vec2 p, float night, float blur) {
    float up = clamp(p.y * 1.25, 0.0, 1.0);
    vec3 dusk = mix(vec3(0.95, 0.38, 0.14), vec3(0.10, 0.10, 0.30), pow(up, 0.45));
    vec3 dark = mix(vec3(0.05, 0.11, 0.20), vec3(0.004, 0.008, 0.030), pow(up, 0.6));
    vec3 c = mix(dusk, dark, night);
    float d = length(MOON - p);
    vec3 glow = mix(vec3(1.0, 0.62, 0.30), vec3(0.55, 0.68, 0.95), night);
    c += glow * (0.9 * smoothstep(0.098 + blur, 0.098 - blur, d) + 0.16 * exp(-d * 5.0));
    return c;
}

vec3 scene(vec2 p, float night, float blur) {
    vec3 c = sky(p, night, blur);
    vec3 haze = mix(vec3(0.72, 0.30, 0.16), vec3(0.035, 0.075, 0.14), night);
    vec3 ink = mix(vec3(0.035, 0.020, 0.055), vec3(0.002, 0.004, 0.012), night);
    for (int i = 0; i < 4; i++) {
        float depth = float(i) / 3.0;
        float x = (p.x + look.x * mix(0.10, 0.55, depth)) * mix(1.4, 2.6, depth) + float(i) * 31.7;
        float top = mix(0.20, 0.035, depth) + ridge(x, 0.52, mix(0.24, 0.14, depth));
        float inside = smoothstep(0.003, -0.003, p.y - top);
        vec3 hill = mix(haze, ink, pow(depth, 0.8) * 0.92 + 0.08);
        hill = mix(hill, haze, 0.5 * exp(-max(p.y, 0.0) * 14.0) * (1.0 - depth * 0.7));
        c = mix(c, hill, inside);
    }
    return c;
}

vec4 effect(vec2 uv) {
    float wide = size_px.x / size_px.y;
    float night = smoothstep(0.1, 0.6, 1.0 - abs(hour * 2.0 - 1.0));
    float horizon = 0.66 + look.y * 0.10;
    vec2 p = vec2((uv.x - 0.5) * wide + look.x * 0.05, horizon - uv.y);
    if (p.y >= 0.0) {
        vec3 c = scene(p, night, 0.004);
        vec2 cell = floor(p * 190.0);
        float star = hash21(cell) * step(0.115, length(p - MOON));   // none shine through the moon
        float twinkle = 0.6 + 0.4 * sin(time_s * (1.0 + 2.0 * star) + star * 90.0);
        vec2 inside = fract(p * 190.0) - 0.5;
        float bright = step(0.985, star) * exp(-dot(inside, inside) * 12.0) * twinkle;
        c += vec3(0.7, 0.8, 1.0) * bright * smoothstep(0.25, 0.45, p.y) * (0.25 + night) * 0.7;
        return vec4(c, 1.0);
    }
    // Water: the mirrored picture, broken by waves that grow toward the viewer.
    float near = -p.y;
    float far = 0.03 / (near + 0.02);
    float waves = noise2(vec2(p.x * (4.0 + 22.0 * far), far * 22.0 + time_s * 0.45)) - 0.5;
    float fine = noise2(vec2(p.x * (9.0 + 60.0 * far), far * 70.0 - time_s * 0.8)) - 0.5;
    float lift = (waves + fine * 0.6) * near * 0.55;
    vec3 mirrored = scene(vec2(p.x + lift * 0.25, max(near * 0.95 + lift, 0.002)), night, 0.02 + near * 0.18);
    vec3 deep = mix(vec3(0.05, 0.035, 0.06), vec3(0.002, 0.008, 0.018), night);
    float fresnel = mix(0.80, 0.30, smoothstep(0.0, 0.34, near));
    vec3 c = mix(deep, mirrored * 0.92, fresnel);
    c *= 1.0 - 0.25 * smoothstep(0.15, 0.40, near);
    return vec4(c, 1.0);
}
