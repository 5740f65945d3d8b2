// Searching, sorting, groups, and cards or heatmap; what is chosen stands in
// the address, so that it can be kept and sent.
import { rank, standing } from "./show.js";

const tools = document.getElementById("tools");
const names = new Intl.Collator(undefined, { numeric: true });
const asked = new URLSearchParams(location.search);

export const wish = {
  words: asked.get("q") ?? "",
  sort: asked.get("sort") ?? "worst",
  group: asked.get("group") ?? "",
  view: asked.get("view") === "heat" ? "heat" : "cards",
};

const number = (node, vital) => (node.silent ? undefined : node.vitals[vital]?.value) ?? -Infinity;
const byName = (a, b) => names.compare(a.name, b.name);
const worst = (a, b) => rank(standing(a)) - rank(standing(b)) || byName(a, b);
const ORDERS = {
  worst,
  name: byName,
  temperature: (a, b) => number(b, "temperature") - number(a, "temperature") || byName(a, b),
  load1: (a, b) => number(b, "load1") - number(a, "load1") || byName(a, b),
  seen: (a, b) => (Date.parse(a.last_seen) || 0) - (Date.parse(b.last_seen) || 0) || byName(a, b),
};

function fits(node, words) {
  if (wish.group && node.group !== wish.group) return false;
  const text = [node.name, node.group ?? "", standing(node), node.hardware ?? "", node.character ?? "", ...node.labels].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

// The nodes that are wanted, in the order that is wanted.
export function found(nodes) {
  const words = wish.words.toLowerCase().split(/\s+/).filter(Boolean);
  return [...nodes].filter((node) => fits(node, words)).sort(ORDERS[wish.sort] ?? worst);
}

export function onWish(changed) {
  if (!tools) return;
  const search = document.getElementById("search");
  const sort = document.getElementById("sort");
  const show = () => {
    for (const button of tools.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === wish.view);
    for (const button of document.querySelectorAll("[data-group]")) button.setAttribute("aria-pressed", button.dataset.group === wish.group);
  };
  const tell = () => {
    const query = new URLSearchParams();
    if (wish.words) query.set("q", wish.words);
    if (wish.sort !== "worst") query.set("sort", wish.sort);
    if (wish.group) query.set("group", wish.group);
    if (wish.view !== "cards") query.set("view", wish.view);
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    show();
    changed();
  };
  search.value = wish.words;
  sort.value = wish.sort in ORDERS ? wish.sort : "worst";
  show();
  tools.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", () => { wish.words = search.value; tell(); });
  sort.addEventListener("change", () => { wish.sort = sort.value; tell(); });
  tools.addEventListener("click", (event) => {
    const view = event.target.closest("[data-view]")?.dataset.view;
    if (view) { wish.view = view; tell(); }
  });
  document.getElementById("groups").addEventListener("click", (event) => {
    const group = event.target.closest("[data-group]")?.dataset.group;
    if (group !== undefined) { wish.group = wish.group === group ? "" : group; tell(); }
  });
}
