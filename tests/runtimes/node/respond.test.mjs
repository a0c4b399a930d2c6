// A synchronous event: the shared cases of `respond_cases.json`, and what a handler may do besides.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { NotAnswered } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, readJson, textOf } from "./support.mjs";

const { responds, cases } = readJson("respond_cases.json");
const PACKAGE = { ...readJson("pipec.json"), responds };
const BUCKET = "access-cards-events";

class HandlerBroke extends Error {}

// Returns the clients, the log lines, and the answer or the error's text.
async function run(handle, payload, { config, refuse = null } = {}) {
  const clients = new FakeClients();
  clients.refuse = refuse;
  const lines = [];
  const options = { clients, write: (line) => lines.push(line), environ: { PIPEC_STORE_BUCKET: BUCKET } };
  const runtime = new Runtime(parseConfig({ ...PACKAGE, ...config }), (...both) => handle(clients, ...both), options);
  try {
    return { clients, lines, told: { answer: await runtime.invoke(payload, "the aws context") } };
  } catch (error) {
    assert.ok(error instanceof NotAnswered);
    assert.equal(error.cause, undefined);
    assert.ok(!error.stack.includes("canary"));
    return { clients, lines, told: { error: error.message } };
  }
}

function checkStored(spec, stored) {
  assert.equal(stored.length, "key" in spec ? 1 : 0);
  for (const { Body, ...rest } of stored) {
    assert.deepEqual(rest, { Bucket: BUCKET, Key: spec.key, ContentType: "application/json", ChecksumAlgorithm: "SHA256" });
    if ("body" in spec) assert.equal(Body, spec.body);
  }
}

assert.ok(cases.length > 25);
for (const spec of cases) {
  test(spec.name, async () => {
    const storedBefore = [];
    const handle = async (clients, event, context) => {
      storedBefore.push(clients.stored.length);
      assert.deepEqual([context.attempt, context.aws], [1, "the aws context"]);
      await null;
      if (spec.breaks) throw new HandlerBroke(`canary ${JSON.stringify(event.data)}`);
      return spec.returns;
    };
    const { clients, lines, told } = await run(handle, JSON.parse(textOf(spec.send)), spec);
    assert.deepEqual(told, "error" in spec ? { error: spec.error } : { answer: spec.answer });
    assert.deepEqual(storedBefore, Array(spec.handled).fill(1));
    checkStored(spec, clients.stored);
    const logs = spec.logs ?? [];
    assert.equal(lines.length, logs.length, lines.join("\n"));
    for (const [index, line] of lines.entries()) {
      assert.ok(!line.includes("canary"), line);
      const found = JSON.parse(line);
      for (const [name, value] of Object.entries(logs[index])) assert.deepEqual(found[name], value, name);
    }
  });
}

const ENVELOPE = "payloads/envelope.json";
const ANY = { config: { responds: {} } };

test("a handler need not be async, and the event itself is an answer", async () => {
  const { told } = await run((clients, event) => [event.data, new Date(0)], readJson(ENVELOPE), ANY);
  assert.deepEqual(told, { answer: [readJson(ENVELOPE).data, "1970-01-01T00:00:00.000Z"] });
});

test("an answer that is not JSON", async () => {
  const circle = [];
  circle.push(circle);
  for (const [value, reason] of [[1n, "not JSON: TypeError"], [circle, "not JSON: TypeError"], [() => {}, "expected a text"]]) {
    const { lines, told } = await run(() => value, readJson(ENVELOPE), ANY);
    assert.deepEqual(told, { error: "ANSWER: the handler's answer does not fit its schema" });
    assert.equal(JSON.parse(lines[0]).reason, reason);
  }
});

test("whatever the handler throws, its caller learns nothing", async () => {
  const text = () => Promise.reject("canary");
  const emit = (clients, event, context) => context.emit("canary", {});
  const forgotten = (clients, event, context) => {
    context.emit("canary", {});
    return { allowed: true };
  };
  for (const [handle, name] of [[text, "string"], [emit, "EmitError"], [forgotten, "EmitError"]]) {
    const { lines, told } = await run(handle, readJson(ENVELOPE));
    assert.deepEqual(told, { error: "FAILED" });
    assert.equal(JSON.parse(lines[0]).error, name);
  }
});

test("sent twice is stored twice", async () => {
  const clients = new FakeClients();
  const options = { clients, environ: { PIPEC_STORE_BUCKET: BUCKET } };
  const runtime = new Runtime(parseConfig(PACKAGE), () => ({ allowed: true }), options);
  for (const id of ["event-1", "event-2"]) await runtime.invoke({ ...readJson(ENVELOPE), id });
  assert.deepEqual(clients.stored.map((one) => one.Key.split("/").at(-1)), ["event-1.json", "event-2.json"]);
});

test("a broken package", () => {
  for (const environ of [{}, { PIPEC_STORE_BUCKET: "" }]) {
    const wanted = { name: "PackageError", message: "the variable PIPEC_STORE_BUCKET is not set" };
    assert.throws(() => new Runtime(parseConfig(PACKAGE), () => {}, { environ }), wanted);
  }
  const { event, ...rest } = PACKAGE;
  assert.throws(() => parseConfig(rest), { name: "PackageError", message: "pipec.json has no 'event'" });
  const broken = { ...PACKAGE, responds: { schema: { allOf: [] } } };
  assert.throws(() => parseConfig(broken), { name: "PackageError", message: "schema: unknown keyword `allOf`" });
});
