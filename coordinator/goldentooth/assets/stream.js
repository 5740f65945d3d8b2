// The stream of changes. The browser reconnects by itself and says the last id
// it saw; the coordinator then sends what changed since.

const KINDS = ["node", "fleet", "event", "reset"];
// The coordinator says something at least every 15 s.
const SILENCE = 40_000;

export function follow({ path, state, on }) {
  if (!path) return;
  let heard = Date.now();
  let source;
  const open = () => {
    source = new EventSource(path);
    source.onopen = () => {
      heard = Date.now();
      state("live", "live");
    };
    source.onerror = () => {
      state("lost", "connection lost, trying again");
      // Refused (a restart, too many pages): the browser gives up, we don't.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000 + Math.random() * 3000);
    };
    for (const kind of KINDS) {
      if (!on[kind]) continue;
      source.addEventListener(kind, (message) => {
        heard = Date.now();
        on[kind](JSON.parse(message.data));
      });
    }
    source.addEventListener("alive", () => { heard = Date.now(); });
  };
  open();
  setInterval(() => {
    if (Date.now() - heard < SILENCE || source.readyState === EventSource.CLOSED) return;
    heard = Date.now();
    state("lost", "connection lost, trying again");
    source.close();
    open();
  }, 5000);
  // A page that was put aside (a phone in a pocket) frees its place.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
