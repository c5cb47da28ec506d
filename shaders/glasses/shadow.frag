// The shadow of what is worn: its picture from the front, moved away from the light by as far as it stands off the skin.
const float SIDE_CM = 20.0;
const float GAP_CM = 0.9;

vec4 effect(vec2 uv) {
    vec3 at = mesh_color.rgb;
    vec2 toward = clamp(data0.xy, vec2(-0.7), vec2(0.7));
    vec2 from = at.xy + toward * GAP_CM;
    float taken = shade(vec2(0.5 + from.x / SIDE_CM, 0.5 - from.y / SIDE_CM)).r;
    float directed = 0.35 + 0.65 * clamp(length(data0.xyz), 0.0, 1.0);
    // Far down the cheeks what is worn is far away, and to the sides the front throws no shadow.
    float near = smoothstep(-1.5, 1.5, at.z) * smoothstep(0.0, 0.3, mesh_normal.z);
    return vec4(0.0, 0.0, 0.0, taken * data0.w * directed * near * 0.9);
}
