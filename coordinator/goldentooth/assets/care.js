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
  const back = element.closest("section, [data-acts]").querySelector("[data-back]");
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
    act(form, reload, () => ask("POST", "/api/v1/quiet", { ...scope, cause: given.cause || undefined, from: stamp(given.from), until: stamp(given.until), reason: given.reason }));
  }
});

// What a person wishes of a character; what comes of it is said in its words.
const wish = (element, id, wished) => act(element, ({ words }) => words, () => ask("POST", `/api/v1/cast/${encodeURIComponent(id)}`, wished));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.act !== "guess") return;
  event.preventDefault();
  wish(form, form.dataset.id, { guess: new FormData(form).get("guess").trim() });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const { act: what, id, node, cause, hours, value } = button.dataset;
  if (what === "thumb") wish(button, id, { thumb: value });
  if (what === "silence") {
    wish(button, id, { mute: value === "on" });
    button.dataset.value = value === "on" ? "off" : "on";
    button.textContent = value === "on" ? "Let it speak" : "Mute it";
  }
  if (what === "test") {
    const told = (tries) => tries.map((one) => `${one.place}: ${one.arrived ? "it arrived" : one.error}`).join("; ");
    act(button, told, () => ask("POST", "/api/v1/calls/test"));
  }
  if (what === "end") act(button, reload, () => ask("DELETE", `/api/v1/quiet/${encodeURIComponent(id)}`));
  const member = (path) => () => ask("POST", `/api/v1/nodes/${encodeURIComponent(node)}/${path}`, {});
  if (what === "revoke" && confirm(`Revoke the key of ${node}? Its file opens nothing any more; it stays in view.`)) {
    act(button, () => `${node} is refused until it is enrolled again.`, member("revoke"));
  }
  if (what === "forget" && confirm(`Forget ${node}? Its key is void, and it is gone from every view. Its past is kept.`)) {
    act(button, () => { location.assign("/"); return "forgotten"; }, member("forget"));
  }
  if (what === "mute") {
    const until = new Date(Date.now() + Number(hours) * 3_600_000).toISOString();
    const muted = document.body.dataset.page === "calls" ? reload : () => `Nobody is called for ${node} for ${hours} h.`;
    act(button, muted, () => ask("POST", "/api/v1/quiet", { node, cause, until, reason: "muted" }));
  }
});

if (document.body.dataset.page === "calls") ages();
