/*{
    "DESCRIPTION": "Every input type, as bars from the left.",
    "CREDIT": "the Phosphene authors",
    "CATEGORIES": ["Test"],
    "ISFVSN": "2",
    "INPUTS": [
        { "NAME": "a_float", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0.0, "MAX": 1.0, "LABEL": "a number" },
        { "NAME": "a_bool", "TYPE": "bool", "DEFAULT": 1.0 },
        { "NAME": "a_long", "TYPE": "long", "VALUES": [10, 20, 200], "LABELS": ["ten", "twenty", "many"], "DEFAULT": 20 },
        { "NAME": "a_number", "TYPE": "long", "MIN": 0, "MAX": 255, "DEFAULT": 51 },
        { "NAME": "a_color", "TYPE": "color", "DEFAULT": [0.2, 0.4, 0.6, 1.0] },
        { "NAME": "a_point", "TYPE": "point2D", "DEFAULT": [0.25, 0.75], "MIN": [0.0, 0.0], "MAX": [1.0, 1.0] },
        { "NAME": "a_vector", "TYPE": "point2D", "DEFAULT": [-1.0, 40.0], "MIN": [-1.0, 0.0], "MAX": [1.0, 100.0] },
        { "NAME": "an_event", "TYPE": "event" },
        { "NAME": "wave", "TYPE": "audio" },
        { "NAME": "spectrum", "TYPE": "audioFFT" },
        { "NAME": "other", "TYPE": "image" },
        { "NAME": "size", "TYPE": "float", "DEFAULT": 0.8 }
    ]
}*/
void main() {
    int bar = int(isf_FragNormCoord.x * 12.0);
    vec3 c = vec3(0.0);
    if (bar == 0) c = vec3(a_float);
    if (bar == 1) c = vec3(a_bool ? 1.0 : 0.0);
    if (bar == 2) c = vec3(float(a_long) / 255.0);
    if (bar == 3) c = vec3(float(a_number) / 255.0);
    if (bar == 4) c = a_color.rgb;
    if (bar == 5) c = vec3(a_point, 0.0);
    if (bar == 6) c = vec3(a_vector.x * -0.5, a_vector.y / 100.0, 0.0);
    if (bar == 7) c = vec3(an_event ? 1.0 : 0.0);
    if (bar == 8) c = vec3(IMG_NORM_PIXEL(wave, vec2(0.5)).r, IMG_NORM_PIXEL(spectrum, vec2(0.5)).r, 0.0);
    if (bar == 9) c = IMG_NORM_PIXEL(other, vec2(0.5)).rgb;
    if (bar == 10) c = vec3(size);
    if (bar == 11) c = vec3(isf_FragNormCoord.y > 0.5 ? 1.0 : 0.0);
    gl_FragColor = vec4(c, 1.0);
}
