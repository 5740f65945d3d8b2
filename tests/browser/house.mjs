// What the tests stand on: real coordinators and agents, and one browser.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const bin = process.env.GOLDENTOOTH_BIN ?? new URL("../../target/release", import.meta.url).pathname;
const program = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const scratch = mkdtempSync(join(tmpdir(), "goldentooth-browser-"));
const running = new Set();

function start(name, args, log) {
  const file = openSync(join(scratch, log), "a");
  const env = { ...process.env };
  for (const key of Object.keys(env)) if (key.startsWith("GOLDENTOOTH_")) delete env[key];
  const child = spawn(join(bin, name), args, { stdio: ["ignore", "pipe", file], env });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

export const ended = (child) => new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.on("exit", done) : done()));

export async function stop(child, signal = "SIGINT") {
  child.kill(signal);
  await ended(child);
}

/** A coordinator on free ports, or on those given, once it is ready. */
export async function up(folder, ...args) {
  const data = join(scratch, folder);
  const has = (flag) => args.includes(flag);
  const free = [...(has("--http") ? [] : ["--http", "127.0.0.1:0"]), ...(has("--mqtt") || has("--broker") ? [] : ["--mqtt", "127.0.0.1:0"])];
  const child = start("goldentooth", ["up", "--json", "--data", data, ...free, ...args], `${folder}.log`);
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((done, failed) => {
    lines.once("line", done);
    child.once("exit", () => failed(new Error(`${folder} did not start:\n${readFileSync(join(scratch, `${folder}.log`), "utf8")}`)));
  });
  return { child, data, ...JSON.parse(line) };
}

/** A command to its end, with this in its environment; how it ended and what it printed. */
export const tried = (env, ...args) => spawnSync(join(bin, "goldentooth"), args, { encoding: "utf8", env: { ...process.env, ...env } });

/** A command that has to end well; what it printed. */
export function run(...args) {
  const done = tried({}, ...args);
  if (done.status !== 0) throw new Error(`goldentooth ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** Enrols a node and starts its agent over a tree of files as `/`. */
export function agent(house, name, root, ...args) {
  const file = join(scratch, `${name}.toml`);
  run("enroll", name, "--out", file, "--address", "127.0.0.1", "--data", house.data);
  const child = start("goldentooth-node", ["run", "--enrolment", file, "--data", join(scratch, `${name}.data`), ...(root ? ["--root", root] : []), ...args], `${name}.log`);
  child.stdout.resume();
  return child;
}

export async function browser() {
  return chromium.launch({
    executablePath: program,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}

/** A page that fails the test when it errs or breaks its own policy. */
export async function page(context, errors) {
  const opened = await context.newPage();
  opened.on("pageerror", (error) => errors.push(`${opened.url()}: ${error.message}`));
  opened.on("console", (message) => {
    // A lost connection is told by the browser, too: that one is made on purpose.
    if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text())) errors.push(`${opened.url()}: ${message.text()}`);
  });
  opened.on("request", (request) => {
    if (!/^(http:\/\/(127\.0\.0\.1|localhost)[:/]|data:|about:|blob:)/.test(request.url())) errors.push(`asks an outside host: ${request.url()}`);
  });
  return opened;
}

export async function eventually(what, within, check) {
  const until = Date.now() + within;
  let last;
  while (Date.now() < until) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${what}: not within ${within} ms (${last?.message ?? last})`);
}

export function clear() {
  for (const child of running) child.kill("SIGKILL");
  if (!process.env.KEEP) rmSync(scratch, { recursive: true, force: true });
}
