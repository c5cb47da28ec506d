/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Beyond the standard: the person, the face, the body and the room without the person as images.",
    "INPUTS": [
        { "NAME": "inputImage", "TYPE": "image" },
        { "NAME": "mask", "TYPE": "image" },
        { "NAME": "face", "TYPE": "image" },
        { "NAME": "pose", "TYPE": "image" },
        { "NAME": "plate", "TYPE": "image" },
        { "NAME": "show", "TYPE": "long", "VALUES": [0, 1, 2, 3], "LABELS": ["mask", "face", "pose", "plate"], "DEFAULT": 0 }
    ]
}*/
void main() {
    vec4 c = IMG_THIS_PIXEL(inputImage);
    if (show == 0) c = vec4(IMG_THIS_PIXEL(mask).rgb, 1.0);
    if (show == 1) c = vec4(IMG_PIXEL(face, vec2(468.5, 0.5)).xy, IMG_PIXEL(face, vec2(468.5, 1.5)).a, 1.0);
    if (show == 2) c = vec4(IMG_PIXEL(pose, vec2(0.5)).xy, IMG_PIXEL(pose, vec2(0.5)).a, 1.0);
    if (show == 3) c = IMG_THIS_PIXEL(plate);
    gl_FragColor = c;
}
