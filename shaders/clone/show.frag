// One copy. data0: where its moment lies among the others; data1: how bright it is, how far back.
vec4 effect(vec2 uv) {
    vec2 at = data0.xy + (sprite * 0.5 + 0.5) * data0.zw;
    vec4 c = moments(at);
    vec3 distant = mix(vec3(1.0), vec3(0.55, 0.7, 1.0), min(data1.y, 1.0));
    return vec4(c.rgb * distant * data1.x, c.a);
}
