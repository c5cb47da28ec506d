// The live picture: each image is answered when it is shown, so that a slow browser gets fewer and never old ones.
import { byId, make } from "./dom.js";
import { socket } from "./link.js";
import { word } from "./words.js";

const canvas = byId("picture"), context = canvas.getContext("2d");
let images = null, shown = 0;

export function watch() {
  if (images || document.hidden) return;
  images = socket("/api/images");
  images.binaryType = "arraybuffer";
  images.onmessage = async ({ data }) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, 16)], { type: "image/jpeg" }));
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    shown += 1;
    canvas.dataset.shown = shown;
    byId("waiting").hidden = true;
    if (images?.readyState === WebSocket.OPEN) images.send(String(new DataView(data).getUint32(0, true)));
  };
  images.onclose = () => { images = null; };
}

export function rest() { images?.close(); images = null; }
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : watch()));
byId("full").addEventListener("click", () => byId("frame").requestFullscreen?.());

// Where the picture lies within its canvas, which may be letter-boxed.
function area() {
  const box = canvas.getBoundingClientRect(), outer = byId("frame").getBoundingClientRect();
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const [width, height] = [canvas.width * scale, canvas.height * scale];
  return { x: box.left - outer.left + (box.width - width) / 2, y: box.top - outer.top + (box.height - height) / 2, width, height, outer };
}

export function handle(name, value, moved) {
  const node = make("button", { type: "button", class: "handle", "aria-label": `${name}: ${word("place")}`, title: name });
  const show = ([x, y]) => {
    const found = area();
    value = [x, y];
    node.style.left = `${found.x + x * found.width}px`;
    node.style.top = `${found.y + y * found.height}px`;
  };
  const move = (x, y) => { show([Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))].map((v) => Number(v.toFixed(3)))); moved(value); };
  node.addEventListener("pointerdown", (event) => node.setPointerCapture(event.pointerId));
  node.addEventListener("pointermove", (event) => {
    if (!node.hasPointerCapture(event.pointerId)) return;
    const found = area();
    move((event.clientX - found.outer.left - found.x) / found.width, (event.clientY - found.outer.top - found.y) / found.height);
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, -0.01], ArrowDown: [0, 0.01] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(value[0] + step[0], value[1] + step[1]);
  });
  byId("handles").append(node);
  show(value);
  return { show, remove: () => node.remove() };
}
