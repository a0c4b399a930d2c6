// `context.emit`: what SNS and Kinesis get, and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { EmitError } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const TOPIC = "arn:aws:sns:eu-central-1:111111111111:access-cards-occupancy-changed";
const CONFIG = readJson("pipec.json");
const GOOD = { building: "canary-hall", inside: 2 };

// Returns the answer to a batch of two, the log lines, and what SNS got.
async function run(handle, { environ = { PIPEC_EMIT_OccupancyChanged: TOPIC }, clients = new FakeClients() } = {}) {
  const lines = [];
  const write = (line) => lines.push(JSON.parse(line));
  const runtime = new Runtime(parseConfig(CONFIG), handle, { clients, write, environ });
  const answer = await runtime.invoke(payloadOf({ messages: [{ event: "event-1" }, { event: "event-2" }] }));
  return { failed: answer.batchItemFailures.map((one) => one.itemIdentifier), lines, published: clients.published };
}

test("publishes a CloudEvent", async () => {
  const ids = [];
  const handle = async (event, context) => ids.push(await context.emit("OccupancyChanged", GOOD));
  const { failed, lines, published } = await run(handle);
  assert.deepEqual([failed, lines], [[], []]);
  assert.deepEqual(published.map((one) => Object.keys(one)), [["TopicArn", "Message"], ["TopicArn", "Message"]]);
  assert.equal(published[0].TopicArn, TOPIC);
  const [first, second] = published.map((one) => JSON.parse(one.Message));
  assert.deepEqual([first.id, second.id], ids);
  assert.notEqual(first.id, second.id);
  assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const { id, time, ...rest } = first;
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000);
  assert.deepEqual(rest, {
    specversion: "1.0",
    type: "access_cards.OccupancyChanged.v1",
    source: "/access_cards/OccupancyChanged",
    datacontenttype: "application/json",
    data: GOOD,
  });
});

test("what is published is an event for its subscribers", async () => {
  const { published } = await run((event, context) => context.emit("OccupancyChanged", GOOD));
  const { type, schema } = CONFIG.emits.OccupancyChanged;
  const seen = [];
  const receiver = new Runtime(parseConfig({ ...CONFIG, type, schema, secrets: [] }), (event) => seen.push(event.data));
  await receiver.invoke(JSON.parse(published[0].Message));
  assert.deepEqual(seen, [GOOD]);
});

async function refused(name, data, environ) {
  const caught = [];
  const handle = async (event, context) => {
    try {
      await context.emit(name, data);
    } catch (error) {
      assert.ok(error instanceof EmitError);
      caught.push(error.message);
      throw error;
    }
  };
  const { failed, lines, published } = await run(handle, environ && { environ });
  assert.deepEqual([failed, published], [["m0", "m1"], []]);
  assert.deepEqual(lines.map((line) => line.reason), caught);
  assert.ok(!JSON.stringify(lines).includes("canary"));
  return caught[0];
}

const circle = {};
circle.circle = circle;
const DOES_NOT_FIT = "`OccupancyChanged` does not fit its schema:";
for (const [name, data, reason] of [
  ["BuildingExited", GOOD, "`BuildingExited` is not in the subscriber's `emits` (there: OccupancyChanged)"],
  ["constructor", GOOD, "`constructor` is not in the subscriber's `emits` (there: OccupancyChanged)"],
  ["OccupancyChanged", { building: "canary", inside: -1 }, `${DOES_NOT_FIT} less than 0 at /inside`],
  ["OccupancyChanged", { inside: 1 }, `${DOES_NOT_FIT} missing at /building`],
  ["OccupancyChanged", ["canary"], `${DOES_NOT_FIT} expected object at /`],
  ["OccupancyChanged", { ...GOOD, ["__proto__"]: 1 }, `${DOES_NOT_FIT} the key \`__proto__\` is not allowed`],
  ["OccupancyChanged", { ...GOOD, inside: NaN }, `${DOES_NOT_FIT} expected integer at /inside`],
  ["OccupancyChanged", undefined, `${DOES_NOT_FIT} expected a text`],
  ["OccupancyChanged", { ...GOOD, inside: 1n }, "`OccupancyChanged` is not JSON: TypeError"],
  ["OccupancyChanged", circle, "`OccupancyChanged` is not JSON: TypeError"],
]) {
  test(`refuses: ${reason}`, async () => assert.equal(await refused(name, data), reason));
}

test("no topic", async () => {
  for (const environ of [{}, { PIPEC_EMIT_OccupancyChanged: "" }]) {
    const reason = "the variable PIPEC_EMIT_OccupancyChanged is not set";
    assert.equal(await refused("OccupancyChanged", GOOD, environ), reason);
  }
});

test("a refusal by SNS fails the event and is logged by its name", async () => {
  const clients = new FakeClients();
  clients.refuse = "AuthorizationErrorException";
  const { failed, lines } = await run((event, context) => context.emit("OccupancyChanged", GOOD), { clients });
  assert.deepEqual(failed, ["m0", "m1"]);
  assert.deepEqual([lines[0].error, lines[0].message], ["AuthorizationErrorException", "handler failed"]);
  assert.ok(!JSON.stringify(lines).includes("canary"));
});

