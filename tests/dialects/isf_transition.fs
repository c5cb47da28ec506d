/*{
    "DESCRIPTION": "Wipes from the top.",
    "ISFVSN": "2",
    "INPUTS": [
        { "NAME": "startImage", "TYPE": "image" },
        { "NAME": "endImage", "TYPE": "image" },
        { "NAME": "progress", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0 }
    ]
}*/
void main() {
    gl_FragColor = 1.0 - isf_FragNormCoord.y < progress ? IMG_THIS_PIXEL(endImage) : IMG_THIS_PIXEL(startImage);
}
