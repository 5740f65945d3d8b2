// The page of the fleet: the verdict, the counters and the cards, worst first.
import { fill, rank, standing } from "./show.js";

const cards = document.getElementById("cards");
const template = document.getElementById("card");
const byName = new Map();
if (cards) for (const item of cards.children) byName.set(item.dataset.name, item);

// What the counters say.
const counted = () => [...document.querySelectorAll("#counts .number")].map((number) => number.textContent).join(" ");
const names = new Intl.Collator(undefined, { numeric: true });

export function fleet({ verdict, state, counts, nodes }) {
  const head = document.getElementById("verdict");
  head.closest("section").dataset.state = state;
  if (head.textContent !== verdict) head.replaceChildren(...whole(verdict));
  const before = counted();
  for (const item of document.querySelectorAll("#counts li")) {
    const count = counts[item.dataset.standing];
    item.toggleAttribute("data-none", count === 0);
    item.querySelector(".number").textContent = count;
  }
  document.getElementById("nodes-count").textContent = nodes;
  // Told aloud when a counter changes, not with each new reading.
  if (counted() !== before) document.getElementById("aloud").textContent = verdict;
}

// The sentence, with words that have a hyphen kept whole.
function whole(verdict) {
  return verdict.split(/( +)/).map((word) => {
    if (!word.includes("-")) return word;
    const span = document.createElement("span");
    span.className = "whole";
    span.textContent = word;
    return span;
  });
}

export function card(node) {
  let item = byName.get(node.name);
  const before = item?.dataset.standing;
  if (!item) {
    item = template.content.firstElementChild.cloneNode(true);
    item.dataset.name = node.name;
    const anchor = item.querySelector("[data-slot=name]");
    anchor.textContent = node.name;
    anchor.href = `/nodes/${encodeURIComponent(node.name)}`;
    byName.set(node.name, item);
    document.getElementById("nobody")?.remove();
  }
  fill(item, node);
  if (before !== standing(node)) place(item);
}

// Moves a card only when its standing changes, and keeps the keyboard's place.
function place(item) {
  const before = (a, b) => rank(a.dataset.standing) - rank(b.dataset.standing) || names.compare(a.dataset.name, b.dataset.name);
  const next = [...cards.children].find((other) => other !== item && before(item, other) < 0);
  if (item.isConnected && item.nextElementSibling === (next ?? null)) return;
  const focused = item.contains(document.activeElement) ? document.activeElement : null;
  cards.insertBefore(item, next ?? null);
  focused?.focus({ preventScroll: true });
}
