// The page: what the show tells is put where it belongs.
import { control } from "./controls.js";
import { byId, make, titled } from "./dom.js";
import { moveSignals, setSignals } from "./follow.js";
import { ask, connect, post } from "./link.js";
import { rest, watch } from "./picture.js";
import { languages, loadWords, onSpoken, speak, spoken, word } from "./words.js";

let state = null, coming = "", link = "", problems = [], lines = [];
const controls = new Map();

function heard(message) {
  if (message.state) { state = message.state; coming = ""; drawAll(); watch(); }
  if ("a" in message) {
    Object.assign(state.parameters[message.a] ?? {}, { value: message.v, bound: message.bound });
    controls.get(message.a)?.update(message.v, message.bound);
  }
  if (message.signals) moveSignals(message.signals);
  if (message.numbers) drawNumbers(message.numbers);
  if (message.problems) { problems = message.problems; drawMessages(); }
  if (message.log) { lines = message.log; drawMessages(); }
}

function drawAll() {
  problems = state.problems;
  drawScenes(); drawParameters(); drawNumbers(state.numbers); drawMessages();
  setSignals(state.signals);
}

function drawScenes() {
  const wanted = byId("find-scene").value.trim().toLowerCase();
  const found = state.scenes.filter((s) => `${s.name} ${s.title} ${s.doc}`.toLowerCase().includes(wanted));
  byId("scenes").replaceChildren(...found.map((scene) => {
    const on = scene.name === state.scene;
    const node = make("button", { type: "button", class: `card${scene.name === coming ? " coming" : ""}`, "aria-pressed": String(on), "data-scene": scene.name },
      make("b", {}, scene.title, on ? make("em", {}, word("on")) : null), make("small", {}, scene.doc));
    node.addEventListener("click", () => { coming = scene.name; ask({ scene: scene.name }); node.classList.add("coming"); });
    return make("li", {}, node);
  }));
  if (!found.length) byId("scenes").append(make("li", {}, word("nothing_found")));
  for (const id of ["previous", "next"]) byId(id).disabled = state.scenes.length < 2;
}

function titleOf(p) {
  if (p.part === "") return [titled(p.layer), word("layer")];
  return [p.part === "matte" ? word("matte") : titled(p.part), p.layer];
}

function drawParameters() {
  for (const one of controls.values()) one.end();
  controls.clear();
  const closed = new Set([...document.querySelectorAll("details.group:not([open])")].map((d) => d.dataset.group));
  const known = new Set([...document.querySelectorAll("details.group")].map((d) => d.dataset.group));
  const groups = new Map();
  for (const p of Object.values(state.parameters)) {
    const key = `${p.layer}/${p.part}`;
    if (!groups.has(key)) {
      const [name, beside] = titleOf(p), base = p.part === "" || p.part === "matte";
      const rows = make("div", { class: "rows" });
      const open = known.has(key) ? !closed.has(key) : !base;
      groups.set(key, [base, make("details", { class: "group", "data-group": key, open }, make("summary", {}, name, make("span", {}, beside)), rows), rows]);
    }
    const made = control(p);
    controls.set(p.address, made);
    groups.get(key)[2].append(made.node);
  }
  const sorted = [...groups.values()].sort((a, b) => a[0] - b[0]);
  byId("groups").replaceChildren(...sorted.map(([, node]) => node));
  findParameter();
}

function findParameter() {
  const wanted = byId("find-parameter").value.trim().toLowerCase();
  for (const one of controls.values()) one.node.hidden = !one.words.includes(wanted);
  for (const group of document.querySelectorAll("details.group")) {
    const left = [...group.querySelectorAll(".row")].some((row) => !row.hidden);
    group.hidden = !left;
    if (wanted && left) group.open = true;
  }
}

function drawNumbers(numbers) {
  byId("fps").textContent = word("frames", { n: (numbers.fps ?? 0).toFixed(0) });
  byId("lag").textContent = `${(numbers.lag_ms ?? 0).toFixed(0)} ms`;
  byId("dropped").textContent = (numbers.dropped ?? 0).toFixed(0);
}

function drawMessages() {
  byId("badge").hidden = !problems.length;
  byId("badge").textContent = problems.length;
  byId("problems").replaceChildren(...problems.map((p) => make("li", {}, make("b", {}, p.address), `${p.where ? `${p.where}: ` : ""}${p.error}`, p.hint ? make("small", {}, p.hint) : null)));
  if (!problems.length) byId("problems").append(make("li", { class: "none" }, word("no_problems")));
  byId("log").replaceChildren(...[...lines].reverse().map((line) => make("li", { class: line.level }, make("time", {}, new Date(line.at * 1000).toLocaleTimeString(spoken(), { hour12: false })), make("span", {}, line.text))));
}

function drawLink(kind = link) {
  if (kind !== link && kind !== "connected") rest();
  link = kind;
  byId("link").textContent = kind && word(kind);
  byId("link").className = `link ${kind === "connected" ? "on" : "off"}`;
}

const tabs = [...document.querySelectorAll("[role=tab]")];
function open(tab) {
  for (const one of tabs) {
    one.setAttribute("aria-selected", String(one === tab));
    one.tabIndex = one === tab ? 0 : -1;
    byId(one.getAttribute("aria-controls")).hidden = one !== tab;
  }
}
tabs.forEach((tab, place) => {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(place + step + tabs.length) % tabs.length];
    open(next); next.focus();
  });
});

byId("find-scene").addEventListener("input", drawScenes);
byId("find-parameter").addEventListener("input", findParameter);
byId("next").addEventListener("click", () => post("/api/show/next"));
byId("previous").addEventListener("click", () => post("/api/show/previous"));
byId("quit").addEventListener("click", () => confirm(word("sure")) && post("/api/show/stop"));

await loadWords();
byId("language").replaceChildren(...languages().map(([code, name]) => make("option", { value: code, selected: code === spoken() }, name)));
byId("language").addEventListener("change", ({ target }) => { localStorage.setItem("language", target.value); speak(target.value); });
onSpoken(() => { if (state) drawAll(); drawLink(); });
connect(heard, drawLink);
