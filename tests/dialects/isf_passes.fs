/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Counts frames in a float buffer of one pixel, and shows the sizes of its targets.",
    "INPUTS": [
        { "NAME": "part", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 1.0 }
    ],
    "PASSES": [
        { "TARGET": "counter", "WIDTH": "1", "HEIGHT": 1, "FLOAT": true, "PERSISTENT": true },
        { "TARGET": "reduced", "WIDTH": "max(floor($WIDTH * $part), 2.0)", "HEIGHT": "$HEIGHT / 4.0" },
        {}
    ]
}*/
void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(IMG_NORM_PIXEL(counter, vec2(0.5)).r + 300.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(RENDERSIZE / 255.0, isf_FragNormCoord.y > 0.5 ? 1.0 : 0.0, 1.0);
    } else {
        float counted = IMG_PIXEL(counter, vec2(0.5)).r / 300.0;
        gl_FragColor = isf_FragNormCoord.x < 0.5 ? vec4(vec3(counted / 255.0), 1.0) : IMG_THIS_PIXEL(reduced);
    }
}
