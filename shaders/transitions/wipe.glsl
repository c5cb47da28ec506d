// A soft edge runs across the picture.

uniform float angle_deg; // = 0 [-180, 180] where it runs to: 0 right, 90 up
uniform float softness; // = 0.15 [0, 1] how wide the edge is

vec4 transition(vec2 uv) {
    vec2 way = vec2(cos(radians(angle_deg)), sin(radians(angle_deg)));
    // 0 in the corner where it begins, 1 in the one where it ends, whatever the direction
    float along = dot(uv - 0.5, way) / (abs(way.x) + abs(way.y)) + 0.5;
    float soft = max(softness, 0.001);
    float edge = progress * (1.0 + soft);
    return mix(getToColor(uv), getFromColor(uv), smoothstep(edge - soft, edge, along));
}
