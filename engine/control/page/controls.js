// One parameter as the control that its type asks for. A new type is a function in KINDS.
import { make, part, shortened, titled, tool } from "./dom.js";
import { ask } from "./link.js";
import { handle } from "./picture.js";
import { word } from "./words.js";
import { follow } from "./follow.js";

const hex = (value) => "#" + value.slice(0, 3).map((v) => Math.round(v * 255).toString(16).padStart(2, "0")).join("");
const alpha = (value) => (value[3] >= 1 ? "" : Math.round(value[3] * 255).toString(16).padStart(2, "0"));

function number(p, id, send, whole) {
  const range = p.range, step = whole ? 1 : range ? 10 ** Math.floor(Math.log10((range[1] - range[0]) / 50)) : "any";
  const bounds = range ? { min: String(range[0]), max: String(range[1]) } : {};
  const entry = make("input", { id, type: "number", class: "field number", step: String(step), ...bounds, "aria-describedby": `${id}-wrong` });
  entry.addEventListener("change", () => entry.value !== "" && send(Number(entry.value)));
  const slider = range && make("input", { type: "range", class: "slider", step: String(step), ...bounds, "aria-label": titled(p.name) });
  slider?.addEventListener("input", () => { entry.value = slider.value; slider.style.setProperty("--part", `${100 * part(Number(slider.value), range)}%`); send(Number(slider.value)); });
  slider?.addEventListener("dblclick", () => send(p.default));
  return {
    beside: [entry, p.unit ? make("span", { class: "unit" }, p.unit) : null], below: slider,
    show: (value) => {
      if (document.activeElement !== entry) entry.value = shortened(value);
      if (slider) { slider.value = value; slider.style.setProperty("--part", `${100 * part(value, range)}%`); }
    },
  };
}

const KINDS = {
  float: (p, id, send) => number(p, id, send, false),
  int: (p, id, send) => number(p, id, send, true),
  bool: (p, id, send) => {
    const node = make("button", { id, type: "button", class: "switch", role: "switch", "aria-checked": "false" });
    node.addEventListener("click", () => send(node.getAttribute("aria-checked") !== "true"));
    return { beside: [node], show: (value) => node.setAttribute("aria-checked", String(value)) };
  },
  choice: (p, id, send) => {
    if (p.options.length > 4 || p.options.join("").length > 28) {
      const node = make("select", { id, class: "wide" }, ...p.options.map((o) => make("option", { value: o }, o)));
      node.addEventListener("change", () => send(node.value));
      return { beside: [], below: node, show: (value) => { node.value = value; } };
    }
    const radios = p.options.map((o) => make("input", { type: "radio", name: id, value: o, onchange: () => send(o) }));
    const node = make("div", { id, class: "segments", role: "radiogroup", "aria-label": titled(p.name) }, ...radios.map((r) => make("label", {}, r, make("span", {}, r.value))));
    return { beside: [], below: node, show: (value) => { for (const r of radios) r.checked = r.value === value; } };
  },
  color: (p, id, send) => {
    let now = p.value;
    const swatch = make("input", { type: "color", class: "swatch", "aria-label": titled(p.name) });
    const entry = make("input", { id, class: "field hex", spellcheck: false, "aria-describedby": `${id}-wrong` });
    swatch.addEventListener("input", () => send(swatch.value + alpha(now)));
    entry.addEventListener("change", () => send(entry.value));
    return { beside: [entry, swatch], show: (value) => { now = value; swatch.value = hex(value); if (document.activeElement !== entry) entry.value = hex(value) + alpha(value); } };
  },
  point: (p, id, send) => {
    let now = p.value, held = null;
    const entries = [0, 1].map((axis) => {
      const entry = make("input", { ...(axis ? {} : { id }), type: "number", step: "0.01", class: "field number", "aria-label": `${titled(p.name)}, ${word(axis ? "down" : "across")}` });
      entry.addEventListener("change", () => { const next = [...now]; next[axis] = Number(entry.value); send(next); });
      return entry;
    });
    const place = tool("place", word("place"), () => {
      if (held) { held.remove(); held = null; } else held = handle(titled(p.name), now, send);
      place.setAttribute("aria-pressed", String(held !== null));
    });
    place.setAttribute("aria-pressed", "false");
    return {
      beside: [...entries, place], end: () => held?.remove(),
      show: (value) => { now = value; held?.show(value); entries.forEach((e, axis) => { if (document.activeElement !== e) e.value = shortened(value[axis]); }); },
    };
  },
};

function text(p, id, send) {
  const entry = make("input", { id, class: "field wide", spellcheck: false, placeholder: p.type === "text" ? "" : p.expected, "aria-describedby": `${id}-wrong` });
  entry.addEventListener("change", () => send(entry.value || (p.type === "text" ? '""' : "none")));
  return { beside: [], below: entry, show: (value) => { if (document.activeElement !== entry) entry.value = value; } };
}

export function control(p) {
  const id = `p-${p.address.replace(/[^\w]/g, "-")}`;
  const wrong = make("p", { class: "wrong", id: `${id}-wrong`, role: "alert" });
  let value = p.value, bound = p.bound, held = 0;
  const answered = (message) => {
    held = Math.max(0, held - 1);
    wrong.textContent = message.error ? [message.error, message.hint].filter(Boolean).join(" – ") : "";
    if (!held) update(message.error ? value : message.v ?? value, message.error ? bound : null);
  };
  const send = (next) => { held += 1; ask({ a: p.address, v: next }, (m) => answered(m)); };
  // What a newer change overtakes before it is sent is never answered: only the last of a frame counts.
  const sendOnce = (next) => { held = 0; send(next); };
  const bind = (table) => { held = 0; ask({ a: p.address, bind: table }, (m) => { wrong.textContent = m.error ? [m.error, m.hint].filter(Boolean).join(" – ") : ""; }); };
  const kind = (KINDS[p.type] ?? text)(p, id, sendOnce);
  const reset = tool("reset", word("reset"), () => sendOnce(p.default));
  const wave = p.bindable ? tool("wave", word("follow_signal"), () => follow(p, bound, bind)) : null;
  wave?.setAttribute("aria-haspopup", "dialog");
  const told = make("span");
  const chip = make("div", { class: "bound", hidden: true }, told, make("button", { type: "button", class: "button", onclick: () => bind(null) }, word("let_go")));
  const label = make("label", { for: id, class: "name", title: word("default", { value: Array.isArray(p.default) ? p.default.map(shortened).join(", ") : p.default }) }, titled(p.name));
  label.addEventListener("dblclick", () => sendOnce(p.default));
  const node = make("div", { class: "row", "data-address": p.address },
    make("div", { class: "top" }, label, reset, wave, ...kind.beside), kind.below,
    chip, p.doc ? make("p", { class: "doc" }, p.doc) : null, wrong);
  function update(next, binding) {
    value = next; bound = binding;
    kind.show(next);
    reset.disabled = JSON.stringify(next) === JSON.stringify(p.default);
    chip.hidden = !bound;
    node.classList.toggle("follows", Boolean(bound));
    wave?.setAttribute("aria-pressed", String(Boolean(bound)));
    if (bound) told.textContent = word("follows", { signal: bound.from });
  }
  update(value, bound);
  return { node, update: (next, binding) => { if (!held) update(next, binding); }, end: () => kind.end?.(), words: `${p.address} ${p.doc}`.toLowerCase() };
}
