// Keeps the page as the coordinator tells it. What a node says reaches the
// page through `textContent` and attributes only, never as markup.
import { follow } from "./stream.js";
import { ages } from "./time.js";
import { fleet, card } from "./fleet.js";
import { node } from "./node.js";
import { events } from "./events.js";
import "./care.js";

const page = document.body.dataset.page;
const link = document.getElementById("link");

ages();
if (page === "node") import("./charts.js");
const cast = page === "cast" ? import("./cast.js") : undefined;
follow({
  path: document.body.dataset.stream,
  state(word, text) {
    if (link.dataset.link === word) return;
    link.dataset.link = word;
    document.body.toggleAttribute("data-lost", word === "lost");
    link.textContent = text;
  },
  on: {
    node: page === "fleet" ? card : page === "node" ? node : undefined,
    fleet: page === "fleet" ? fleet : undefined,
    event: page === "fleet" ? undefined : cast ? (told) => cast.then(({ heard }) => heard(told)) : events,
    // The coordinator began anew, or too much was missed: start from its own page.
    reset: () => location.reload(),
  },
});

// What the coordinator itself lacks: without its broker it hears no node, and
// what stands here only seems to be so.
const house = document.getElementById("house");
async function ready() {
  if (document.hidden || document.body.hasAttribute("data-lost")) return;
  try {
    const answer = await fetch("/readyz", { cache: "no-store" });
    const words = answer.ok ? "" : `The coordinator lacks something: ${(await answer.text()).trim()}. What stands here may be old.`;
    if (house.textContent !== words) house.textContent = words;
    house.hidden = answer.ok;
    document.body.toggleAttribute("data-deaf", !answer.ok);
  } catch {
    // The stream tells of a lost connection.
  }
}
if (house) {
  ready();
  setInterval(ready, 5000);
}
