/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ],
  "IMPORTED": { "p": { "PATH": "nowhere.png" } }
}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord, 0.0, 1.0); }
