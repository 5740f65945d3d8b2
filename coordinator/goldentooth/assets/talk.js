// The conversation on the page of the cast. Names behind an @ are completed as
// one writes; each answer stands beside what it stands on.
import { add, show } from "./show.js";
import { flavour } from "./taste.js";

const form = document.getElementById("ask-form");
const input = document.getElementById("ask-text");
const list = document.getElementById("ask-names");
const log = document.getElementById("log");
const SHOWN = 6;
const when = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

// Who one is to the cast: a number of this browser's, so that a follow-up
// follows one's own question.
function person() {
  try {
    let known = localStorage.getItem("person");
    if (!known) {
      known = `page-${Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
      localStorage.setItem("person", known);
    }
    return known;
  } catch {
    return "page";
  }
}
const me = person();

const nameOf = (id) => document.getElementById(`cast-${id}`)?.dataset.name ?? id;

function asked(text) {
  add(log, "p", "asked", text);
}

function replied({ by, text, kind, facts, mind }) {
  const reply = add(log, "div", "reply");
  const arms = document.getElementById(`cast-${by}`)?.querySelector(".arms").cloneNode(true);
  if (arms) reply.append(arms);
  else add(reply, "span");
  const whose = [nameOf(by), kind && kind !== "fact" && `a ${kind}`, mind && mind !== "understudy" && `in the words of ${mind}`];
  add(reply, "p", "by", whose.filter(Boolean).join(", "));
  add(reply, "p", "text", text);
  if (facts?.length) {
    const details = add(reply, "details");
    add(details, "summary", "", facts.length === 1 ? "The fact behind it" : `The ${facts.length} facts behind it`);
    const all = add(details, "ul");
    for (const fact of facts) {
      const item = add(all, "li");
      const link = add(item, "a", "", `${fact.subject}, ${String(fact.kind).replaceAll("_", " ")}: ${value(fact)}`);
      link.href = `/api/v1/facts/${encodeURIComponent(fact.id)}`;
      if (fact.at) add(item, "span", "hint", `, ${when.format(Date.parse(fact.at))}`);
    }
  }
}

// A line that nobody asked for stands where it falls, unless one reads further up.
const MOST = 100;
export function unasked(line) {
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  replied(line);
  while (log.children.length > MOST) log.firstElementChild.remove();
  if (low) down();
}

const value = ({ value, unit }) => (typeof value === "number" || typeof value === "boolean" ? show({ value, unit: unit ?? "" }) : `${value ?? "none"} ${unit ?? ""}`.trim());
const down = () => { log.scrollTop = log.scrollHeight; };

async function ask(text) {
  asked(text);
  const waiting = add(log, "p", "hint", "…");
  down();
  try {
    const answer = await fetch("/api/v1/ask", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text, as: me, flavour }) });
    const told = await answer.json().catch(() => ({ error: answer.statusText }));
    waiting.remove();
    if (answer.ok) told.answers.forEach(replied);
    else add(log, "p", "hint", told.error ?? "No answer.");
  } catch {
    waiting.textContent = "The coordinator does not answer. Your question is not lost: ask it again when it is back.";
    input.value ||= text;
  }
  down();
}

// What this browser asked before, also before a restart of the coordinator.
async function remember() {
  const answer = await fetch("/api/v1/events?kind=answered&limit=200");
  if (!answer.ok || log.querySelector(".asked")) return;
  const mine = (await answer.json()).filter(({ payload }) => payload.person === me).slice(-SHOWN);
  for (const { payload } of mine) {
    asked(payload.question);
    payload.answers.forEach((one) => replied({ ...one, facts: [] }));
  }
  down();
}

// Completion of the name that is being written.
let at = -1;
const options = () => [...list.querySelectorAll('[role="option"]:not([hidden])')];
const begun = () => /(?:^|\s)@([\w-]*)$/.exec(input.value.slice(0, input.selectionStart));

function close() {
  list.hidden = true;
  at = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function mark(next) {
  const all = options();
  at = (next + all.length) % all.length;
  all.forEach((option, place) => option.setAttribute("aria-selected", place === at));
  all[at].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", all[at].id);
}

function complete() {
  const word = begun()?.[1].toLowerCase();
  if (word === undefined) return close();
  for (const option of list.children) option.hidden = !option.textContent.toLowerCase().includes(word);
  if (options().length === 0) return close();
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  mark(0);
}

function take(option) {
  const start = input.selectionStart;
  const before = input.value.slice(0, start).replace(/@[\w-]*$/, `@${option.dataset.name} `);
  input.value = before + input.value.slice(start);
  input.setSelectionRange(before.length, before.length);
  close();
  input.focus();
}

if (form) {
  input.addEventListener("input", complete);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if (event.key === "Enter" || event.key === "Tab") take(options()[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    event.preventDefault();
    take(option);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    close();
    ask(text);
    input.focus();
  });
  document.addEventListener("click", (event) => {
    const { ask: question, to } = event.target.closest("[data-ask], [data-to]")?.dataset ?? {};
    if (question) ask(question);
    if (to) {
      input.value = `${to} `;
      input.focus();
    }
  });
  down();
  remember().catch(() => {});
}
