// Small helpers for making elements.
export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const PATHS = {
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5V5h2.6",
  wave: "M1.5 8c1.6 0 1.6-5 3.2-5s1.6 10 3.3 10 1.6-10 3.2-10 1.6 5 3.3 5",
  place: "M8 1v3M8 12v3M1 8h3M12 8h3M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const tool = (name, label, onclick) =>
  make("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick }, icon(name));

// A name of the engine as a title: `mouth_open` is "Mouth open".
export const titled = (name) => name.replace(/[-_]/g, " ").replace(/^./, (letter) => letter.toUpperCase());

export const part = (value, [low, high]) => (value == null ? 0 : Math.min(1, Math.max(0, (value - low) / (high - low || 1))));

export function shortened(value) {
  return value == null ? "–" : String(Number(value.toFixed(Math.abs(value) >= 100 ? 1 : 3)));
}
