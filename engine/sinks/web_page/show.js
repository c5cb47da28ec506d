// Shows the pictures on the canvas: by WebRTC where the show offers it, else those of /socket. A picture with its matte
// below it is unpacked by a shader, so that the person stands on whatever lies under the canvas: /?over=ADDRESS puts
// another page there. /?jpeg does without WebRTC, /?plain asks for MJPEG.

const query = new URLSearchParams(location.search);
const canvas = document.getElementById('picture');
const said = document.getElementById('said');
const below = document.getElementById('below');
const ENDED = 'the show has ended; this page looks for it again';
const state = window.phosphene = {shown: 0, number: 0, lag_ms: 0, matte: false, plain: false, webrtc: false};

const over = query.get('over');
if (over && /^https?:\/\//.test(over)) {
  below.src = over;
  below.hidden = false;
}

const VERTEX = `#version 300 es
out vec2 uv;
void main() {
  uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  gl_Position = vec4(uv * 2.0 - 1.0, 0.0, 1.0);
}`;
// The picture's first row is the texture's first: the top half is colour, the bottom half the matte.
const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform float matte;
in vec2 uv;
out vec4 color;
void main() {
  vec2 at = vec2(uv.x, 1.0 - uv.y);
  float half_texel = 0.5 / float(textureSize(picture, 0).y);
  vec2 upper = vec2(at.x, min(at.y * 0.5, 0.5 - half_texel));
  vec2 lower = vec2(at.x, max(0.5 + at.y * 0.5, 0.5 + half_texel));
  float alpha = matte > 0.0 ? texture(picture, lower).g : 1.0;
  color = vec4(texture(picture, matte > 0.0 ? upper : at).rgb * alpha, alpha);
}`;

function painter() {
  const gl = canvas.getContext('webgl2', {alpha: true, premultipliedAlpha: true, antialias: false,
                                          preserveDrawingBuffer: query.has('keep')});
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  const matte = gl.getUniformLocation(program, 'matte');
  return (picture, width, rows, stacked) => {
    const height = stacked ? rows / 2 : rows;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    gl.uniform1f(matte, stacked ? 1 : 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  };
}

// The end of an endless picture is no event: whether the show is still the same is asked for.
function plain() {
  state.plain = true;
  const picture = new Image();
  let show = null;
  const look = async () => {
    try {
      const told = await (await fetch('/show.json')).json();
      if (told.show !== show) {
        show = told.show;
        picture.src = `/stream.mjpg?${show}`;
      }
    } catch {
      show = null;
      said.textContent = ENDED;
    }
    setTimeout(look, 1000);
  };
  picture.onload = () => { said.textContent = ''; state.shown++; };
  picture.onerror = () => { show = null; };
  canvas.replaceWith(picture);
  look();
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/socket`);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = async ({data}) => {
    const head = new DataView(data);
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, 16)], {type: 'image/jpeg'}),
                                           {colorSpaceConversion: 'none', premultiplyAlpha: 'none'});
    state.matte = head.getUint32(12, true) === 1;
    paint(bitmap, bitmap.width, bitmap.height, state.matte);
    bitmap.close();
    state.number = head.getUint32(0, true);
    state.lag_ms = Date.now() - head.getFloat64(4, true) * 1000;
    state.shown++;
    said.textContent = '';
    socket.send(String(state.number));
  };
  socket.onclose = again;
}

function again() {
  said.textContent = ENDED;
  setTimeout(begin, 1000);
}

// The socket carries the offer and the answer, and tells either side that the other has gone.
function connectWebrtc(matte) {
  const socket = new WebSocket(`ws://${location.host}/webrtc`);
  const peer = new RTCPeerConnection();
  const video = document.createElement('video');
  const before = state.shown;
  video.muted = video.playsInline = true;
  const receiver = peer.addTransceiver('video', {direction: 'recvonly'}).receiver;
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  const shown = () => {
    if (peer.connectionState === 'closed') return;
    paint(video, video.videoWidth, video.videoHeight, matte);
    state.matte = matte;
    state.webrtc = true;
    state.shown++;
    said.textContent = '';
    video.requestVideoFrameCallback(shown);
  };
  peer.ontrack = ({track}) => {
    video.srcObject = new MediaStream([track]);
    video.requestVideoFrameCallback(shown);
    video.play();
  };
  socket.onopen = async () => {
    await peer.setLocalDescription();
    socket.send(peer.localDescription.sdp);
  };
  socket.onmessage = ({data}) => peer.setRemoteDescription({type: 'answer', sdp: data});
  // No picture came: refused, switched off in this browser, or a firewall. JPEG always comes through.
  socket.onclose = () => {
    peer.close();
    if (state.shown === before) connect(); else again();
  };
  setTimeout(() => { if (state.shown === before) socket.close(); }, 8000);
}

async function begin() {
  let told = {};
  try {
    told = await (await fetch('/show.json')).json();
  } catch {
    return again();
  }
  const able = window.RTCPeerConnection && 'requestVideoFrameCallback' in HTMLVideoElement.prototype;
  if (told.webrtc && able && !query.has('jpeg')) connectWebrtc(told.matte); else connect();
}

const paint = query.has('plain') ? null : painter();
if (paint) begin(); else plain();
