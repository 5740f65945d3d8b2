// What operators change: groups, labels, quiet times, and the test of calls.
// Who has no token for it is asked to sign in.
import { ages } from "./time.js";

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 401) {
    location.assign(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
    return undefined;
  }
  const text = await answer.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = { error: text.trim() };
  }
  if (!answer.ok) throw new Error(told.error ?? answer.statusText);
  return told;
}

// Says what became of it, in the panel that asked.
async function act(element, done, work) {
  const back = element.closest("section").querySelector("[data-back]");
  back.textContent = "…";
  try {
    const told = await work();
    if (told !== undefined) back.textContent = done(told);
  } catch (error) {
    back.textContent = error.message;
  }
}

const stamp = (local) => (local ? new Date(local).toISOString() : undefined);
const reload = () => { location.reload(); return "kept"; };

document.addEventListener("submit", (event) => {
  const form = event.target;
  const given = Object.fromEntries(new FormData(form));
  if (form.dataset.act === "tag") {
    event.preventDefault();
    const labels = given.labels.split(",").map((label) => label.trim()).filter(Boolean);
    act(form, () => "Kept.", () => ask("PUT", `/api/v1/nodes/${encodeURIComponent(form.dataset.node)}/tag`, { group: given.group.trim() || null, labels }));
  }
  if (form.dataset.act === "quiet") {
    event.preventDefault();
    const scope = given.scope === "all" ? {} : { [given.scope]: given.name.trim() };
    act(form, reload, () => ask("POST", "/api/v1/quiet", { ...scope, from: stamp(given.from), until: stamp(given.until), reason: given.reason }));
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const { act: what, id, node, hours } = button.dataset;
  if (what === "test") {
    const told = (tries) => tries.map((one) => `${one.place}: ${one.arrived ? "it arrived" : one.error}`).join("; ");
    act(button, told, () => ask("POST", "/api/v1/calls/test"));
  }
  if (what === "end") act(button, reload, () => ask("DELETE", `/api/v1/quiet/${encodeURIComponent(id)}`));
  if (what === "mute") {
    const until = new Date(Date.now() + Number(hours) * 3_600_000).toISOString();
    act(button, () => `Nobody is called for ${node} for ${hours} h.`, () => ask("POST", "/api/v1/quiet", { node, until, reason: "muted" }));
  }
});

if (document.body.dataset.page === "calls") ages();
