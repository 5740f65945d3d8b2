// The box of questions on /cast.
const form = document.querySelector("#ask-form");
const input = document.querySelector("#ask-text");
const log = document.querySelector("#ask-log");

const add = (tag, text, into, className) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  into.append(element);
  return element;
};

const ask = async (text) => {
  const entry = add("article", "", log, "answer");
  add("p", text, entry, "asked");
  try {
    const response = await fetch("/api/v1/ask", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text, as: "page" }),
    });
    const body = await response.json().catch(() => ({ error: response.statusText }));
    if (!response.ok) {
      add("p", body.error ?? "No answer.", entry, "hint");
      return;
    }
    for (const answer of body.answers) {
      const line = add("p", "", entry);
      add("strong", `${answer.by}${answer.kind === "fact" ? "" : ` (${answer.kind})`}: `, line);
      line.append(answer.text);
      if (answer.facts.length === 0) continue;
      const details = add("details", "", entry);
      add("summary", "What it stands on", details);
      const list = add("ul", "", details);
      for (const fact of answer.facts) {
        const item = add("li", "", list);
        const link = add("a", `${fact.subject}: ${fact.kind}`, item);
        link.href = `/api/v1/facts/${fact.id}`;
        item.append(` = ${fact.value} ${fact.unit}`);
      }
    }
  } catch {
    add("p", "The coordinator does not answer.", entry, "hint");
  }
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (text) ask(text);
  input.value = "";
  input.focus();
});
