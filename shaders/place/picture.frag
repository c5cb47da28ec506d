// shown: 1 world, 2 picture, 3 panorama, 4 colour, 5 the own room blurred
const float PI = 3.14159265;

vec4 flat_picture(vec2 uv) {
    // As large as it must be to leave no border, a little larger to have room to turn.
    float wide = (picture_size_px.x / picture_size_px.y) / (size_px.x / size_px.y);
    vec2 scale = wide > 1.0 ? vec2(1.0 / wide, 1.0) : vec2(1.0, wide);
    float room = 1.0 - 0.06 * follow;
    vec2 at = (uv - 0.5) * scale * room + 0.5 - look * vec2(0.5, -0.5) * 0.06 * follow * scale;
    return picture(clamp(at, 0.002, 0.998));
}

vec4 panorama(vec2 uv) {
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

vec4 effect(vec2 uv) {
    vec3 c;
    bool wraps = picture_size_px.x >= 1.9 * picture_size_px.y && picture_size_px.x <= 2.1 * picture_size_px.y;
    if (shown == 1) c = world(uv).rgb;
    else if (shown == 5) { vec4 soft = down(uv); c = soft.rgb / max(soft.a, 1e-4); }
    else if (shown == 4 || picture_size_px.x < 1.0) c = color;
    else if (shown == 3 || (kind == 0 && wraps)) c = panorama(uv).rgb;
    else c = flat_picture(uv).rgb;
    return vec4(c, 1.0);
}
