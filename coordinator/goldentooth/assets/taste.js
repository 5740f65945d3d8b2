// How much voice this browser wants: the cookie that ?flavour= sets.
export const flavour = /(?:^|; )goldentooth-flavour=(off|light|full)/.exec(document.cookie)?.[1] ?? "full";

const version = ({ plain, bare, text }) => ({ off: plain, light: bare, full: text })[flavour] || text;

// What a character said last.
export const words = (said) => version(said);

// An event's sentence: a character's own words in the version that is wanted.
export function spoken(event) {
  const said = event.payload?.text;
  if (!said || (event.kind !== "says" && event.kind !== "tells")) return event.words;
  const wanted = version(event.payload);
  return flavour === "off" && event.payload.plain ? wanted : event.words.replace(said, wanted);
}
