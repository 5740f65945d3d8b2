// What cards and a node's page share: filling the slots that the server drew.
import { words } from "./taste.js";
import { tell } from "./time.js";

const WORST_FIRST = ["crisis", "silent", "stressed", "learning", "happy", "bored"];
const BUCKET = 15_000;
const POINTS = 60;

export function standing(node) {
  if (node.silent) return "silent";
  return node.mood ?? "learning";
}

export const rank = (word) => WORST_FIRST.indexOf(word);

// At most two places, fewer as the number grows.
function digits(number) {
  const size = Math.abs(number);
  return String(Number(number.toFixed(size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2)));
}

// As `quantity` in fleet/words.rs.
export function show({ value, unit }) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  switch (unit) {
    case "": return digits(value);
    case "°C": return `${value.toFixed(1)} ${unit}`;
    case "MHz": case "rpm": return `${value.toFixed(0)} ${unit}`;
    case "B/s": {
      if (value < 999.5) return `${value.toFixed(0)} B/s`;
      const [size, name] = value < 999.5e3 ? [1e3, "kB/s"] : value < 999.5e6 ? [1e6, "MB/s"] : [1e9, "GB/s"];
      return `${digits(value / size)} ${name}`;
    }
    default: return `${digits(value)} ${unit}`;
  }
}

export function text(root, slot, words) {
  const element = root.querySelector(`[data-slot="${slot}"]`);
  if (element && element.textContent !== words) element.textContent = words;
  return element;
}

// A new element at the end of another, with its class and words.
export function add(into, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  into.append(element);
  return element;
}

function shown(root, slot, yes) {
  root.querySelector(`[data-slot="${slot}"]`)?.toggleAttribute("hidden", !yes);
}

// Fills what a card and the head of a node's page have in common.
export function fill(root, node) {
  const word = standing(node);
  if (root.dataset.standing !== word) {
    root.dataset.standing = word;
    root.querySelector("[data-slot=shape]")?.setAttribute("href", `#mood-${word}`);
    text(root, "mood", word);
  }
  tell(root.querySelector("[data-slot=since]"), node.silent ? node.last_seen : node.since);
  tell(root.querySelector("[data-slot=seen]"), node.last_seen);
  const why = node.because.map((cause) => cause.words).join("; ");
  text(root, "why", why)?.toggleAttribute("hidden", !why);
  shown(root, "simulated", node.simulated);
  shown(root, "learning", node.learning && word !== "learning");
  const flag = (name) => node.vitals[name]?.value === true;
  shown(root, "throttled", flag("throttled_now"));
  shown(root, "under-voltage", flag("under_voltage_now"));
  shown(root, "unreadable", node.unreadable_version !== null);
  const since = (name) => flag(`${name}_since_boot`) && !flag(`${name}_now`);
  shown(root, "throttled-before", since("throttled"));
  shown(root, "under-voltage-before", since("under_voltage"));
  shown(root, "read-only", (node.vitals.read_only_mounts?.value ?? 0) >= 0.5);
  shown(root, "failed", (node.vitals.failed_units?.value ?? 0) >= 0.5);
  text(root, "group", node.group ?? "")?.toggleAttribute("hidden", !node.group);
  if (node.interval_s !== null) root.dataset.interval = node.interval_s;
  gauge(root, "temperature", node);
  gauge(root, "load1", node);
  const said = node.last_said;
  root.querySelector("[data-slot=said]")?.toggleAttribute("hidden", !said);
  if (said) {
    text(root, "said-text", words(said));
    text(root, "said-by", said.by);
    text(root, "said-kind", said.kind === "fact" ? "" : ` (${said.kind})`);
    tell(root.querySelector("[data-slot=said-at]"), said.at);
  }
}

function gauge(root, name, node) {
  const vital = node.vitals[name];
  const element = text(root, name, vital ? show(vital) : "not measured");
  const spark = element?.parentElement.querySelector("svg");
  if (!spark || !vital || node.silent) return;
  const bucket = Math.floor(Date.parse(node.last_seen) / BUCKET);
  spark.trace ??= (spark.dataset.trace || "").split(" ").filter(Boolean).map(Number);
  if (spark.bucket === bucket) spark.trace.pop();
  spark.bucket = bucket;
  spark.trace.push(vital.value);
  if (spark.trace.length > POINTS) spark.trace.shift();
  spark.firstElementChild.setAttribute("points", polyline(spark.trace, name));
}

// As `polyline` in web/draw.rs.
function polyline(trace, name) {
  const [least, span] = name === "temperature" ? [Math.min(...trace), 10] : [0, 1];
  const most = Math.max(...trace, least + span);
  const at = (value, i) => {
    const x = trace.length === 1 ? 100 : (i * 100) / (trace.length - 1);
    return `${x.toFixed(1)},${(23 - ((value - least) / (most - least)) * 22).toFixed(1)}`;
  };
  const points = trace.map(at);
  return (trace.length === 1 ? [points[0].replace(/^[^,]+/, "0"), ...points] : points).join(" ");
}
