// The environment variables, the log, and the entry as Lambda starts it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { createHandler } from "../../../stdlib/runtimes/jwt/pipec_runtime/handler.mjs";
import { Bench, ISSUER, Issuer, STAGE, rsaKey, tokenOf } from "./support.mjs";

const RUNTIME = fileURLToPath(new URL("../../../stdlib/runtimes/jwt/pipec_runtime", import.meta.url));
const GOOD = { PIPEC_ISSUER: ISSUER, PIPEC_AUDIENCE: '["cards"]', PIPEC_SCOPES: "[]" };
const key = rsaKey("key-1");
let issuer;

before(async () => (issuer = await Issuer.start(key)));
after(() => issuer.stop());

for (const [name, value] of [
  ["PIPEC_ISSUER", undefined],
  ["PIPEC_ISSUER", ""],
  ["PIPEC_ISSUER", "issuer.test"],
  ["PIPEC_ISSUER", "http://issuer.test"],
  ["PIPEC_ISSUER", "https://a:b@issuer.test"],
  ["PIPEC_ISSUER", "https://issuer.test/#x"],
  ["PIPEC_ISSUER", "https://issuer.test/?x"],
  ["PIPEC_AUDIENCE", undefined],
  ["PIPEC_AUDIENCE", "cards"],
  ["PIPEC_AUDIENCE", '"cards"'],
  ["PIPEC_AUDIENCE", "[]"],
  ["PIPEC_AUDIENCE", '[""]'],
  ["PIPEC_AUDIENCE", "[1]"],
  ["PIPEC_AUDIENCE", '{"0":"cards"}'],
  ["PIPEC_SCOPES", undefined],
  ["PIPEC_SCOPES", "cards/read"],
  ["PIPEC_SCOPES", "[null]"],
  ["PIPEC_JWKS", ""],
  ["PIPEC_JWKS", "http://issuer.test/keys"],
  ["PIPEC_LEEWAY_SECONDS", ""],
  ["PIPEC_LEEWAY_SECONDS", "-1"],
  ["PIPEC_LEEWAY_SECONDS", "1.5"],
  ["PIPEC_LEEWAY_SECONDS", "301"],
  ["PIPEC_LEEWAY_SECONDS", "1m"],
]) {
  test(`${name} cannot be ${value}`, () => {
    assert.throws(() => createHandler({ ...GOOD, [name]: value }), (error) => {
      return error.name === "ConfigError" && error.message.startsWith(name);
    });
  });
}

test("a denial is one line with its reason, the key's name, the trace and the request", async () => {
  const trace = "1-5759e988-bd862e3fe1be46a994272793";
  const bench = new Bench(issuer, { _X_AMZN_TRACE_ID: `Root=${trace};Parent=557abcec3ee5a047;Sampled=1` });
  assert.equal(await bench.try(tokenOf(key, { exp: 1 })), "expired");
  assert.deepEqual(bench.lines.map((line) => JSON.parse(line)), [
    { level: "WARN", message: "denied", reason: "expired", kid: "key-1", trace, request_id: "request-1" },
  ]);
});

test("what a caller wrote does not reach the log", async () => {
  const bench = new Bench(issuer);
  const names = ["canary canary", 'canary"', "canary\n", "canary{}", "c\u0000anary", "canary".repeat(30)];
  for (const kid of names) assert.equal(await bench.try(tokenOf(key, {}, { kid })), "unknown_key");
  for (const authorization of ["Bearer canary", "canary", "Basic canary"]) await bench.ask(authorization);
  for (const claims of [{ iss: "canary" }, { aud: "canary" }, { exp: "canary" }, { scope: ["canary"] }]) {
    await bench.try(tokenOf(key, claims));
  }
  assert.equal(bench.lines.length, names.length + 7);
  assert.ok(!/canary|eyJ/.test(bench.lines.join("")), bench.lines.join("\n"));
  assert.ok(bench.lines.every((line) => !line.includes("\n")));
});

test("a trace that is none is left out", async () => {
  for (const trace of ["canary", "Root=canary secret", "Root=", undefined]) {
    const bench = new Bench(issuer, { _X_AMZN_TRACE_ID: trace });
    await bench.ask("");
    assert.equal(JSON.parse(bench.lines[0]).trace, null);
  }
});

test("an error of the authorizer's own is a denial", async () => {
  const bench = new Bench({ fetch: issuer.fetch });
  const event = { methodArn: `${STAGE}/GET/`, get authorizationToken() { throw new TypeError("canary"); } };
  await assert.rejects(bench.invoke(event), (error) => error.message === "Unauthorized" && error.cause === undefined);
  assert.equal(JSON.parse(bench.lines[0]).reason, "internal");
});

// Runs the entry in a process of its own, as Lambda unpacks it, against what this computer's network has: nothing.
function run(environ, event) {
  const root = mkdtempSync(join(tmpdir(), "pipec-"));
  cpSync(RUNTIME, join(root, "pipec_runtime"), { recursive: true });
  const driver = `
    const { handler } = await import(process.cwd() + "/pipec_runtime/main.mjs");
    await handler(${JSON.stringify(event)}, { awsRequestId: "r" }).catch((error) => console.log(String(error)));
  `;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", driver], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environ },
    encoding: "utf8",
    timeout: 60_000,
  });
  rmSync(root, { recursive: true });
  return done;
}

test("the entry denies, and logs to standard output", () => {
  // The issuer's address is this computer's own, at a port where nobody listens.
  const environ = { ...GOOD, PIPEC_ISSUER: "https://127.0.0.1:9" };
  const event = { type: "TOKEN", authorizationToken: `Bearer ${tokenOf(key)}`, methodArn: `${STAGE}/POST/cards` };
  const { status, stdout, stderr } = run(environ, event);
  assert.equal(status, 0, stderr);
  const [report, denial, error] = stdout.trimEnd().split("\n");
  assert.equal(JSON.parse(report).message, "keys not fetched");
  assert.equal(JSON.parse(denial).reason, "issuer_unreachable");
  assert.equal(error, "Error: Unauthorized");
});

test("the entry does not start with wrong variables, not even with http on the loopback interface", () => {
  for (const environ of [{}, { ...GOOD, PIPEC_ISSUER: "http://127.0.0.1:9" }]) {
    const { status, stderr } = run(environ, {});
    assert.notEqual(status, 0);
    assert.ok(stderr.includes("ConfigError: PIPEC_ISSUER must be an https URL"), stderr);
  }
});
