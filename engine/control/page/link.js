// The connection with the show: found again where it is lost; one message an address and frame.
const given = new URLSearchParams(location.hash.slice(1)).get("t");
if (given) {
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", "/"); // so that nobody reads it over a shoulder
}
const kept = sessionStorage.getItem("token") ?? "";
export const token = /^[\w-]+$/.test(kept) ? kept : ""; // anything else could not be sent

const at = (path) => `ws://${location.host}${path}`;
export const socket = (path) => new WebSocket(at(path), ["phosphene", token]);

const waiting = new Map(), answers = new Map();
let live = null, number = 0, frame = 0, ended = false;

// Whether the token is not of this show: another one has begun at this address.
async function anothers() {
  const answer = await fetch("/api/scenes", { headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
  return answer?.status === 401;
}

export function connect(heard, changed, delay = 500) {
  if (!token) return changed("no_token");
  live = socket("/api/live");
  live.onopen = () => { changed("connected"); ended = false; delay = 500; };
  live.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.ended) { ended = true; changed("ended"); return; }
    if (message.n != null) { answers.get(message.n)?.(message); answers.delete(message.n); }
    else heard(message);
  };
  live.onclose = async () => {
    answers.clear();
    changed(ended ? "ended" : "lost");
    if (await anothers()) return changed("no_token");
    setTimeout(() => connect(heard, changed, Math.min(delay * 2, 4000)), delay);
  };
}

function flush() {
  frame = 0;
  for (const [message, answered] of waiting.values()) {
    if (live?.readyState !== WebSocket.OPEN) continue;
    number += 1;
    answers.set(number, answered);
    live.send(JSON.stringify({ ...message, n: number }));
  }
  waiting.clear();
}

export function ask(message, answered = () => {}) {
  waiting.set(message.a ?? "scene", [message, answered]);
  frame ||= requestAnimationFrame(flush);
}

export const post = (path) => fetch(path, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
