// The page of the fleet: the verdict, the counters, and every node as a card or
// as a row of the heatmap, in the order that is wanted.
import { answer, begin, day, draw, know, lived, over, refresh } from "./bars.js";
import { found, onWish, wish } from "./find.js";
import { fill, standing } from "./show.js";

// Cards and rows in the page at first: more are shown when they are asked for.
const CARDS = 120;
const ROWS = 60;
const REFRESH = 5 * 60_000;
const SVG = "http://www.w3.org/2000/svg";

const cards = document.getElementById("cards");
const heat = document.getElementById("heat");
const template = document.getElementById("card");
const items = new Map();
const rows = new Map();
const nodes = new Map();
let everything = false;

if (cards) {
  begin(cards.dataset.from);
  for (const item of cards.children) {
    items.set(item.dataset.name, item);
    know(item.dataset.name, item.querySelector(".bar").dataset.day);
  }
  const named = (bar) => bar.closest("[data-name]").dataset.name;
  answer(cards, named);
  answer(heat, named);
  onWish(arrange);
  document.querySelector("#more button").addEventListener("click", () => { everything = true; arrange(); });
  const again = () => refresh().then((done) => { if (done) bars(); }, () => {});
  setInterval(() => { if (!document.hidden) again(); }, REFRESH);
  setInterval(() => { if (!document.hidden && over()) again(); }, 20_000);
  // A stream that goes on from the drawn page tells only what changes: the nodes
  // are told in whole once, for search and order. Else it tells all by itself.
  if (document.body.dataset.stream.includes("after=")) {
    fetch("/api/v1/nodes").then((told) => (told.ok ? told.json() : [])).then((all) => {
      for (const node of all) if (!nodes.has(node.name)) nodes.set(node.name, node);
      later();
    }, () => {});
  } else {
    again();
  }
}

// What the counters say.
const counted = () => [...document.querySelectorAll("#counts .number")].map((number) => number.textContent).join(" ");

export function fleet({ verdict, state, counts, nodes: count, groups }) {
  const head = document.getElementById("verdict");
  head.closest("section").dataset.state = state;
  if (head.textContent !== verdict) head.replaceChildren(...whole(verdict));
  const before = counted();
  for (const item of document.querySelectorAll("#counts li")) {
    const number = counts[item.dataset.standing];
    item.toggleAttribute("data-none", number === 0);
    item.querySelector(".number").textContent = number;
  }
  document.getElementById("nodes-count").textContent = count;
  grouped(groups ?? []);
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

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Each group as its worst member; kept in place, so that the keyboard's is.
function grouped(groups) {
  const list = document.getElementById("groups");
  list.hidden = groups.length === 0;
  const kept = new Map([...list.children].map((item) => [item.firstElementChild.dataset.group, item]));
  groups.forEach((group, place) => {
    let item = kept.get(group.name);
    kept.delete(group.name);
    if (!item) {
      item = document.createElement("li");
      const button = element("button", "", { type: "button", "data-group": group.name, "aria-pressed": wish.group === group.name });
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("class", "shape");
      svg.setAttribute("aria-hidden", "true");
      svg.append(document.createElementNS(SVG, "use"));
      button.append(svg, element("span", group.name, { class: "name" }), " ", element("span", "", { class: "number" }), " ", element("span", "", { class: "worst" }));
      item.append(button);
    }
    item.dataset.standing = group.worst;
    item.querySelector("use").setAttribute("href", `#mood-${group.worst}`);
    item.querySelector(".number").textContent = group.nodes;
    item.querySelector(".worst").textContent = group.worst;
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  for (const item of kept.values()) item.remove();
}

export function card(node) {
  const before = nodes.get(node.name);
  nodes.set(node.name, node);
  lived(node);
  const item = items.get(node.name);
  if (item) {
    fill(item, node);
    draw(item.querySelector(".bar"), node.name);
  }
  const row = wish.view === "heat" && rows.get(node.name);
  if (row) colour(row, node);
  const moved = !before || wish.sort !== "worst" || standing(before) !== standing(node) || before.group !== node.group;
  if (moved || !item) later();
}

// Many changes are one new order.
let waiting = false;
function later() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    arrange();
  }, nodes.size > 300 ? 500 : 50);
}

