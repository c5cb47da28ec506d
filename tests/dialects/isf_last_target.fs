/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Its last pass has a target: what lies in it is the picture. The brightest so far stays.",
    "INPUTS": [ { "NAME": "inputImage", "TYPE": "image" } ],
    "PASSES": [ { "TARGET": "brightest", "PERSISTENT": true } ]
}*/
void main() {
    gl_FragColor = max(IMG_THIS_PIXEL(inputImage), IMG_THIS_PIXEL(brightest));
}
