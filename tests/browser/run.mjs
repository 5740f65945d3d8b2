// The browser tests, one after another: `node run.mjs [WORD…]`. ci/test's phase
// `browser` installs what they need and calls them. Pictures are left in
// target/browser, to be looked at.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import assert from "node:assert/strict";
import { cast } from "./cast.mjs";
import { crowd } from "./crowd.mjs";
import { agent, browser, clear, ended, eventually, page, run, scratch, stop, tried, up } from "./house.mjs";
import { late, ways } from "./ways.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];
const pictures = new URL("../../target/browser/", import.meta.url).pathname;
const trees = new URL("../../node-agent/tests-data/trees/", import.meta.url).pathname;
mkdirSync(pictures, { recursive: true });

const chromium = await browser();
const errors = [];
let failures = 0;

// The names of tests may be given: then only those that have one of the words are run.
const only = process.argv.slice(2);
const wanted = (name) => only.length === 0 || only.some((word) => name.includes(word));
async function test(name, body) {
  if (!wanted(name)) return;
  const began = Date.now();
  try {
    await body();
    assert.deepEqual(errors.splice(0), [], "the page erred");
    console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures += 1;
    errors.length = 0;
    console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).replaceAll("\n", "\n      ")}`);
  }
}

async function opened(address, { width = 1440, height = 1000, scheme = "light" } = {}, told = errors) {
  const context = await chromium.newContext({ viewport: { width, height }, colorScheme: scheme, locale: "en-GB" });
  const shown = await page(context, told);
  await shown.goto(address);
  return shown;
}

/** Whether somebody listens at a port of this machine. */
const listens = (port) =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(socket.destroy() && true));
    socket.on("error", () => done(false));
  });

const live = (shown) => shown.waitForSelector('#link[data-link="live"]', { timeout: 10_000 });
const standing = (shown, name) => shown.locator(`.card[data-name="${name}"]`).getAttribute("data-standing");

// The fleet that the tests of looks and ways share.
const fleet = await up("fleet", "--simulate", "12");
await eventually("every node has a mood", 60_000, async () => {
  const nodes = await (await fetch(`${fleet.http}/api/v1/nodes`)).json();
  return nodes.length === 13 && nodes.every((node) => node.mood !== null);
});

const LATE = "what was heard too long ago is greyed with its age, and a gap is filled when its frames come late";
const waiting = wanted(LATE) ? late({ opened: (address) => opened(address, {}, []), live, trees }).then(() => undefined, (error) => error) : undefined;

await test("a node becomes stressed and its card changes without a reload", async () => {
  const house = await up("stress", "--no-local-node", "--no-stage");
  const root = join(scratch, "pi");
  cpSync(join(trees, "pi-4"), root, { recursive: true });
  const pi = agent(house, "pi-1", root, "--interval", "1s");
  const shown = await opened(house.http);
  await live(shown);
  await shown.waitForSelector('.card[data-name="pi-1"]', { timeout: 30_000 });
  await shown.evaluate(() => { globalThis.marked = true; });
  const calm = await eventually("it is calm first", 60_000, async () => ["happy", "bored"].includes(await standing(shown, "pi-1")) && standing(shown, "pi-1"));
  heat(root);
  const changed = await eventually("the card changes", 60_000, async () => ["stressed", "crisis"].includes(await standing(shown, "pi-1")) && standing(shown, "pi-1"));
  assert.notEqual(calm, changed);
  assert.equal(await shown.evaluate(() => globalThis.marked), true, "the page was not loaded again");
  const why = await shown.locator('.card[data-name="pi-1"] [data-slot=why]').textContent();
  assert.ok(why.length > 5, `a reason stands beside it: ${why}`);
  assert.match(await shown.locator("#verdict").textContent(), /pi-1/);
  await shown.screenshot({ path: join(pictures, "stressed.png") });
  await stop(pi);
  await eventually("its farewell shows", 20_000, async () => (await standing(shown, "pi-1")) === "silent");
  await shown.context().close();
  await stop(house.child);
});

await test("the broker goes away and comes back", async () => {
  const port = 20_000 + (process.pid % 20_000);
  const file = join(scratch, "mosquitto.conf");
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const broker = () => spawn(process.env.MOSQUITTO ?? "/usr/sbin/mosquitto", ["-c", file], { stdio: "ignore" });
  let mosquitto = broker();
  await eventually("the broker listens", 20_000, () => listens(port));
  const house = await up("broker", "--broker", `mqtt://goldentooth:none@127.0.0.1:${port}`, "--simulate", "2", "--no-local-node");
  const shown = await opened(house.http);
  await live(shown);
  await shown.waitForSelector(".card");
  assert.equal(await shown.locator("#house").isVisible(), false);
  mosquitto.kill("SIGKILL");
  await ended(mosquitto);
  await eventually("the page says so", 20_000, () => shown.locator("#house").isVisible());
  assert.match(await shown.locator("#house").textContent(), /broker/);
  mosquitto = broker();
  await eventually("and says no more", 60_000, async () => !(await shown.locator("#house").isVisible()));
  const before = await shown.locator(".card [data-slot=seen]").first().getAttribute("datetime");
  await eventually("frames arrive again", 60_000, async () => (await shown.locator(".card [data-slot=seen]").first().getAttribute("datetime")) > before);
  await shown.context().close();
  await stop(house.child);
  mosquitto.kill();
  await ended(mosquitto);
});

