// The bar of a node's last 24 hours: drawn, moved on with time, and asked by
// pointer, finger and keyboard when and why a quarter of an hour was as it was.
import { standing } from "./show.js";

export const STEPS = 96;
const STEP = 15 * 60_000;
// As `look` in pages/bar.rs: the standing of a letter, and its height of 24.
const LOOK = { b: ["bored", 8], h: ["happy", 12], s: ["stressed", 18], c: ["crisis", 24], "?": ["learning", 5] };
const WORDS = { c: "crisis", s: "stressed", h: "happy", b: "bored", "?": "no mood yet", ".": "nothing heard" };
const GRAVITY = ".?bhsc";
const LETTERS = { bored: "b", happy: "h", stressed: "s", crisis: "c", learning: "?" };
const SVG = "http://www.w3.org/2000/svg";

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const tip = document.getElementById("tip");

// The letters of every node, and where the first of them begins.
const days = new Map();
let from = 0;

export function know(name, letters) {
  days.set(name, letters || ".".repeat(STEPS));
}

export function begin(at) {
  from = Date.parse(at) || 0;
}

export const day = (name) => days.get(name) ?? ".".repeat(STEPS);

// A reading came: its quarter of an hour is at least as bad as that.
export function lived(node) {
  if (!from || node.silent || !node.last_seen) return;
  const place = Math.floor((Date.parse(node.last_seen) - from) / STEP);
  if (place < 0 || place >= STEPS) return;
  const letters = day(node.name);
  const letter = LETTERS[standing(node)];
  if (GRAVITY.indexOf(letter) <= GRAVITY.indexOf(letters[place])) return;
  days.set(node.name, letters.slice(0, place) + letter + letters.slice(place + 1));
}

// All bars again: at first, every few minutes, and when a quarter is over; what
// came in late after an outage fills its gap then.
export async function refresh() {
  const answer = await fetch("/api/v1/moods");
  if (!answer.ok) return false;
  const moods = await answer.json();
  begin(moods.from);
  days.clear();
  for (const [name, letters] of Object.entries(moods.nodes)) days.set(name, letters);
  return true;
}

export const over = () => from > 0 && Date.now() > from + STEPS * STEP;

// Letters as few rectangles as they have stretches.
export function paint(svg, letters) {
  if (svg.letters === letters) return;
  svg.letters = letters;
  const rects = [];
  for (let start = 0; start < letters.length; ) {
    let end = start + 1;
    while (end < letters.length && letters[end] === letters[start]) end += 1;
    const look = LOOK[letters[start]];
    if (look) {
      const rect = document.createElementNS(SVG, "rect");
      rect.dataset.standing = look[0];
      for (const [key, value] of Object.entries({ x: start, y: 24 - look[1], width: end - start, height: look[1] })) rect.setAttribute(key, value);
      rects.push(rect);
    }
    start = end;
  }
  svg.replaceChildren(...rects);
}

// As `summary` in pages/bar.rs.
export function summary(letters) {
  return "cshb."
    .split("")
    .map((letter) => [WORDS[letter], letters.split(letter).length - 1])
    .filter(([, quarters]) => quarters > 0)
    .map(([word, quarters]) => `${word} ${quarters < 4 ? `${quarters * 15} min` : `${Math.round(quarters / 4)} h`}`)
    .join(", ");
}

export function draw(bar, name) {
  const letters = day(name);
  paint(bar.firstElementChild, letters);
  if (bar !== document.activeElement) bar.setAttribute("aria-valuetext", summary(letters));
}

// Why a node was as it was: its turns of the day, asked once a minute at most.
const turns = new Map();
async function turnsOf(name) {
  const kept = turns.get(name);
  if (kept && Date.now() - kept.at < 60_000) return kept.list;
  const list = fetch(`/api/v1/nodes/${encodeURIComponent(name)}/history?span=day&vitals=cpu`)
    .then((answer) => (answer.ok ? answer.json() : { turns: [] }))
    .then((history) => history.turns, () => []);
  turns.set(name, { at: Date.now(), list });
  return list;
}

// The words of the turn that a stretch of time is explained by: the last one to
// this standing that began before its end.
export function cause(list, word, end) {
  const wanted = word === "nothing heard" ? "silent" : word;
  let found;
  for (const turn of list) if (turn.standing === wanted && Date.parse(turn.at) < end) found = turn;
  return found?.words;
}

function place(x, y) {
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x - box.width / 2, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y - box.height - 12 > 8 ? y - box.height - 12 : y + 20}px`;
}

let asked = 0;
async function ask(bar, name, index, x, y, spoken) {
  const letter = day(name)[index];
  const start = from + index * STEP;
  const word = WORDS[letter];
  const head = `${name}, ${hour.format(start)} to ${hour.format(start + STEP)}: ${word}`;
  const mine = (asked += 1);
  const tell = (text) => {
    tip.textContent = text;
    place(x, y);
    if (spoken) bar.setAttribute("aria-valuetext", text);
  };
  bar.setAttribute("aria-valuenow", index);
  tell(head);
  const why = cause(await turnsOf(name), word, start + STEP);
  if (why && mine === asked) tell(`${head}. ${why}`);
}

// Makes the bars inside of `root` answer; `named` gives a bar's node.
export function answer(root, named) {
  const bar = (event) => event.target.closest?.(".bar");
  const index = (bar, x) => {
    const box = bar.getBoundingClientRect();
    return Math.max(0, Math.min(STEPS - 1, Math.floor(((x - box.left) / box.width) * STEPS)));
  };
  const hide = () => {
    asked += 1;
    tip.hidden = true;
  };
  let last;
  const move = (event) => {
    const found = bar(event);
    if (!found || !from) return;
    const at = index(found, event.clientX);
    if (last?.bar === found && last.at === at && !tip.hidden) return;
    last = { bar: found, at };
    ask(found, named(found), at, event.clientX, found.getBoundingClientRect().top);
  };
  root.addEventListener("pointermove", move);
  root.addEventListener("pointerdown", move);
  root.addEventListener("pointerout", (event) => { if (!event.relatedTarget?.closest?.(".bar")) hide(); });
  root.addEventListener("focusout", hide);
  const keyed = (found, at) => {
    const box = found.getBoundingClientRect();
    ask(found, named(found), at, box.left + ((at + 0.5) / STEPS) * box.width, box.top, true);
  };
  root.addEventListener("keydown", (event) => {
    const found = bar(event);
    if (!found || !from) return;
    const now = Number(found.getAttribute("aria-valuenow"));
    const at = { ArrowLeft: now - 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowUp: now + 1, PageDown: now - 4, PageUp: now + 4, Home: 0, End: STEPS - 1 }[event.key];
    if (event.key === "Escape") hide();
    if (at === undefined) return;
    event.preventDefault();
    keyed(found, Math.max(0, Math.min(STEPS - 1, at)));
  });
}