function arrange() {
  const wanted = found(nodes.size ? nodes.values() : []);
  if (!nodes.size) return;
  document.getElementById("nobody")?.remove();
  const limit = everything ? Infinity : CARDS;
  const heatmap = wish.view === "heat";
  cards.hidden = heatmap;
  heat.hidden = !heatmap;
  document.getElementById("none").hidden = wanted.length > 0;
  const more = document.getElementById("more");
  more.hidden = heatmap || wanted.length <= limit;
  more.firstElementChild.textContent = `Show all ${wanted.length}`;
  const shown = heatmap ? Math.min(wanted.length, ROWS) : Math.min(wanted.length, limit);
  document.getElementById("nodes-shown").textContent = wanted.length === nodes.size && shown === nodes.size ? "" : `, ${wanted.length} found, ${shown} shown`;
  if (heatmap) heated(wanted);
  else order(cards, wanted.slice(0, limit).map(made));
}

// Moves only what stands elsewhere, and keeps the keyboard's place.
function order(list, wanted) {
  const keep = new Set(wanted);
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  for (const item of [...list.children]) if (!keep.has(item)) item.remove();
  wanted.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function made(node) {
  let item = items.get(node.name);
  if (!item) {
    item = template.content.firstElementChild.cloneNode(true);
    item.dataset.name = node.name;
    link(item.querySelector("[data-slot=name]"), node.name);
    item.querySelector(".bar").setAttribute("aria-label", `${node.name}, last 24 hours`);
    items.set(node.name, item);
    fill(item, node);
    draw(item.querySelector(".bar"), node.name);
  }
  return item;
}

function link(anchor, name) {
  anchor.textContent = name;
  anchor.href = `/nodes/${encodeURIComponent(name)}`;
}

function bars() {
  for (const [name, item] of items) draw(item.querySelector(".bar"), name);
  if (wish.view === "heat") arrange();
}

// The heatmap: a row for each of the worst, and all the others as shares of
// moods, so that it can be read with one node and with 2,000.
function heated(wanted) {
  const weight = { c: 1000, s: 30, ".": 10 };
  const bad = (node) => [...day(node.name)].reduce((sum, letter) => sum + (weight[letter] ?? 0), 0);
  const ordered = wish.sort === "worst" ? wanted.map((node) => [bad(node), node]).sort((a, b) => b[0] - a[0]).map(([, node]) => node) : wanted;
  const alone = ordered.length <= ROWS * 1.5 ? ordered : ordered.slice(0, ROWS);
  order(heat.querySelector(".rows"), alone.map((node) => {
    let row = rows.get(node.name);
    if (!row) {
      row = element("li", "", { "data-name": node.name });
      const anchor = document.createElement("a");
      link(anchor, node.name);
      const bar = element("div", "", { class: "bar", role: "slider", tabindex: "0", "aria-label": `${node.name}, last 24 hours`, "aria-valuemin": 0, "aria-valuemax": 95, "aria-valuenow": 95 });
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", "0 0 96 24");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-hidden", "true");
      bar.append(svg);
      row.append(anchor, bar);
      rows.set(node.name, row);
    }
    colour(row, node);
    return row;
  }));
  const rest = ordered.slice(alone.length);
  const figure = heat.querySelector(".rest");
  figure.hidden = rest.length === 0;
  if (rest.length) others(figure, rest);
}

function colour(row, node) {
  row.dataset.standing = standing(node);
  draw(row.lastElementChild, node.name);
}

function others(figure, rest) {
  const STACK = [["c", "crisis"], ["s", "stressed"], ["?", "learning"], ["h", "happy"], ["b", "bored"]];
  const rects = [];
  const letters = rest.map((node) => day(node.name));
  for (let place = 0; place < 96; place += 1) {
    let top = 0;
    for (const [letter, word] of STACK) {
      const high = (letters.filter((each) => each[place] === letter).length * 100) / rest.length;
      if (high === 0) continue;
      const rect = document.createElementNS(SVG, "rect");
      rect.dataset.standing = word;
      for (const [key, value] of Object.entries({ x: place, y: top.toFixed(2), width: 1, height: high.toFixed(2) })) rect.setAttribute(key, value);
      rects.push(rect);
      top += high;
    }
  }
  figure.querySelector("figcaption").textContent = `The other ${rest.length}, as shares of moods`;
  figure.querySelector("svg").replaceChildren(...rects);
}

