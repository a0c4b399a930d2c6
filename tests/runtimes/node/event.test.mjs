// The event that `handle` gets, and how its failures are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { plain } from "../../../stdlib/runtimes/node/pipec_runtime/objects.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const CONFIG = parseConfig(readJson("pipec.json"));
const TWO = { messages: [{ event: "event-1" }, { event: "event-2" }] };

async function run(handle, spec = TWO) {
  const lines = [];
  const write = (line) => lines.push(JSON.parse(line));
  const runtime = new Runtime(CONFIG, handle, { clients: new FakeClients(), write, environ: {} });
  const answer = await runtime.invoke(payloadOf(spec), "the aws context");
  return { answer, failed: answer?.batchItemFailures?.map((one) => one.itemIdentifier), lines };
}

test("attributes and data", async () => {
  const envelope = readJson("payloads/envelope.json");
  const handle = (event, context) => {
    const { id, type, source, time, data } = envelope;
    assert.deepEqual(event, { id, type, source, time, data });
    assert.equal(Object.getPrototypeOf(event.data), Object.prototype);
    assert.deepEqual([context.attempt, context.aws], [1, "the aws context"]);
    return event.data;
  };
  const { answer, lines } = await run(handle, { payload: "envelope.json" });
  assert.deepEqual([answer, lines], [envelope.data, []]);
});

test("time is optional", async () => {
  const times = [];
  await run((event) => times.push(event.time), { messages: [{ event: "event-1", without: "time" }] });
  assert.deepEqual(times, [null]);
});

test("handle may be async, and is awaited before the next event", async () => {
  const order = [];
  const handle = async (event) => {
    order.push(`start ${event.id}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    order.push(`end ${event.id}`);
  };
  await run(handle);
  assert.deepEqual(order, ["start event-1", "end event-1", "start event-2", "end event-2"]);
});

test("handle has no way into the runtime", async () => {
  let self = "not called";
  function handle() {
    self = this;
  }
  await run(handle);
  assert.equal(self, undefined);
});

const recurse = () => recurse();
for (const [name, broken] of Object.entries({
  "an error": () => JSON.parse("canary"),
  "a rejection": () => Promise.reject(new Error("canary")),
  "a text": () => Promise.reject("canary"),
  nothing: () => Promise.reject(undefined),
  "an error whose name holds data": () => Promise.reject(Object.assign(new Error("x"), { name: "canary 1" })),
  "an error whose text looks like a stack": () => Promise.reject(new Error("\n    at x (/canary/y.mjs:1:1)")),
  "a stack that is no text": () => Promise.reject(Object.assign(new Error("x"), { stack: { canary: 1 } })),
  "too deep a recursion": recurse,
})) {
  test(`fails its event only: ${name}`, async () => {
    const seen = [];
    const handle = (event) => {
      seen.push(event.id);
      return event.id === "event-1" ? broken() : undefined;
    };
    const { failed, lines } = await run(handle);
    assert.deepEqual([failed, seen, lines.length], [["m0"], ["event-1", "event-2"], 1]);
    assert.ok(!JSON.stringify(lines).includes("canary"), JSON.stringify(lines));
  });
}

test("the code of an error is told, when it is a word", async () => {
  for (const [code, told] of [["ECONNREFUSED", "ECONNREFUSED"], ["canary 1", undefined], [7, undefined]]) {
    const { lines } = await run(() => Promise.reject(Object.assign(new TypeError("canary"), { code })));
    assert.deepEqual([lines[0].error, lines[0].code], ["TypeError", told]);
  }
});

test("the error of a direct invocation carries no text of the handler", async () => {
  const handle = () => {
    throw new RangeError("canary");
  };
  await assert.rejects(run(handle, { payload: "envelope.json" }), (error) => {
    assert.equal(error.message, "1 of 1 failed: RangeError");
    assert.equal(error.name, "EventsFailed");
    assert.equal(error.cause, undefined);
    return true;
  });
});

test("no prototype is polluted, whatever the keys", async () => {
  const note = [['{"a":{"__proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}', 1]];
  const { failed } = await run(() => {}, { messages: [{ event: "event-1", note }] });
  assert.deepEqual(failed, ["m0"]);
  assert.equal({}.polluted, undefined);
});

test("a gzip bomb is cut off", () => {
  const body = gzipSync(Buffer.alloc(1_000_001));
  assert.equal(plain(body, 1_000_001).length, 1_000_001);
  assert.throws(() => plain(body, 1_000_000), { code: "ERR_BUFFER_TOO_LARGE" });
});
