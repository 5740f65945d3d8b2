// A list of events, newest first; the page of events and a node's page have one.
import { spoken } from "./taste.js";
import { tell } from "./time.js";

const MOST = 200;
const list = document.getElementById("events");
const template = document.getElementById("event");

// A star stands for any characters, as in the store's search.
const fits = (pattern, kind) => new RegExp(`^${pattern.replace(/[.]/g, "\\.").replaceAll("*", ".*")}$`).test(kind);

export function events(event) {
  if (!list) return;
  const { kind, node } = list.dataset;
  if ((kind && !fits(kind, event.kind)) || (node && node !== event.node)) return;
  if (list.querySelector(`[data-id="${CSS.escape(event.id)}"]`)) return;
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.id = event.id;
  tell(item.querySelector("time"), event.at);
  item.querySelector(".kind").textContent = event.kind.replaceAll("_", " ");
  // A sentence that begins with the node's name carries the link there.
  const said = spoken(event);
  const named = event.node && said.startsWith(event.node) && /^[^\w-]/.test(said.slice(event.node.length));
  item.querySelector("[data-slot=words]").textContent = named ? said.slice(event.node.length) : ` ${said}`;
  const anchor = item.querySelector("a");
  anchor.toggleAttribute("hidden", !event.node);
  if (event.node) {
    anchor.textContent = event.node;
    anchor.href = `/nodes/${encodeURIComponent(event.node)}`;
  }
  // A character's words stand beside the facts that they speak of.
  const facts = event.kind === "says" || event.kind === "tells" ? (event.payload.facts ?? []) : undefined;
  item.classList.toggle("voice", facts !== undefined);
  const told = item.querySelector(".facts-of");
  told.hidden = !facts?.length;
  told.replaceChildren(...(facts ?? []).map((fact) => {
    const line = document.createElement("li");
    line.textContent = `${String(fact.slot).replaceAll("_", " ")}: ${fact.text}`;
    return line;
  }));
  list.prepend(item);
  while (list.children.length > MOST) list.lastElementChild.remove();
  document.getElementById("no-events")?.toggleAttribute("hidden", true);
}
