// Value noise without sines, the same on every driver (integer hash: PCG, Jarzynski and Olano 2020).
uint pcg(uint v) {
    uint state = v * 747796405u + 2891336453u;
    uint word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}
float hash11(float n) { return float(pcg(uint(int(n) + 1048576)) >> 8u) / 16777216.0; }
float hash21(vec2 p) { return float(pcg(uint(int(p.x) + 32768) + 65536u * pcg(uint(int(p.y) + 32768))) >> 8u) / 16777216.0; }
float noise1(float x) {
    float i = floor(x), f = x - i;
    return mix(hash11(i), hash11(i + 1.0), f * f * (3.0 - 2.0 * f));
}
float noise2(vec2 p) {
    vec2 i = floor(p), f = p - i;
    f = f * f * (3.0 - 2.0 * f);
    return mix(
        mix(hash21(i), hash21(i + vec2(1.0, 0.0)), f.x),
        mix(hash21(i + vec2(0.0, 1.0)), hash21(i + vec2(1.0, 1.0)), f.x),
        f.y
    );
}
