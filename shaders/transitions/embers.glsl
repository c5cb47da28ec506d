// The picture burns away along a glowing, ragged edge.

uniform float grain; // = 5.0 [1, 20] how fine the holes are
uniform float glow; // = 1.0 [0, 2] how bright the edge is
uniform vec3 glow_color; // = #ff7a1a the edge's light

float dice(vec2 p) {
    return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453);
}

float cloud(vec2 p) {
    vec2 cell = floor(p), at = fract(p);
    vec2 w = at * at * (3.0 - 2.0 * at);
    return mix(mix(dice(cell), dice(cell + vec2(1, 0)), w.x), mix(dice(cell + vec2(0, 1)), dice(cell + 1.0), w.x), w.y);
}

vec4 transition(vec2 uv) {
    vec2 p = uv * vec2(ratio, 1.0) * grain;
    // clouds are mostly of middle thickness: stretched, so that it burns all the while
    float paper = smoothstep(0.12, 0.88, 0.55 * cloud(p) + 0.28 * cloud(p * 2.1 + 7.0) + 0.17 * cloud(p * 4.7 + 3.0));
    float soft = 0.02;
    float burnt = progress * (1.0 + 2.0 * soft) - soft;
    float gone = 1.0 - smoothstep(burnt - soft, burnt + soft, paper);
    vec4 c = mix(getFromColor(uv), getToColor(uv), gone);
    float ends = smoothstep(0.0, 0.08, progress) * smoothstep(1.0, 0.92, progress);
    float charred = smoothstep(burnt + 0.12, burnt, paper) * (1.0 - gone) * ends;
    float edge = exp(-abs(paper - burnt) / 0.018) * ends * glow;
    vec3 hot = glow_color + vec3(0.0, 0.4, 0.25) * edge;
    return vec4(c.rgb * (1.0 - 0.85 * charred) + hot * edge, max(c.a, min(edge, 1.0)));
}