await test("the coordinator goes away and comes back", async () => {
  const first = await up("again", "--simulate", "2", "--no-local-node", "--no-stage");
  const shown = await opened(first.http);
  await live(shown);
  await stop(first.child, "SIGKILL");
  await shown.waitForSelector('#link[data-link="lost"]', { timeout: 20_000 });
  assert.equal(await shown.evaluate(() => document.body.hasAttribute("data-lost")), true, "what stands there is greyed");
  const second = await up("again", "--simulate", "2", "--no-local-node", "--no-stage", "--http", first.http.replace("http://", ""));
  await live(shown);
  await shown.waitForSelector(".card");
  errors.length = 0; // What the browser says of refused connections.
  await shown.context().close();
  await stop(second.child);
});

await test("search, order, groups and the heatmap, by keyboard too", async () => {
  const shown = await opened(fleet.http);
  await live(shown);
  await shown.locator("#search").fill("sim-03");
  await eventually("one card is left", 5000, async () => (await shown.locator(".card").count()) === 1);
  await shown.locator("#search").fill("");
  await shown.locator("#sort").selectOption("name");
  await eventually("in the order of names", 5000, async () => (await shown.locator(".card").first().getAttribute("data-name")) === "sim-01");
  assert.match(shown.url(), /sort=name/);
  const bar = shown.locator('.card[data-name="sim-01"] .bar');
  await bar.focus();
  await shown.keyboard.press("End");
  await eventually("the segment says when and what", 5000, async () => /sim-01, \d\d:\d\d to \d\d:\d\d: (happy|bored|stressed|crisis)/.test(await shown.locator("#tip").textContent()));
  // The reason comes a moment later, to eye and ear alike.
  await eventually("and why", 5000, async () => {
    const told = await shown.locator("#tip").textContent();
    return /\. sim-01 is (happy|bored|stressed|in crisis)/.test(told) && (await bar.getAttribute("aria-valuetext")) === told;
  });
  await shown.keyboard.press("Escape");
  assert.equal(await shown.locator("#tip").isVisible(), false);
  await shown.locator("[data-view=heat]").click();
  await eventually("a row for each node", 5000, async () => (await shown.locator("#heat .rows li").count()) === 13);
  assert.equal(await shown.locator("#cards").isVisible(), false);
  await shown.context().close();
});

await test("the charts of a node's past", async () => {
  const shown = await opened(`${fleet.http}/nodes/sim-01?span=hour`);
  await live(shown);
  await shown.waitForSelector(".chart:not([hidden]) canvas");
  assert.ok((await shown.locator(".chart:not([hidden]) canvas").count()) >= 10);
  const label = await shown.locator(".chart:not([hidden]) .plot").first().getAttribute("aria-label");
  assert.match(label, /^Temperature over the last hour\. temperature: from [\d.]+ °C to [\d.]+ °C, last/);
  await shown.locator("[data-span=week]").click();
  await eventually("the week is drawn", 5000, async () => /over the last week/.test(await shown.locator(".chart:not([hidden]) .plot").first().getAttribute("aria-label")));
  await shown.context().close();
});

await test("an operator signs in, gives a group, and the fleet shows it", async () => {
  const shown = await opened(`${fleet.http}/nodes/sim-01`);
  await live(shown);
  await shown.locator('[name="group"]').fill("attic");
  await shown.locator('form[data-act="tag"] button').click();
  await shown.waitForURL(/sign-in/);
  await shown.locator("#token").fill("gt_wrong");
  await shown.keyboard.press("Enter");
  await shown.waitForSelector(".wrong");
  await shown.locator("#token").fill(readFileSync(join(fleet.data, "token"), "utf8").trim());
  await shown.keyboard.press("Enter");
  await shown.waitForURL(/nodes\/sim-01/);
  await live(shown);
  await shown.locator('[name="group"]').fill("attic");
  await shown.locator('form[data-act="tag"] button').click();
  await eventually("it is kept", 5000, async () => /Kept/.test(await shown.locator('section[aria-labelledby="tag"] [data-back]').textContent()));
  const cookies = await shown.context().cookies();
  assert.ok(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === "Strict", JSON.stringify(cookies));
  await shown.goto(fleet.http);
  await shown.waitForSelector('#groups [data-group="attic"]');
  await shown.locator('[data-group="attic"]').click();
  await eventually("the group alone", 5000, async () => (await shown.locator(".card").count()) === 1);
  await shown.context().close();
});

