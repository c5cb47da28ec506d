/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ]
}*/
void main() {
  gl_FragColor = vec4(isf_FragNormCoord.x, sqrt(-1.0 - isf_FragNormCoord.y), 0.0, 1.0);
}
