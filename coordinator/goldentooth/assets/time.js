// Ages that grow, and times in the viewer's own zone.

const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

// As `age` in view/words.rs.
function age(then) {
  const seconds = Math.max(0, Math.floor((Date.now() - then) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

export function tell(element, at) {
  element.closest("[data-when]")?.toggleAttribute("hidden", !at);
  if (!at) return;
  const then = Date.parse(at);
  element.dateTime = at;
  element.title = zoned.format(then);
  const text = element.hasAttribute("data-age") ? age(then) : short.format(then);
  if (element.textContent !== text) element.textContent = text;
}

export function ages() {
  const all = (selector) => document.querySelectorAll(selector);
  for (const element of all("time[data-local]")) tell(element, element.dateTime);
  const tick = () => {
    if (document.hidden) return;
    for (const element of all("time[data-age]")) if (element.dateTime) tell(element, element.dateTime);
    // What is older than the node's own pace allows is not shown as if it were so now.
    for (const root of all("[data-interval]")) {
      const seen = Date.parse(root.querySelector("[data-slot=seen]")?.dateTime);
      root.toggleAttribute("data-stale", Date.now() - seen > Number(root.dataset.interval) * 2500 + 5000);
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
