// Both pictures streak past as in a rush forward, while one takes the place of the other.

uniform float strength; // = 0.35 [0, 1] how far it streaks

const int TAPS = 14;

vec4 transition(vec2 uv) {
    float speed = strength * 4.0 * progress * (1.0 - progress);
    float mixed = smoothstep(0.3, 0.7, progress);
    vec2 out_of = uv - 0.5;
    // starts the streak elsewhere in every pixel, so that no copies are seen
    float start = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    vec4 sum = vec4(0.0);
    for (int i = 0; i < TAPS; i++) {
        float far = speed * (float(i) + start) / float(TAPS);
        vec2 from_at = 0.5 + out_of * (1.0 - far);
        vec2 to_at = 0.5 + out_of * (1.0 + 0.6 * far);
        to_at = 1.0 - abs(1.0 - abs(to_at)); // mirrored beyond the edges
        sum += mix(getFromColor(from_at), getToColor(to_at), mixed);
    }
    return progress <= 0.0 ? getFromColor(uv) : progress >= 1.0 ? getToColor(uv) : sum / float(TAPS);
}
