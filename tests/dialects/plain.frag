// Darkens the edges and lays an ink over them.

uniform float amount; // = 0.5 [0, 1] how much of it
uniform vec3 ink; // = #400080 the ink
uniform vec2 middle; // = vec2(0.5, 0.25) where it is brightest
uniform int rings; // = 3 [1, 9] how many rings
uniform bool inverted; // = false
uniform sampler2D texture_of_paper; // paper

vec4 effect(vec2 uv) {
    vec4 c = frame_here();
    float d = fract(distance(uv, middle) * float(rings));
    if (inverted) d = 1.0 - d;
    vec3 paper = texture_of_paper_size_px.x > 0.0 ? texture_of_paper(uv).rgb : vec3(1.0);
    return vec4(mix(c.rgb, ink * paper, d * amount), c.a);
}