await test("off loopback a token is asked for, and one that is taken away counts no more", async () => {
  const house = await up("open", "--no-local-node", "--no-stage", "--http", "0.0.0.0:0");
  const http = house.http.replace("0.0.0.0", "127.0.0.1");
  const ask = async (token, method = "GET", path = "/api/v1/nodes") => (await fetch(http + path, { method, headers: token ? { authorization: `Bearer ${token}` } : {} })).status;
  const first = readFileSync(join(scratch, "open.log"), "utf8").match(/gt_[0-9a-f]{64}/)[0];
  assert.equal(await ask(), 401);
  assert.equal(await ask(first), 200);
  assert.equal(await ask(first, "POST", "/api/v1/calls/test"), 200);
  const wall = run("token", "add", "wall", "--data", house.data).trim();
  assert.equal(await ask(wall), 200);
  assert.equal(await ask(wall, "POST", "/api/v1/calls/test"), 403);
  assert.deepEqual(JSON.parse(run("token", "list", "--json", "--data", house.data)), [{ name: "first", role: "operator" }, { name: "wall", role: "reader" }]);
  const elsewhere = (token) => tried({ GOLDENTOOTH_TOKEN: token }, "nodes", "--json", "--url", http);
  assert.deepEqual(JSON.parse(elsewhere(wall).stdout), [], "the command line takes its token from the environment");
  run("token", "remove", "wall", "--data", house.data);
  assert.equal(await ask(wall), 401);
  assert.match(elsewhere(wall).stderr, /GOLDENTOOTH_TOKEN/);
  const shown = await opened(`${http}/nodes/nobody`);
  errors.length = 0;
  await shown.locator("#token").fill(first);
  await shown.keyboard.press("Enter");
  await shown.waitForSelector("text=No node named nobody has spoken");
  errors.length = 0;
  await shown.context().close();
  await stop(house.child);
});

await test("a call for help arrives, and one that can't is tried again and shown", async () => {
  const heard = [];
  let deaf = true;
  const place = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => { body += part; });
    request.on("end", () => {
      heard.push({ body, headers: request.headers });
      response.writeHead(deaf ? 503 : 200).end();
    });
  });
  await new Promise((done) => place.listen(0, "127.0.0.1", done));
  const config = join(scratch, "calls.toml");
  const url = `http://127.0.0.1:${place.address().port}/a-secret-topic`;
  writeFileSync(config, `[[notify]]\nkind = "ntfy"\nurl = "${url}"\ntoken = "tk_1"\n[[notify]]\nkind = "webhook"\nurl = "${url}"\n`);
  const house = await up("calls", "--no-local-node", "--no-stage", "--config", config);
  const root = join(scratch, "calling");
  cpSync(join(trees, "pi-4"), root, { recursive: true });
  const pi = agent(house, "pi-9", root, "--interval", "1s");
  await eventually("it is known", 30_000, async () => (await (await fetch(`${house.http}/api/v1/nodes`)).json()).some((node) => node.mood));
  await stop(pi);
  await eventually("a call is tried", 60_000, () => heard.some((one) => one.headers.title === "pi-9 is silent"));
  const shown = await opened(`${house.http}/calls`);
  await eventually("that it did not arrive is shown", 10_000, async () => { await shown.reload(); return /not delivered/.test(await shown.locator("#main").textContent()); });
  assert.ok(!(await shown.content()).includes("a-secret-topic"), "a topic is a secret");
  deaf = false;
  await eventually("it is tried again and arrives", 60_000, async () => { await shown.reload(); return /arrived \d+ s ago/.test(await shown.locator("#main").textContent()); });
  const loud = heard.find((one) => one.headers.title === "pi-9 is silent");
  assert.equal(loud.headers.authorization, "Bearer tk_1");
  const hook = JSON.parse(heard.find((one) => one.body.startsWith("{")).body);
  assert.deepEqual([hook.cause, hook.state, hook.nodes], ["silent", "began", ["pi-9"]]);
  const bin = process.env.GOLDENTOOTH_BIN ?? new URL("../../target/release", import.meta.url).pathname;
  const env = { ...process.env, GOLDENTOOTH_DATA: house.data };
  const asked = spawn(join(bin, "goldentooth"), ["notify", "test", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  asked.stdout.on("data", (part) => { told += part; });
  await ended(asked);
  assert.equal(asked.exitCode, 0, told);
  assert.equal(heard.filter((one) => /tries whether/.test(one.headers.title ?? one.body)).length, 2);

  // A restart tells nothing anew, and still knows what is wrong; one cause at one node is muted.
  const before = heard.length;
  await stop(house.child);
  const again = await up("calls", "--no-local-node", "--no-stage", "--config", config, "--http", house.http.replace("http://", ""));
  await shown.goto(`${house.http}/sign-in?to=/calls`);
  await shown.locator("#token").fill(readFileSync(join(house.data, "token"), "utf8").trim());
  await shown.keyboard.press("Enter");
  await shown.waitForURL(/\/calls/);
  assert.match(await shown.locator(".troubles").textContent(), /pi-9: silence for .*told once, again/);
  assert.match(await shown.locator('section[aria-labelledby="messages"]').textContent(), /pi-9 is silent – arrived/);
  await shown.locator('[data-act="mute"][data-cause="silent"][data-hours="24"]').click();
  await eventually("it is muted", 10_000, async () => /pi-9, silence alone/.test(await shown.locator(".windows").textContent()));
  assert.match(await shown.locator(".troubles").textContent(), /nobody is called for it/);
  assert.equal(heard.length, before);
  await shown.context().close();
  await stop(again.child);
  place.close();
});

