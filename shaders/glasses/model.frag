// Metal and plastic by Cook and Torrance's model with the GGX distribution (Walter et al. 2007), Schlick's Fresnel term
// and one light; what they mirror is a plain room: bright above, darker below, with a window.
float ggx(float cosine, float rough) {
    float a = rough * rough, d = cosine * cosine * (a * a - 1.0) + 1.0;
    return a * a / (3.14159 * d * d);
}

vec3 room(vec3 toward, float rough) {
    float sky = smoothstep(-0.6, 0.9, toward.y);
    vec2 w = toward.xy / max(toward.z, 0.15) - vec2(-0.55, 0.75);
    vec2 edge = smoothstep(vec2(0.42, 0.30) + rough, vec2(0.30, 0.18) - rough, abs(w));
    float window = toward.z > 0.0 ? edge.x * edge.y * (1.0 - rough) : 0.0;
    return vec3(mix(0.06, 0.55, sky) + 1.6 * window);
}

vec4 effect(vec2 uv) {
    float metallic = mesh_uv.x, rough = clamp(mesh_uv.y, 0.05, 1.0);
    vec3 n = normalize(mesh_normal), v = normalize(-mesh_position);
    if (dot(n, v) < 0.0) n = -n;
    vec3 color = data1.rgb;
    float directed = clamp(length(data0.xyz), 0.0, 1.0);
    vec3 l = directed > 0.02 ? normalize(data0.xyz) : v;
    vec3 base = mesh_color.rgb;
    vec3 f0 = mix(vec3(0.04), base, metallic);
    float facing = max(dot(n, v), 0.0);
    vec3 fresnel = f0 + (max(vec3(1.0 - rough), f0) - f0) * pow(1.0 - facing, 5.0);
    vec3 h = normalize(l + v);
    float lambert = max(dot(n, l), 0.0);
    vec3 spark = f0 * min(ggx(max(dot(n, h), 0.0), rough) * 0.25, 6.0) * lambert * directed;
    vec3 mirrored = fresnel * room(reflect(-v, n), rough * 0.4) * (1.0 - 0.5 * rough) + spark;
    vec3 diffuse = base * (1.0 - metallic) * ((1.0 - directed) * (0.8 + 0.2 * n.y) + 1.3 * directed * lambert);
    float alpha = mesh_color.a < 0.99 ? mix(mesh_color.a, 0.96, tint) : mesh_color.a;
    vec3 lit = (diffuse * alpha + mirrored * data0.w) * color;
    float covers = clamp(alpha + max(mirrored.r, max(mirrored.g, mirrored.b)) * data0.w * 0.3, 0.0, 1.0);
    return vec4(min(lit, vec3(1.0)), covers);
}
