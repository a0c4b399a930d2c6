// `where`: the shared cases of `where_cases.json`, and what becomes of events that are passed over.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { EventsFailed, PackageError } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const PACKAGE = readJson("pipec.json");
const { cases, refused } = readJson("where_cases.json");
const SECOND = { field: ["turnstile"], op: "==", value: 2 };

// Returns the ids of the handled events, the answer and the log lines.
async function handled(where, payload, { handle = () => {}, ...more } = {}) {
  const seen = [];
  const lines = [];
  const counted = (event, context) => {
    seen.push(event.id);
    return handle(event, context);
  };
  const options = { clients: new FakeClients(), write: (line) => lines.push(line), environ: {} };
  const answer = await new Runtime(parseConfig({ ...PACKAGE, where, ...more }), counted, options).invoke(payload);
  return { seen, answer, lines };
}

assert.ok(cases.length > 50);
for (const { name, where, data, schema = {}, holds } of cases) {
  test(name, async () => {
    const payload = payloadOf({ messages: [{ json: { ...readJson("payloads/envelope.json"), data } }] });
    const found = await handled(where, payload, { schema, secrets: [] });
    assert.deepEqual(found, { seen: holds ? ["event-1"] : [], answer: { batchItemFailures: [] }, lines: [] });
  });
}

assert.ok(refused.length > 15);
for (const { where, reason } of refused) {
  test(`refuses ${JSON.stringify(where)}`, () => {
    assert.throws(() => parseConfig({ ...PACKAGE, where }), (error) => {
      assert.ok(error instanceof PackageError);
      assert.equal(error.message, reason);
      return true;
    });
  });
}

test("a caller who waits is not passed over", () => {
  const both = { ...PACKAGE, where: SECOND, responds: { schema: null } };
  assert.throws(() => parseConfig(both), { name: "PackageError", message: /both `where` and `responds`/ });
});

test("only what holds is handled", async () => {
  const items = [1, 2, 3].map((number) => ({ event: `event-${number}`, data: { turnstile: number } }));
  for (const batch of ["messages", "records"]) {
    const found = await handled(SECOND, payloadOf({ [batch]: items }));
    assert.deepEqual(found, { seen: ["event-2"], answer: { batchItemFailures: [] }, lines: [] });
  }
});

test("a direct invocation has no result", async () => {
  const found = await handled(SECOND, readJson("payloads/envelope.json"), { handle: () => 1 });
  assert.deepEqual(found, { seen: [], answer: undefined, lines: [] });
});

test("what is passed over is checked but not counted", async () => {
  const data = [{ turnstile: 1 }, { turnstile: 2 }, { turnstile: 0 }];
  const Records = data.flatMap((one) => payloadOf({ notification: { event: "e", data: one } }).Records);
  await assert.rejects(handled(SECOND, { Records }), (error) => {
    assert.ok(error instanceof EventsFailed);
    assert.equal(error.message, "1 of 2 failed: less than 1 at /data/turnstile");
    return true;
  });
});
