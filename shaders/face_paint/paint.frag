// Paint is lit as the skin beneath it is: skin of a usual shade tells how much light falls there.
const float SKIN_ALBEDO = 0.34;

vec4 paint() {
    if (picture_size_px.x == 0.0) return drawn(mesh_uv);
    // Four places in the pixel, so that a large picture does not glitter on a small face.
    vec2 a = dFdx(mesh_uv) * 0.25, b = dFdy(mesh_uv) * 0.25;
    return 0.25 * (picture(mesh_uv + a + b) + picture(mesh_uv - a - b) + picture(mesh_uv + a - b) + picture(mesh_uv - a + b));
}

vec4 effect(vec2 uv) {
    vec4 p = paint();
    vec4 c = frame_here();
    p *= amount * smoothstep(0.05, 0.35, mesh_normal.z) * mesh_color.r;
    if (p.a < 0.004 || c.a < 0.004) return c;
    float lit = mix(1.0, luma(c.rgb / c.a) / SKIN_ALBEDO, light);
    return vec4(min(c.rgb * (1.0 - p.a) + p.rgb * lit * c.a, vec3(c.a)), c.a);
}
