/*{
  "ISFVSN": "2",
  "INPUTS": [
    { "NAME": "level", "TYPE": "float", "DEFAULT": 0.5, "MIN": 1.0, "MAX": 0.0 }
  ]
}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord * level, 0.0, 1.0); }
