// The charts of a node's past and the ribbon of its moods over the same time.
// uPlot draws; what it shows is told in words beside it.
import { cause } from "./bars.js";
import { show } from "./show.js";

const AXIS = 64; // px: the ribbon begins where the charts do
const EDGE = 12;
const HIGH = 150;
const LATER = { hour: 30_000, day: 60_000, week: 300_000, month: 600_000 };
// As `look` in pages/bar.rs, for a mood by its name.
const HEIGHTS = { bored: 8, happy: 12, stressed: 18, crisis: 24 };
const SVG = "http://www.w3.org/2000/svg";

const panel = document.querySelector(".past");
const node = panel.dataset.node;
const ribbon = document.getElementById("ribbon");
const state = document.getElementById("past-state");
const figures = [...panel.querySelectorAll(".chart")];
const plots = new Map();
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const when = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

let span = new URLSearchParams(location.search).get("span") ?? "day";
if (!(span in LATER)) span = "day";
let history;
let again;

// Loaded while the past is asked for.
const library = import("./uplot.js").then((module) => module.default, () => undefined);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

async function load() {
  clearTimeout(again);
  for (const button of panel.querySelectorAll("[data-span]")) button.setAttribute("aria-pressed", button.dataset.span === span);
  const asked = span;
  try {
    const answer = await fetch(`/api/v1/nodes/${encodeURIComponent(node)}/history?span=${span}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const told = await answer.json();
    const uPlot = await library;
    if (asked !== span) return;
    if (!uPlot) throw new Error("the drawing library could not be loaded");
    history = told;
    state.textContent = told.reports.some((count) => count > 0) ? "" : "Nothing is recorded of that time.";
    draw(uPlot);
  } catch (error) {
    state.textContent = `The past can't be shown: ${error.message}.`;
  }
  again = setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", load, { once: true }) : load()), LATER[span]);
}

// A single step without a report is a node's pace, not a gap: the line goes on.
function lined(values, reports) {
  return values.map((value, i) => (value === null && reports[i] === 0 && reports[i - 1] > 0 && reports[i + 1] > 0 ? undefined : value));
}

function draw(uPlot) {
  const begin = Date.parse(history.from) / 1000;
  const times = history.reports.map((_, i) => begin + i * history.step_s);
  for (const figure of figures) {
    const items = [...figure.querySelectorAll("[data-vital]")];
    for (const item of items) item.hidden = !history.vitals[item.dataset.vital];
    const known = items.filter((item) => !item.hidden);
    figure.hidden = known.length === 0;
    if (figure.hidden) continue;
    const series = known.map((item) => history.vitals[item.dataset.vital]);
    const data = [times, ...series.map((each) => lined(each.mean, history.reports))];
    if (series.length === 1 && !("flags" in figure.dataset)) data.push(lined(series[0].max, history.reports), lined(series[0].min, history.reports));
    const key = known.map((item) => item.dataset.vital).join() + span;
    const old = plots.get(figure);
    if (old?.key === key) old.plot.setData(data);
    else {
      old?.plot.destroy();
      plots.set(figure, { key, plot: plot(uPlot, figure, known, data) });
    }
    told(figure, known, undefined);
    describe(figure, known, series);
  }
  document.getElementById("no-psi").hidden = "psi_cpu_some" in history.vitals || !history.reports.some((count) => count > 0);
  ribboned();
}

const unit = (figure) => figure.dataset.unit;
const flags = (figure) => "flags" in figure.dataset;
const said = (figure, value) => (flags(figure) ? (value > 0 && value < 1 ? `${Math.round(value * 100)} % of it` : value > 0 ? "yes" : "no") : show({ value, unit: unit(figure) }));

function plot(uPlot, figure, known, data) {
  const muted = colour("--muted");
  const line = colour("--line");
  const font = "12px system-ui, sans-serif";
  const strokes = known.map((_, i) => colour(`--c${i + 1}`));
  const series = known.map((item, i) => {
    item.style.setProperty("--stroke", strokes[i]);
    return { stroke: strokes[i], width: 2, dash: [[], [8, 4], [2, 3], [10, 3, 2, 3]][i], points: { show: false } };
  });
  const band = data.length - 1 > known.length;
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  const options = {
    width: width(figure),
    height: flags(figure) ? 90 : HIGH,
    legend: { show: false },
    padding: [8, EDGE, 0, 0],
    cursor: { sync: { key: "past" }, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
    bands: band ? [{ series: [2, 3], fill: colour("--band") }] : [],
    series: [{}, ...series, ...(band ? [edge, edge] : [])],
    scales: { x: { range: () => [data[0][0], data[0][0] + history.step_s * history.reports.length] }, y: { range: (_, least, most) => range(figure, least, most) } },
    axes: [
      { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, size: 28, space: 64,
        values: (_, ticks, __, ___, step) => ticks.map((tick) => (step >= 86_400 || span === "week" || span === "month" ? date : hour).format(tick * 1000)) },
      { stroke: muted, font, size: AXIS, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 36,
        values: (_, ticks) => ticks.map((tick) => (flags(figure) ? (tick === 0 ? "no" : tick === 1 ? "yes" : "") : show({ value: tick, unit: unit(figure) === "°C" ? "" : unit(figure) }))) },
    ],
    hooks: { draw: [moods], setCursor: [(self) => told(figure, known, self.cursor.idx ?? undefined)] },
  };
  const place = figure.querySelector(".plot");
  place.replaceChildren();
  return new uPlot(options, data, place);
}

// The moods, on every chart's own axis of time.
function moods(self) {
  const { ctx, bbox } = self;
  const high = 5 * devicePixelRatio;
  ctx.save();
  history.mood.forEach((mood, i) => {
    if (!mood) return;
    const start = Date.parse(history.from) / 1000 + i * history.step_s;
    const x = self.valToPos(start, "x", true);
    ctx.fillStyle = colour(`--${mood}`);
    ctx.fillRect(x, bbox.top + bbox.height - high, self.valToPos(start + history.step_s, "x", true) - x + 0.5, high);
  });
  ctx.restore();
}

// A flat line lies low, and percentages begin at nothing.
function range(figure, least, most) {
  if (flags(figure)) return [-0.1, 1.1];
  if (least === null || most === null) return [0, 1];
  if (unit(figure) === "°C") return [Math.floor(Math.min(least, most - 8) - 1), Math.ceil(most + 1)];
  if (unit(figure) === "%") return [0, Math.min(100, Math.max(10, most * 1.15))];
  return [0, Math.max(most * 1.15, unit(figure) ? 1 : 1)];
}

const width = (figure) => Math.max(200, figure.querySelector(".plot").clientWidth);

// The values under the cursor, else the newest.
function told(figure, known, index) {
  for (const item of known) {
    const { mean } = history.vitals[item.dataset.vital];
    let at = index;
    if (at === undefined) at = mean.findLastIndex((value) => value !== null);
    const value = mean[at] ?? null;
    item.querySelector(".number").textContent = value === null ? "nothing" : said(figure, value);
  }
}

// What a screen reader is told instead of the picture.
function describe(figure, known, series) {
  const each = known.map((item, i) => {
    const { min, max, mean } = series[i];
    const name = item.querySelector(".name").textContent;
    const present = mean.filter((value) => value !== null);
    if (present.length === 0) return `${name}: nothing`;
    if (flags(figure)) return `${name}: ${max.some((value) => value > 0) ? "at times" : "never"}`;
    const least = Math.min(...min.filter((value) => value !== null));
    const most = Math.max(...max.filter((value) => value !== null));
    return `${name}: from ${said(figure, least)} to ${said(figure, most)}, last ${said(figure, present.at(-1))}`;
  });
  figure.querySelector(".plot").setAttribute("aria-label", `${figure.querySelector("h3").textContent} over the last ${span}. ${each.join(". ")}.`);
}

function ribboned() {
  const steps = history.mood.length;
  const svg = ribbon.firstElementChild;
  svg.setAttribute("viewBox", `0 0 ${steps} 24`);
  const rects = [];
  for (let start = 0; start < steps; ) {
    let end = start + 1;
    while (end < steps && history.mood[end] === history.mood[start]) end += 1;
    const mood = history.mood[start];
    if (mood) {
      const rect = document.createElementNS(SVG, "rect");
      rect.dataset.standing = mood;
      for (const [key, value] of Object.entries({ x: start, y: 24 - HEIGHTS[mood], width: end - start, height: HEIGHTS[mood] })) rect.setAttribute(key, value);
      rects.push(rect);
    }
    start = end;
  }
  svg.replaceChildren(...rects);
  ribbon.parentElement.hidden = rects.length === 0;
  ribbon.setAttribute("aria-valuemax", steps - 1);
  ribbon.setAttribute("aria-valuenow", steps - 1);
  ribbon.setAttribute("aria-valuetext", moment(steps - 1).text);
}

function moment(index) {
  const start = Date.parse(history.from) + index * history.step_s * 1000;
  const word = history.mood[index] ?? "nothing heard";
  const why = cause(history.turns, word, start + history.step_s * 1000);
  return { text: `${when.format(start)}: ${word}${why ? `. ${why}` : ""}` };
}

const tip = document.getElementById("tip");
function point(index, spoken) {
  if (!history) return;
  const box = ribbon.getBoundingClientRect();
  const { text } = moment(index);
  ribbon.setAttribute("aria-valuenow", index);
  if (spoken) ribbon.setAttribute("aria-valuetext", text);
  tip.textContent = text;
  tip.hidden = false;
  const mine = tip.getBoundingClientRect();
  const x = box.left + ((index + 0.5) / history.mood.length) * box.width;
  tip.style.left = `${Math.max(8, Math.min(x - mine.width / 2, innerWidth - mine.width - 8))}px`;
  tip.style.top = `${Math.max(8, box.top - mine.height - 8)}px`;
}

const hide = () => { tip.hidden = true; };
const pointed = (event) => {
  const box = ribbon.getBoundingClientRect();
  const steps = history?.mood.length ?? 1;
  point(Math.max(0, Math.min(steps - 1, Math.floor(((event.clientX - box.left) / box.width) * steps))));
};
ribbon.addEventListener("pointermove", pointed);
ribbon.addEventListener("pointerdown", pointed);
ribbon.addEventListener("pointerleave", hide);
ribbon.addEventListener("blur", hide);
ribbon.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  const steps = history?.mood.length ?? 1;
  const now = Number(ribbon.getAttribute("aria-valuenow"));
  const at = { ArrowLeft: now - 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowUp: now + 1, PageDown: now - 12, PageUp: now + 12, Home: 0, End: steps - 1 }[event.key];
  if (at === undefined) return;
  event.preventDefault();
  point(Math.max(0, Math.min(steps - 1, at)), true);
});

panel.addEventListener("click", (event) => {
  const wanted = event.target.closest("[data-span]")?.dataset.span;
  if (!wanted) return;
  span = wanted;
  const query = span === "day" ? location.pathname : `?span=${span}`;
  globalThis.history.replaceState(null, "", query);
  load();
});

new ResizeObserver(() => {
  for (const [figure, { plot }] of plots) {
    const now = width(figure);
    if (!figure.hidden && Math.abs(plot.width - now) > 1) plot.setSize({ width: now, height: plot.height });
  }
}).observe(panel);

// The canvases can't follow the scheme by themselves.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { plot } of plots.values()) plot.destroy();
  plots.clear();
  load();
});

load();
