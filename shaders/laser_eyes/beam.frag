// Beams, the flares at the eyes, and sparks. data1.w: 0 beam, 1 flare, 2 spark.
float hash(float n) { return fract(sin(n * 12.9898) * 43758.5453); }
float ripple(float x) {
    float i = floor(x), f = fract(x);
    return mix(hash(i), hash(i + 1.0), f * f * (3.0 - 2.0 * f));
}

// data0: radius at start and end, power, phase; data1: length, reach of the glow, flicker
vec3 beam(vec2 p) {
    float length_px = data1.x, reach = data1.y;
    float x = p.x + length_px * 0.5;
    float t = clamp(x / length_px, 0.0, 1.0);
    float radius = mix(data0.x, data0.y, t);
    float d = length(vec2(x - clamp(x, 0.0, length_px), p.y));
    float unsteady = 1.0 - data1.z * 0.45 * ripple(x / (radius * 9.0 + 4.0) - data0.w * 3.0);
    float hot = smoothstep(radius * 1.05 + 0.5, radius * 0.35, d);
    float window = clamp(1.0 - d / reach, 0.0, 1.0);
    float halo = exp(-d / (radius * 1.3 + 0.5)) * 1.5 + 0.30 * window * window * window;
    return (core * hot * 1.6 + color * halo * glow * unsteady * window) * data0.z;
}

// data0: radius of the iris, -, power
vec3 flare(vec2 p) {
    float r = data0.x;
    float d = length(p);
    float window = 1.0 - smoothstep(0.3, 1.0, length(sprite));
    float star = exp(-abs(p.y) / (r * 0.22)) * exp(-abs(p.x) / (r * 2.4));
    float ball = exp(-d * d / (r * r * 0.9));
    float halo = 1.0 / (1.0 + 3.0 * d * d / (r * r));
    vec3 light = core * (ball * 1.5 + star * 0.7) + color * glow * halo * 1.3;
    return light * window * data0.z;
}

vec3 spark(void) {
    float d = length(sprite);
    float body = max(0.0, 1.0 - d);
    return (core * body * body + color * body * 0.7) * 2.2 * data0.z;
}

vec4 effect(vec2 uv) {
    vec2 p = sprite * sprite_half_px;
    vec3 light = data1.w < 0.5 ? beam(p) : data1.w < 1.5 ? flare(p) : spark();
    return vec4(light, 0.0);
}
