// The page's words in the language of its user; the table is words.json.
let table = {}, language = "en";
const listeners = [];

export async function loadWords() {
  table = await (await fetch("/words.json")).json();
  const wanted = [localStorage.getItem("language"), ...navigator.languages.map((l) => l.slice(0, 2))];
  speak(wanted.find((l) => l in table) ?? "en");
}

export const languages = () => Object.entries(table).map(([code, words]) => [code, words._]);
export const spoken = () => language;
export const onSpoken = (listener) => listeners.push(listener);

export function word(key, values = {}) {
  return (table[language]?.[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function speak(code) {
  language = code;
  document.documentElement.lang = code;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
  for (const node of document.querySelectorAll("[data-hint]")) {
    node.placeholder = word(node.dataset.hint);
    node.setAttribute("aria-label", word(node.dataset.hint));
  }
  for (const listener of listeners) listener();
}
