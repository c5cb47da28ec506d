/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Byte order mark, emoji 🎨 and the line ends of Windows",
  "INPUTS": [ { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "warmth", "TYPE": "float", "LABEL": "wärmer 🔥" } ]
}*/
// 🎨 grün
void main() {
  gl_FragColor = IMG_THIS_PIXEL(inputImage) + vec4(warmth * 0.2, 0.0, 0.0, 0.0); // naïve
}
