/*{ "ISFVSN": "2", "DESCRIPTION": "Mixes int and uint, which GLSL takes from 4.00 on.", "INPUTS": [] }*/
void main() {
    uint bits = 7;
    bits = bits + FRAMEINDEX * 2u;
    gl_FragColor = vec4(isf_FragNormCoord, float(bits) / 255.0, 1.0);
}
