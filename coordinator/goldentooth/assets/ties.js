// The graph of ties: whoever is pointed at or focused shows its own alone.
const graph = document.querySelector("svg.ties");
const words = document.getElementById("tie-words");

function show(id) {
  graph.classList.toggle("one", Boolean(id));
  const near = new Set([id]);
  for (const tie of graph.querySelectorAll(".tie")) {
    const { from, to } = tie.dataset;
    const on = from === id || to === id;
    tie.classList.toggle("on", on);
    if (on) near.add(from).add(to);
  }
  for (const knot of graph.querySelectorAll(".knot")) {
    knot.classList.toggle("on", near.has(knot.dataset.id));
    if (knot.dataset.id === id) words.textContent = `${knot.getAttribute("aria-label")}.`;
  }
  if (!id) words.textContent = "Nobody is pointed at.";
}

if (graph) {
  const knot = (event) => event.target.closest?.(".knot")?.dataset.id;
  graph.addEventListener("pointerover", (event) => { if (knot(event)) show(knot(event)); });
  graph.addEventListener("pointerleave", () => show(document.activeElement?.closest?.(".knot")?.dataset.id));
  graph.addEventListener("focusin", (event) => show(knot(event)));
  graph.addEventListener("focusout", () => show());
}
