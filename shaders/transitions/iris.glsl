// A round window opens from the middle, its rim glowing.

uniform vec2 middle; // = 0.5, 0.5 [0, 1] where it opens
uniform vec3 rim_color; // = #ffd9a0 the rim's light
uniform float rim; // = 0.6 [0, 1] how bright the rim is

vec4 transition(vec2 uv) {
    vec2 shape = vec2(ratio, 1.0);
    float away = length((uv - middle) * shape);
    float whole = length(max(middle, 1.0 - middle) * shape);
    float soft = 0.035;
    float radius = progress * (whole + 2.0 * soft) - soft;
    float opened = 1.0 - smoothstep(radius - soft, radius + soft, away);
    vec4 c = mix(getFromColor(uv), getToColor(uv), opened);
    // no light at the very ends, where the pictures must be as they are
    float light = rim * exp(-abs(away - radius) / (1.5 * soft)) * smoothstep(0.0, 0.1, progress) *
        smoothstep(1.0, 0.9, progress);
    return vec4(1.0 - (1.0 - c.rgb) * (1.0 - rim_color * light), c.a);
}
