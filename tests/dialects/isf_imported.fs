/*{
    "ISFVSN": "2",
    "DESCRIPTION": "A picture that lies beside the file, with its alpha.",
    "INPUTS": [],
    "IMPORTED": { "quarters": { "PATH": "quarters.png" } }
}*/
void main() {
    gl_FragColor = IMG_NORM_PIXEL(quarters, isf_FragNormCoord);
}
