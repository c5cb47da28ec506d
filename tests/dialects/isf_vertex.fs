/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Neighbours worked out in a vertex shader.",
    "INPUTS": [
        { "NAME": "inputImage", "TYPE": "image" },
        { "NAME": "shift", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 8.0 }
    ]
}*/
#if __VERSION__ <= 120
varying vec2 left_coord;
#else
in vec2 left_coord;
#endif
void main() {
    gl_FragColor = IMG_NORM_PIXEL(inputImage, left_coord);
}