test("a handler may go on after a refusal", async () => {
  const caught = async (event, context) => {
    await assert.rejects(context.emit("Nothing", {}), EmitError);
  };
  const chained = (event, context) => context.emit("Nothing", {}).catch(() => {});
  for (const handle of [caught, chained]) assert.deepEqual((await run(handle)).failed, []);
});

test("an emit that nobody awaits is waited for", async () => {
  const handle = (event, context) => {
    context.emit("OccupancyChanged", GOOD);
  };
  const { failed, published } = await run(handle);
  assert.deepEqual([failed, published.length], [[], 2]);
});

test("an emit that nobody awaits fails its event when it is refused", async () => {
  const handle = async (event, context) => {
    if (event.id === "event-1") context.emit("OccupancyChanged", { building: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5)); // long enough for an unhandled rejection
  };
  const { failed, lines } = await run(handle);
  assert.deepEqual(failed, ["m0"]);
  assert.equal(lines[0].error, "EmitError");
});

test("text beyond ASCII is not blown up, a lone surrogate travels as an escape", async () => {
  const building = "Z\u00fcrich \ud800";
  const { published } = await run((event, context) => context.emit("OccupancyChanged", { building, inside: 1 }));
  assert.ok(published[0].Message.includes("Z\u00fcrich \\ud800"));
});

const shared = readJson("emit_cases.json");
assert.ok(shared.cases.length > 25);
for (const spec of shared.cases) {
  test(spec.name, async () => {
    const target = shared.targets[spec.target];
    const Copied = { type: "t", source: "s", schema: shared.schema, ...("key" in spec && { key: spec.key }) };
    const clients = new FakeClients();
    const [ids, lines] = [[], []];
    const handle = async (event, context) => ids.push(await context.emit("Copied", spec.data));
    const options = { clients, write: (line) => lines.push(line), environ: { PIPEC_EMIT_Copied: target } };
    const runtime = new Runtime(parseConfig({ ...CONFIG, emits: { Copied } }), handle, options);
    await runtime.invoke(payloadOf({ messages: [{ event: "event-1" }] }));
    assert.ok(!lines.join().includes("canary"));
    if ("error" in spec) {
      assert.deepEqual([clients.published, clients.records], [[], []]);
      assert.deepEqual(lines.map((line) => JSON.parse(line).reason), [spec.error]);
      return;
    }
    const stream = target.includes(":kinesis:");
    const [taken, others] = stream ? [clients.records, clients.published] : [clients.published, clients.records];
    assert.deepEqual([lines, others, taken.length], [[], [], 1]);
    const { [stream ? "Data" : "Message"]: text, ...sent } = taken[0];
    const envelope = JSON.parse(text);
    assert.deepEqual([envelope.specversion, [envelope.id]], ["1.0", ids]);
    const wanted = Object.entries(spec.sent).map(([name, one]) => [name, one === "@id" ? ids[0] : one]);
    assert.deepEqual(sent, { ...Object.fromEntries(wanted), [stream ? "StreamARN" : "TopicArn"]: target });
  });
}

test("the longest keys", async () => {
  for (const [target, longest] of [["arn:aws:sns:r:1:t.fifo", 128], ["arn:aws:kinesis:r:1:stream/s", 256]]) {
    const config = parseConfig({ ...CONFIG, emits: { Copied: { type: "t", source: "s", schema: {}, key: "a" } } });
    const clients = new FakeClients();
    const handle = (event, context) => context.emit("Copied", { a: "x".repeat(event.data.turnstile) });
    const runtime = new Runtime(config, handle, { clients, write: () => {}, environ: { PIPEC_EMIT_Copied: target } });
    const messages = [longest, longest + 1].map((turnstile) => ({ event: "e", data: { turnstile } }));
    const answer = await runtime.invoke(payloadOf({ messages }));
    assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: "m1" }] });
    assert.equal(clients.published.length + clients.records.length, 1);
  }
});

const STREAM = { PIPEC_EMIT_OccupancyChanged: "arn:aws:kinesis:eu-central-1:111111111111:stream/s" };

test("a stream gets bytes beyond ASCII", async () => {
  const clients = new FakeClients();
  const handle = (event, context) => context.emit("OccupancyChanged", { building: "Z\u00fcrich", inside: 1 });
  await run(handle, { environ: STREAM, clients });
  assert.ok(clients.records[0].Data instanceof Uint8Array);
  assert.ok(Buffer.from(clients.records[0].Data).includes(Buffer.from("Z\u00fcrich")));
});

test("a refusal by Kinesis fails the event", async () => {
  const clients = new FakeClients();
  clients.refuse = "ProvisionedThroughputExceededException";
  const { failed, lines } = await run((event, context) => context.emit("OccupancyChanged", GOOD), { environ: STREAM, clients });
  assert.deepEqual([failed.length, lines[0].error], [2, "ProvisionedThroughputExceededException"]);
});
