/*{
    "ISFVSN": "2",
    "PASSES": [
        { "TARGET": "a", "WIDTH": "$WIDTH * 1000", "HEIGHT": 8 }, {} ]
}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord, 0.0, 1.0); }
