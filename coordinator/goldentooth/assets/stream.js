// The stream of changes. The browser reconnects by itself and says the last id
// it saw; the coordinator then sends what changed since.

const KINDS = ["node", "fleet", "event", "reset", "alive"];
// The coordinator says something at least every 15 s.
const SILENCE = 40_000;
// Browsers open only a few connections to one place: a page that nobody looks
// at gives its own back.
const HIDDEN = 20_000;

export function follow({ path, state, on }) {
  if (!path) return;
  const address = new URL(path, location.href);
  let heard, source, again, hiding;

  function open() {
    clearTimeout(again);
    source?.close();
    heard = Date.now();
    source = new EventSource(address);
    source.onopen = () => {
      heard = Date.now();
      state("live", "live");
    };
    source.onerror = () => {
      state("lost", "connection lost, trying again");
      // Refused (a restart, too many pages): the browser gives up, we don't.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 3000 + Math.random() * 3000);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        heard = Date.now();
        if (message.lastEventId) address.searchParams.set("after", message.lastEventId);
        on[kind]?.(JSON.parse(message.data));
      });
    }
  }

  function close() {
    clearTimeout(again);
    source?.close();
    source = undefined;
    state("wait", "paused");
  }

  open();
  setInterval(() => {
    if (!source || source.readyState === EventSource.CLOSED || Date.now() - heard < SILENCE) return;
    state("lost", "connection lost, trying again");
    open();
  }, 5000);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN);
    else if (!source) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
