// A node's own page: its head, every vital and what is known of it.
import { fill, show, text } from "./show.js";

// As `source` in pages/node.rs.
const SOURCES = {
  temperature: "from its temperature",
  no_sensor: "assumed: it has no temperature",
  throttled: "none while it is throttled",
  soft_limit: "none at the soft temperature limit",
};
const root = document.getElementById("node");

export function node(told) {
  if (!root || told.name !== root.dataset.name) return;
  fill(root, told);
  const causes = new Set(told.because.map((cause) => cause.vital));
  for (const row of root.querySelectorAll("tr[data-vital]")) {
    const vital = told.vitals[row.dataset.vital];
    row.toggleAttribute("hidden", !vital);
    row.toggleAttribute("data-cause", causes.has(row.dataset.vital));
    if (vital) row.lastElementChild.textContent = show(vital);
  }
  for (const table of root.querySelectorAll("table")) {
    table.toggleAttribute("hidden", !table.querySelector("tr:not([hidden])"));
  }
  if (told.interval_s !== null) text(root, "interval", `${told.interval_s} s`);
  if (told.budget) {
    const percent = Math.round(told.budget.headroom * 100);
    text(root, "headroom", `${percent} %`);
    text(root, "headroom-source", SOURCES[told.budget.source] ?? "");
    const meter = document.getElementById("headroom");
    if (meter) meter.value = percent;
  }
  text(root, "dropped", String(told.dropped));
}
