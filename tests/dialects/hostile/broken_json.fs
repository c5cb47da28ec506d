/*{
  "ISFVSN": "2",
  "INPUTS": [
    { "NAME": "a", "TYPE": "float" },,
  ]
}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord, 0.0, 1.0); }
