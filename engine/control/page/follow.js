// The choice of a signal that a parameter follows, and every signal with its meter.
import { byId, make, part, shortened, titled } from "./dom.js";
import { word } from "./words.js";

const signals = new Map(); // name -> {doc, range, unit, value}
const drawn = new Set(); // [name, meter, output]

export function setSignals(found) {
  signals.clear();
  for (const [name, signal] of Object.entries(found)) signals.set(name, signal);
  list(byId("meters"), byId("find-signal").value);
}

export function moveSignals(values) {
  for (const [name, value] of Object.entries(values)) if (signals.has(name)) signals.get(name).value = value;
  for (const one of drawn) one();
}

function meter(name) {
  const bar = make("i"), output = make("output");
  const draw = () => {
    const signal = signals.get(name);
    if (!bar.isConnected || !signal) return drawn.delete(draw);
    bar.style.setProperty("--part", part(signal.value, signal.range));
    output.textContent = `${shortened(signal.value)}${signal.unit ? ` ${signal.unit}` : ""}`;
  };
  drawn.add(draw);
  requestAnimationFrame(draw);
  return [make("b", {}, name), output, make("span", { class: "meter" }, bar), make("small", {}, signals.get(name).doc)];
}

function list(node, wanted, chosen) {
  const words = wanted.trim().toLowerCase();
  const names = [...signals.keys()].filter((n) => `${n} ${signals.get(n).doc}`.toLowerCase().includes(words));
  node.replaceChildren(...names.map((name) => chosen === undefined ? make("li", {}, ...meter(name))
    : make("li", { class: "choice-row" }, make("label", { class: "choice" }, make("input", { type: "radio", name: "signal", value: name, checked: name === chosen }), ...meter(name)))));
  if (!names.length) node.append(make("li", {}, word("nothing_found")));
}

byId("find-signal").addEventListener("input", () => list(byId("meters"), byId("find-signal").value));

const dialog = byId("follow");
let decided = () => {}, before = "", was = null;
byId("find-follow").addEventListener("input", () => list(byId("choices"), byId("find-follow").value, before));
byId("choices").addEventListener("change", (event) => { before = event.target.value; byId("bind").disabled = false; });
dialog.addEventListener("close", () => {
  byId("choices").replaceChildren();
  if (dialog.returnValue !== "bind" || !before) return;
  // The curve, and whatever else the scene's file says of this signal, stays.
  const { smooth_s, ...kept } = was?.from === before ? was : {};
  const table = { ...kept, from: before, to: [Number(byId("low").value), Number(byId("high").value)] };
  const smooth = Number(byId("smooth").value);
  decided(smooth > 0 ? { ...table, smooth_s: smooth } : table);
});

export function follow(p, bound, bind) {
  decided = bind; was = bound;
  before = bound?.from ?? "";
  const [low, high] = bound?.to ?? p.range ?? [0, 1];
  byId("follow-title").textContent = `${titled(p.name)} – ${word("follow_signal")}`;
  byId("low").value = low; byId("high").value = high;
  byId("smooth").value = bound ? bound.smooth_s ?? 0 : 0.1;
  byId("find-follow").value = "";
  byId("bind").disabled = !before;
  dialog.returnValue = "";
  list(byId("choices"), "", before);
  dialog.showModal();
}
