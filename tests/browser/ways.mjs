// Ways through the pages: by keyboard alone, by group, and what is stale or came late.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agent, eventually, scratch, stop, up } from "./house.mjs";

export async function ways({ test, opened, live, fleet, trees }) {
  await test("by keyboard alone: every stop is visible, named, and in the order of the page", async () => {
    for (const [path, stops] of [["/", 30], ["/nodes/sim-01?span=hour", 25], ["/events", 20], ["/calls", 20], ["/cast", 40], ["/proposals", 7]]) {
      const shown = await opened(fleet.http + path, { width: 1440 });
      if (path === "/" || path === "/cast") await live(shown);
      await shown.keyboard.press("Tab");
      assert.equal(await shown.evaluate(() => document.activeElement.textContent), "Skip to the content", path);
      const seen = [];
      for (let i = 0; i < stops; i += 1) {
        await shown.keyboard.press("Tab");
        const stop = await shown.evaluate(() => {
          const at = document.activeElement;
          if (!at || at === document.body) return null;
          const box = at.getBoundingClientRect();
          const outline = getComputedStyle(at);
          const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent || at.value || at.placeholder || "";
          // A sign that is drawn by the element itself or by what is inside of it.
          return { name: name.trim(), tag: at.tagName, wide: box.width, high: box.height, ring: outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2, place: [...document.querySelectorAll("*")].indexOf(at) };
        });
        if (stop === null) break;
        assert.ok(stop.name, `${path}: stop ${i} (${stop.tag}) has no name`);
        assert.ok(stop.ring, `${path}: stop ${i} (${stop.tag} ${stop.name.slice(0, 30)}) shows no focus`);
        assert.ok(stop.wide > 0 && stop.high > 0, `${path}: ${stop.name} is not to be seen`);
        seen.push(stop.place);
      }
      assert.ok(seen.length >= Math.min(stops, 6), `${path}: ${seen.length} stops`);
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b), `${path}: the order of the page`);
      await shown.context().close();
    }
  });

  await test("a group stands as its worst member does", async () => {
    const token = readFileSync(join(fleet.data, "token"), "utf8").trim();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const names = ["sim-02", "sim-03", "sim-04", "sim-05", "sim-06", "sim-07"];
    for (const name of names) {
      const kept = await fetch(`${fleet.http}/api/v1/nodes/${name}/tag`, { method: "PUT", headers, body: JSON.stringify({ group: "rack", labels: [] }) });
      assert.equal(kept.status, 200);
    }
    const shown = await opened(fleet.http);
    await live(shown);
    await eventually("the worst of it", 20_000, async () => {
      const nodes = await (await fetch(`${fleet.http}/api/v1/nodes`)).json();
      const order = ["crisis", "silent", "stressed", "learning", "happy", "bored"];
      const standing = (node) => (node.silent ? "silent" : (node.mood ?? "learning"));
      const worst = order.find((word) => nodes.some((node) => node.group === "rack" && standing(node) === word));
      return (await shown.locator('#groups li:has([data-group="rack"])').getAttribute("data-standing")) === worst;
    });
    assert.equal(await shown.locator('[data-group="rack"] .number').textContent(), String(names.length));
    await shown.context().close();
  });

  await test("pressure has a chart of its own, or the way to get one", async () => {
    const nodes = await (await fetch(`${fleet.http}/api/v1/nodes`)).json();
    const measured = (node) => "psi_cpu_some" in node.vitals;
    const [has, lacks] = [nodes.find(measured), nodes.find((node) => !measured(node))];
    assert.ok(has || lacks, "there are nodes");
    if (has) {
      const shown = await opened(`${fleet.http}/nodes/${has.name}?span=hour`);
      const chart = shown.locator('.chart:has([data-vital="psi_cpu_some"])');
      await chart.locator("canvas").waitFor();
      assert.match(await chart.locator(".plot").getAttribute("aria-label"), /^Pressure: time lost waiting over the last hour\. .*from .* to /);
      await shown.context().close();
    }
    if (lacks) {
      const shown = await opened(`${fleet.http}/nodes/${lacks.name}?span=hour`);
      await eventually("it says how to measure it", 20_000, () => shown.locator("#no-psi").isVisible());
      assert.match(await shown.locator("#no-psi").textContent(), /psi=1/);
      await shown.context().close();
    }
  });
}

/** What is stale, and a gap that is filled: it mostly waits, so it runs beside the other tests. */
export async function late({ opened, live, trees }) {
  const args = ["--no-local-node", "--no-stage"];
  const first = await up("late", ...args);
  const root = join(scratch, "late-pi");
  cpSync(join(trees, "pi-4"), root, { recursive: true });
  const pi = agent(first, "pi-3", root, "--interval", "1s");
  const shown = await opened(first.http);
  await live(shown);
  const card = shown.locator('.card[data-name="pi-3"]');
  await card.waitFor({ timeout: 30_000 });
  await eventually("it has a mood", 30_000, async () => ["happy", "bored"].includes(await card.getAttribute("data-standing")));
  // Stopped, not gone: its link stays.
  pi.kill("SIGSTOP");
  const colour = () => card.locator("[data-slot=temperature]").evaluate((element) => getComputedStyle(element).color);
  const fresh = await colour();
  await eventually("its values are greyed", 30_000, async () => (await card.getAttribute("data-stale")) !== null || (await card.getAttribute("data-standing")) === "silent");
  assert.notEqual(await colour(), fresh);
  assert.match(await card.locator("[data-slot=seen]").textContent(), /\d+ (s|min)/);
  pi.kill("SIGCONT");
  await eventually("and come back", 40_000, async () => (await card.getAttribute("data-stale")) === null && (await card.getAttribute("data-standing")) !== "silent");

  // The coordinator is away for longer than a minute; the agent keeps what it measures.
  await stop(first.child, "SIGKILL");
  const from = Date.now();
  await shown.waitForSelector('#link[data-link="lost"]', { timeout: 30_000 });
  await new Promise((done) => setTimeout(done, 125_000 - (Date.now() - from)));
  const until = Date.now();
  const second = await up("late", ...args, "--http", first.http.replace("http://", ""), "--mqtt", first.mqtt.replace(/^mqtts?:\/\//, ""));
  await live(shown);
  await eventually("every minute of the gap is filled", 90_000, async () => {
    const told = await (await fetch(`${second.http}/api/v1/nodes/pi-3/history?span=hour&vitals=temperature`)).json();
    const begin = Date.parse(told.from);
    const inside = told.reports.filter((_, i) => begin + i * 60_000 > from && begin + (i + 1) * 60_000 < until);
    return inside.length > 0 && inside.every((count) => count > 0);
  });
  await stop(pi);
  await shown.context().close();
  await stop(second.child);
}
