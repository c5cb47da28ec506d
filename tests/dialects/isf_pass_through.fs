/*{
    "DESCRIPTION": "The picture as it is, by the way that `way` names.",
    "ISFVSN": "2",
    "INPUTS": [
        { "NAME": "inputImage", "TYPE": "image" },
        { "NAME": "way", "TYPE": "long", "VALUES": [0, 1, 2, 3, 4, 5, 6],
          "LABELS": ["this pixel", "this norm pixel", "norm pixel", "pixel", "frag coord", "fetch", "texture2D"], "DEFAULT": 0 },
        { "NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "IDENTITY": 0.0 }
    ]
}*/
void main() {
    vec4 c = vec4(0.0);
    if (way == 0) c = IMG_THIS_PIXEL(inputImage);
    if (way == 1) c = IMG_THIS_NORM_PIXEL(inputImage);
    if (way == 2) c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord);
    if (way == 3) c = IMG_PIXEL(inputImage, isf_FragNormCoord * IMG_SIZE(inputImage));
    if (way == 4) c = IMG_PIXEL(inputImage, gl_FragCoord.xy);
    if (way == 5) c = texelFetch(inputImage, ivec2(gl_FragCoord.xy), 0);
    if (way == 6) c = texture2D(inputImage, vv_FragNormCoord);
    gl_FragColor = mix(c, vec4(1.0), amount);
}
