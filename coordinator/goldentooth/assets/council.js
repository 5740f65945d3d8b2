// The council about one node: who sees what, the most alarmed first.
import { add } from "./show.js";

const WORDS = { alarmed: "alarmed", uneasy: "uneasy", calm: "calm", blind: "blind" };
// The standing whose shape and colour a verdict has.
const LOOKS = { alarmed: "crisis", uneasy: "stressed", calm: "happy", blind: "silent" };
const SVG = "http://www.w3.org/2000/svg";
const LATER = 15_000;

const choice = document.getElementById("council-node");
const finding = document.getElementById("finding");
const seats = document.getElementById("seats");
const scale = document.getElementById("scale");

function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// How many are on which side, as a bar.
function weigh({ readings }) {
  let at = 0;
  scale.replaceChildren(...Object.keys(WORDS).flatMap((verdict) => {
    const count = readings.filter((one) => one.verdict === verdict).length;
    if (count === 0) return [];
    const width = (count * 100) / readings.length;
    const rect = drawn("rect", { x: at, y: 0, width, height: 4, "data-standing": LOOKS[verdict] });
    at += width;
    return [rect];
  }));
}

function seat({ by, name, verdict, words }) {
  const item = document.createElement("li");
  item.dataset.standing = LOOKS[verdict];
  item.dataset.verdict = verdict;
  const arms = document.querySelector(`#cast-${CSS.escape(by)} .arms`)?.cloneNode(true);
  if (arms) item.append(arms);
  const head = add(item, "p", "seat-head");
  const link = add(head, "a", "", name);
  link.href = `#cast-${by}`;
  const mood = add(item, "p", "mood");
  const shape = drawn("svg", { class: "shape", "aria-hidden": "true" });
  shape.append(drawn("use", { href: `#mood-${LOOKS[verdict]}` }));
  mood.append(shape, ` ${WORDS[verdict]}`);
  add(item, "p", "seat-words", words);
  return item;
}

let asked = 0;
async function look() {
  const mine = (asked += 1);
  const node = choice.value;
  try {
    const answer = await fetch(`/api/v1/nodes/${encodeURIComponent(node)}/council`);
    const told = await answer.json();
    if (mine !== asked) return;
    if (!answer.ok) throw new Error(told.error);
    // Told aloud only when it changes.
    if (finding.textContent !== told.words) finding.textContent = told.words;
    finding.dataset.finding = told.finding;
    weigh(told);
    seats.replaceChildren(...told.readings.map(seat));
  } catch (error) {
    finding.textContent = `The council can't be asked: ${error.message}.`;
  }
}

if (choice) {
  const wanted = new URLSearchParams(location.search).get("node");
  // A large fleet's list is cut short; a node that is asked for is in it.
  if (wanted && ![...choice.options].some((option) => option.value === wanted)) add(choice, "option", "", wanted).value = wanted;
  if (wanted) choice.value = wanted;
  choice.addEventListener("change", () => {
    history.replaceState(null, "", `?node=${encodeURIComponent(choice.value)}#council`);
    look();
  });
  choice.form.addEventListener("submit", (event) => event.preventDefault());
  setInterval(() => { if (!document.hidden && !seats.contains(document.activeElement)) look(); }, LATER);
  look();
}
