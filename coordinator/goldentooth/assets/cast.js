// The page of the cast: everybody is filled anew when somebody speaks, and every
// few seconds, as energy and feelings change by themselves.
import { words } from "./taste.js";
import { tell } from "./time.js";
import { unasked } from "./talk.js";
import "./council.js";
import "./ties.js";

const LATER = 10_000;
const company = document.getElementById("company");
const newest = document.getElementById("newest");
const SVG = "http://www.w3.org/2000/svg";

const slot = (root, name) => root.querySelector(`[data-slot="${name}"]`);
function text(root, name, words) {
  const element = slot(root, name);
  if (element && element.textContent !== words) element.textContent = words;
}

const cardOf = (id) => document.getElementById(`cast-${id}`);
// As `kind` in pages/cast/card.rs.
const kind = (said) => (said.kind === "fact" ? "" : `${said.kind}, `);

function fill(one) {
  const card = cardOf(one.id);
  if (!card) return;
  card.dataset.feeling = one.feeling;
  card.dataset.readiness = one.readiness;
  card.toggleAttribute("data-muted", one.muted);
  text(card, "feeling", one.feeling);
  text(card, "readiness", one.readiness);
  slot(card, "muted").hidden = !one.muted;
  slot(card, "mask").setAttribute("href", `#feeling-${one.feeling}`);
  for (const name of ["energy", "attention"]) {
    const percent = Math.round(one[name] * 100);
    slot(card, name).value = percent;
    text(card, `${name}-number`, `${percent} %`);
  }
  const knot = document.querySelector(`.knot[data-id="${CSS.escape(one.id)}"]`);
  if (knot) knot.dataset.feeling = one.feeling;
  if (one.last_said) said(card, one.last_said);
}

function said(card, line) {
  slot(card, "said").hidden = false;
  text(card, "said-kind", kind(line));
  tell(slot(card, "said-at"), line.at);
  if (slot(card, "said-text").textContent === words(line)) return;
  text(card, "said-text", words(line));
  slot(card, "facts").replaceChildren(...line.facts.map((fact) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/api/v1/facts/${encodeURIComponent(`${fact.event}.${fact.slot}`)}`;
    link.textContent = `${String(fact.slot).replaceAll("_", " ")}: ${fact.text}`;
    item.append(link);
    return item;
  }));
}

const GRAVE = ["panicked", "angry", "stressed", "lonely", "resigned", "restless", "excited", "gloating"];

// As `verdict` in pages/cast.rs.
function verdict(all) {
  const spent = all.map((one) => one.readiness).filter((readiness) => ["tired", "overwhelmed"].includes(readiness));
  const word = spent.includes("overwhelmed") ? "overwhelmed" : "tired";
  const grave = GRAVE.find((feeling) => all.some((one) => one.feeling === feeling));
  const who = all.filter((one) => one.feeling === grave).map((one) => one.name);
  const moved = !grave ? "all of them content"
    : who.length === 1 ? `${who[0]} is ${grave}`
    : `${who[0]} and ${who.length === 2 ? who[1] : `${who.length - 1} others`} are ${grave}`;
  return `${all.length} on stage: ${moved}${spent.length === 0 ? "" : spent.length === 1 ? `; one is ${word}` : `; ${spent.length} are ${word}`}.`;
}

function counted(all) {
  const counts = new Map();
  for (const { feeling } of all) counts.set(feeling, (counts.get(feeling) ?? 0) + 1);
  const list = document.getElementById("feelings");
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const now = sorted.map(([feeling, count]) => `${count} ${feeling}`).join();
  if (list.dataset.now === now) return;
  list.dataset.now = now;
  list.replaceChildren(...sorted.map(([feeling, count]) => {
    const item = document.createElement("li");
    item.dataset.feeling = feeling;
    const mask = document.createElementNS(SVG, "svg");
    mask.setAttribute("class", "shape");
    mask.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#feeling-${feeling}`);
    mask.append(use);
    const number = document.createElement("span");
    number.className = "number";
    number.textContent = count;
    item.append(mask, number, ` ${feeling}`);
    return item;
  }));
}

async function refresh() {
  const answer = await fetch("/api/v1/cast");
  if (!answer.ok) return;
  const all = await answer.json();
  all.forEach(fill);
  counted(all);
  const words = verdict(all);
  const head = document.getElementById("playbill");
  if (head.textContent !== words) head.textContent = words;
}

// Somebody spoke: its line stands large, and its card first.
export function heard(event) {
  if (event.kind !== "says" && event.kind !== "tells") return;
  const line = { ...event.payload, at: event.at };
  const card = cardOf(line.by);
  if (!card) return;
  said(card, line);
  newest.hidden = false;
  newest.querySelector(".newest-arms").replaceChildren(card.querySelector(".arms").cloneNode(true));
  text(newest, "text", words(line));
  text(newest, "by", card.dataset.name);
  text(newest, "kind", kind(line));
  tell(slot(newest, "at"), line.at);
  unasked({ by: line.by, text: words(line), kind: line.kind });
  for (const spoke of company.querySelectorAll(".spoke")) spoke.classList.remove("spoke");
  card.classList.add("spoke");
  // Not while somebody is at work in the list.
  if (!company.contains(document.activeElement) && company.firstElementChild !== card) company.prepend(card);
  refresh().catch(() => {});
}

setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, LATER);
