// The page of the cast, in a browser: who is on stage, talking with them, ties, council.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./house.mjs";

export async function cast({ test, opened, live, fleet }) {
  await test("the cast: who is on stage, how they are, what they said and on what it stands", async () => {
    const shown = await opened(`${fleet.http}/cast`);
    await live(shown);
    const told = await (await fetch(`${fleet.http}/api/v1/cast`)).json();
    assert.equal(await shown.locator(".actor").count(), told.length);
    for (const one of told) {
      const card = shown.locator(`#cast-${one.id}`);
      assert.match(await card.locator(".mood").textContent(), /content|restless|excited|stressed|panicked|angry|resigned|gloating|lonely/);
      assert.ok(await shown.locator((await card.locator("[data-slot=mask]").getAttribute("href"))).count(), "its mask is drawn");
    }
    await eventually("somebody has spoken", 60_000, () => shown.locator("#newest").isVisible());
    const link = shown.locator(".actor .facts-of a").first();
    const fact = await (await fetch(fleet.http + (await link.getAttribute("href")))).json();
    assert.ok(fact.id && (await link.textContent()).includes(":"), JSON.stringify(fact));
    // Feelings and energy are brought up to date without a reload.
    await shown.evaluate(() => { document.querySelector(".actor [data-slot=energy-number]").textContent = "stale"; });
    await eventually("it is filled anew", 20_000, async () => (await shown.locator(".actor [data-slot=energy-number]").first().textContent()) !== "stale");
    await shown.context().close();
  });

  await test("the cast: a question to a name that is completed, an answer with its facts, kept over a reload", async () => {
    const shown = await opened(`${fleet.http}/cast`);
    await live(shown);
    const box = shown.locator("#ask-text");
    await box.focus();
    await shown.keyboard.type("@caud");
    await shown.waitForSelector("#ask-names [role=option]:not([hidden])");
    assert.equal(await box.getAttribute("aria-expanded"), "true");
    await shown.keyboard.press("Enter");
    assert.equal(await box.inputValue(), "@caudex ");
    assert.equal(await shown.locator("#ask-names").isVisible(), false);
    await shown.keyboard.type("what is the temperature of sim-01?");
    await shown.keyboard.press("Enter");
    // What was said unasked stands before it.
    const replies = shown.locator("#log .asked ~ .reply");
    await replies.first().waitFor();
    assert.match(await replies.first().locator(".by").textContent(), /Caudex/);
    await replies.first().locator("summary").click();
    const fact = await fetch(fleet.http + (await replies.first().locator("a").first().getAttribute("href")));
    assert.equal(fact.status, 200);
    assert.equal((await fact.json()).subject, "sim-01");
    await shown.reload();
    await live(shown);
    await eventually("it is remembered", 10_000, async () => /temperature of sim-01/.test(await shown.locator("#log").textContent()));
    // What nobody understands is said so, and nothing of it becomes markup.
    await box.fill("<img src=x onerror=alert(1)>");
    await shown.keyboard.press("Enter");
    await eventually("an answer", 10_000, async () => (await replies.count()) >= 2);
    assert.equal(await shown.locator("#log img").count(), 0);
    await shown.context().close();
  });

  await test("the cast: a council reads any node, and says how it is divided", async () => {
    const shown = await opened(`${fleet.http}/cast?node=sim-03#council`);
    await live(shown);
    await shown.waitForSelector("#seats li");
    const told = await (await fetch(`${fleet.http}/api/v1/nodes/sim-03/council`)).json();
    assert.equal(await shown.locator("#seats li").count(), told.readings.length);
    assert.match(await shown.locator("#finding").textContent(), /eye/);
    const order = await shown.locator("#seats li").evaluateAll((all) => all.map((one) => one.dataset.verdict));
    assert.deepEqual(order, [...order].sort((a, b) => ["alarmed", "uneasy", "calm", "blind"].indexOf(a) - ["alarmed", "uneasy", "calm", "blind"].indexOf(b)));
    await shown.locator("#council-node").selectOption("sim-01");
    await eventually("another node", 10_000, async () => /node=sim-01/.test(shown.url()) && (await shown.locator("#seats li").count()) > 0);
    await shown.context().close();
  });

  await test("the cast: ties by keyboard, and a thumb that needs an operator", async () => {
    const shown = await opened(`${fleet.http}/cast`);
    await live(shown);
    await shown.locator('.knot[data-id="caudex"]').focus();
    assert.match(await shown.locator("#tie-words").textContent(), /Caudex Thorne: .*stands with Mr\. Malvo Trevine/);
    assert.ok((await shown.locator(".tie.on").count()) > 0);
    await shown.keyboard.press("Enter");
    await shown.waitForURL(/#cast-caudex$/);
    const card = shown.locator("#cast-caudex");
    await card.locator("summary").click();
    await card.locator('[data-act="thumb"][data-value="up"]').click();
    await shown.waitForURL(/sign-in/);
    await shown.locator("#token").fill(readFileSync(join(fleet.data, "token"), "utf8").trim());
    await shown.keyboard.press("Enter");
    await shown.waitForURL(/\/cast/);
    await live(shown);
    await card.locator("summary").click();
    await card.locator('[data-act="thumb"][data-value="up"]').click();
    await eventually("it is told", 5000, async () => /thumb/.test(await card.locator("[data-back]").textContent()));
    await shown.context().close();
  });
}
