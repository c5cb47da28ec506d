// An equirectangular panorama, seen from its middle, turned by `look`.
const float PI = 3.14159265;

vec4 effect(vec2 uv) {
    float half_width = tan(radians(view_deg) * 0.5);
    vec2 p = (uv * 2.0 - 1.0) * vec2(half_width, half_width * size_px.y / size_px.x);
    float pitch = look.y * 0.5, yaw = look.x + radians(turn_deg);
    vec3 ray = vec3(p.x, -p.y, 1.0);
    ray.yz = mat2(cos(pitch), -sin(pitch), sin(pitch), cos(pitch)) * ray.yz;
    float longitude = atan(ray.x, ray.z) + yaw;
    float latitude = atan(ray.y, length(ray.xz));
    // textureLod: at the seam the coordinate jumps, and a derivative would pick the smallest picture there.
    return picture(vec2(longitude / (2.0 * PI) + 0.5, 0.5 - latitude / PI));
}