await test("axe finds nothing at 360 and 1440 px, light and dark", async () => {
  const found = [];
  const pages = [["/", "fleet"], ["/?view=heat", "heat"], ["/nodes/sim-01?span=hour", "node"], ["/events", "events"], ["/calls", "calls"], ["/cast", "cast"], ["/minds", "minds"], ["/proposals", "proposals"], ["/sign-in", "sign-in"]];
  for (const [width, height] of [[360, 800], [1440, 1000]]) {
    for (const scheme of ["light", "dark"]) {
      for (const [path, name] of pages) {
        const shown = await opened(fleet.http + path, { width, height, scheme });
        if (name === "node") await shown.waitForSelector(".chart:not([hidden]) canvas");
        if (!["calls", "minds", "proposals", "sign-in"].includes(name)) await live(shown);
        await shown.waitForTimeout(200);
        await shown.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`) });
        const wide = await shown.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${name} ${width} ${scheme}: ${wide} px too wide`);
        // The policy lets no script in from outside: the tool comes by the debugger.
        const source = readFileSync(axe, "utf8");
        await shown.evaluate(source);
        const { violations } = await shown.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
        for (const violation of violations) found.push(`${name} ${width} ${scheme}: ${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3).join(" | ")}`);
        await shown.context().close();
      }
    }
  }
  assert.deepEqual(found, []);
});

await test("from 4K to 360 px nothing runs out of the page", async () => {
  for (const [width, height] of [[3840, 2160], [768, 1024]]) {
    const shown = await opened(fleet.http, { width, height });
    await live(shown);
    assert.ok((await shown.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${width}`);
    await shown.screenshot({ path: join(pictures, `fleet-${width}.png`) });
    await shown.context().close();
  }
});

await test("the first view is under 100 kB, and usable within a second on a slow processor", async () => {
  const context = await chromium.newContext({ viewport: { width: 390, height: 844 } });
  const shown = await page(context, errors);
  const session = await context.newCDPSession(shown);
  await session.send("Network.enable");
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  await shown.goto(fleet.http, { waitUntil: "commit" });
  await live(shown);
  const usable = await shown.evaluate(() => performance.now());
  await shown.waitForTimeout(1500);
  console.log(`      ${(bytes / 1000).toFixed(1)} kB, live after ${Math.round(usable)} ms at a fourth of the speed`);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
  // A figure, not a test, unless it is asked for: a busy machine is no fault of the page.
  if (process.env.USABLE_MS) assert.ok(usable < Number(process.env.USABLE_MS), `${usable} ms`);
  await context.close();
});

const bench = { test, opened, live, fleet, trees, chromium, errors, pictures };
await cast(bench);
await ways(bench);
await crowd(bench);
await test(LATE, async () => {
  const error = await waiting;
  if (error) throw error;
});

await stop(fleet.child);
await chromium.close();
clear();
console.log(failures ? `${failures} failed` : "all passed");
process.exit(failures ? 1 : 0);

// Makes a recorded Pi hot, busy and short of memory.
function heat(root) {
  spawnSync("find", [join(root, "sys/class/thermal"), "-name", "temp", "-exec", "sh", "-c", 'for f; do echo 86500 > "$f"; done', "sh", "{}", "+"]);
  writeFileSync(join(root, "proc/loadavg"), "14.20 12.80 9.10 9/210 4711\n");
}
