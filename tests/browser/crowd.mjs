// Many nodes and many dashboards: what they weigh, and that nobody waits for a slow one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually, page, stop, up } from "./house.mjs";

const NODES = Number(process.env.CROWD ?? 2000);
const DASHBOARDS = 100;
const MIB = 1024 * 1024;

/** What a process has used: seconds of processor, and resident MiB. */
function used(child) {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return { seconds: (Number(fields[11]) + Number(fields[12])) / 100, resident: (Number(fields[21]) * 4096) / MIB };
}

/** Reads a stream; what it heard, and how to end it. */
async function follow(address, headers = {}) {
  const control = new AbortController();
  const answer = await fetch(address, { headers, signal: control.signal });
  assert.equal(answer.status, 200);
  const told = { events: [], bytes: 0, end: () => control.abort() };
  (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const part of answer.body) {
      told.bytes += part.length;
      const blocks = (rest + decoder.decode(part, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
        if (field("event")) told.events.push({ kind: field("event"), id: field("id"), data: field("data") });
      }
    }
  })().catch(() => {});
  return told;
}

export async function crowd({ test, chromium, errors, live, pictures, fleet }) {
  await test("a stream goes on from its last event, and says so when it can't", async () => {
    const first = await follow(`${fleet.http}/api/v1/stream?only=nodes`);
    await eventually("some nodes are told", 20_000, () => first.events.filter((event) => event.kind === "node").length >= 13);
    first.end();
    const last = first.events.findLast((event) => event.id).id;
    const again = await follow(`${fleet.http}/api/v1/stream?only=nodes`, { "last-event-id": last });
    await eventually("it goes on", 20_000, () => again.events.some((event) => event.kind === "node"));
    again.end();
    const number = (id) => Number(id.split("-")[1]);
    assert.ok(again.events.filter((event) => event.id).every((event) => number(event.id) > number(last)), "nothing is told twice");
    assert.ok(!again.events.some((event) => event.kind === "reset"));
    const lost = await follow(`${fleet.http}/api/v1/stream?only=nodes`, { "last-event-id": "dead-1" });
    await eventually("another run's place is refused", 10_000, () => lost.events[0]?.kind === "reset");
    lost.end();
  });

  let started;
  const crowded = async () => (started ??= await up("crowd", "--simulate", String(NODES), "--no-local-node"));
  await test(`${NODES} nodes: the first view is light, usable within a second on a slow processor, searched and sorted`, async () => {
    const house = await crowded();
    await eventually("every node has spoken", 180_000, async () => {
      const { counts } = await (await fetch(`${house.http}/api/v1/fleet`)).json();
      return counts.bored + counts.happy + counts.stressed + counts.crisis >= NODES * 0.98;
    });
    const context = await chromium.newContext({ viewport: { width: 390, height: 844 } });
    const shown = await page(context, errors);
    const session = await context.newCDPSession(shown);
    await session.send("Network.enable");
    await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    let bytes = 0;
    let streamed = 0;
    session.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
    session.on("Network.dataReceived", (event) => { streamed += event.dataLength; });
    await shown.goto(house.http, { waitUntil: "commit" });
    await live(shown);
    const usable = await shown.evaluate(() => performance.now());
    console.log(`      ${(bytes / 1000).toFixed(1)} kB, live after ${Math.round(usable)} ms at a fourth of the speed`);
    assert.ok(bytes < 100_000, `${bytes} bytes`);
    if (process.env.USABLE_MS) assert.ok(usable < Number(process.env.USABLE_MS), `${usable} ms`);
    await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    await shown.setViewportSize({ width: 1440, height: 1000 });
    await eventually("all are counted", 30_000, async () => (await shown.locator("#nodes-count").textContent()) === String(NODES));
    await eventually("all are known", 60_000, async () => {
      await shown.locator("#search").fill(`sim-${NODES}`);
      return (await shown.locator(".card").count()) === 1;
    });
    console.log(`      ${(streamed / 1e6).toFixed(2)} MB streamed until all were known`);
    await shown.locator("#search").fill("");
    await shown.locator("#sort").selectOption("temperature");
    await eventually("hottest first", 10_000, async () => {
      const told = await shown.locator(".card [data-slot=temperature]").evaluateAll((all) => all.slice(0, 20).map((one) => parseFloat(one.textContent)));
      return told.length === 20 && told.every((value, i) => i === 0 || value <= told[i - 1] + 3);
    });
    await shown.screenshot({ path: join(pictures, "crowd.png") });
    await shown.locator("[data-view=heat]").click();
    await eventually("the others as shares", 10_000, async () => /The other \d+/.test(await shown.locator(".rest figcaption").textContent()));
    await shown.screenshot({ path: join(pictures, "crowd-heat.png") });
    await context.close();
  });

  await test(`${DASHBOARDS} dashboards of ${NODES} nodes, one of them reading nothing: each hears, and nobody waits`, async () => {
    const house = await crowded();
    const before = used(house.child);
    const since = Date.now();
    const { hostname, port } = new URL(house.http);
    const slow = connect(Number(port), hostname);
    slow.on("error", () => {});
    slow.write(`GET /api/v1/stream?only=nodes HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    slow.pause();
    const place = (await (await fetch(house.http)).text()).match(/data-stream="([^"]*)"/)[1].replaceAll("&amp;", "&");
    const open = [];
    for (let i = 1; i < DASHBOARDS; i += 1) open.push(await follow(house.http + place));
    await eventually("each hears of many nodes", 60_000, () => open.every((one) => one.events.filter((event) => event.kind === "node").length > 100));
    const marks = open.map((one) => one.events.length);
    await new Promise((done) => setTimeout(done, 10_000));
    assert.ok(open.every((one, i) => one.events.length > marks[i]), "each goes on hearing");
    const asked = performance.now();
    assert.equal((await fetch(`${house.http}/api/v1/fleet`)).status, 200);
    const waited = performance.now() - asked;
    const after = used(house.child);
    const seconds = (Date.now() - since) / 1000;
    console.log(`      processor ${(((after.seconds - before.seconds) / seconds) * 100).toFixed(0)} %, resident ${before.resident.toFixed(0)} to ${after.resident.toFixed(0)} MiB, ${(open.reduce((sum, one) => sum + one.bytes, 0) / 1e6 / seconds).toFixed(1)} MB/s in all, an answer within ${waited.toFixed(0)} ms`);
    assert.ok(after.resident - before.resident < 100, "what waits for a slow one is bounded");
    for (const one of open) one.end();
    slow.destroy();
  });
  if (started) await stop(started.child);
}
