// Runs the shared cases of `default_cases.json`: what `handle` and the next event's subscribers see.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const PACKAGE = readJson("pipec.json");

// Empties what lies inside `value`, as a handler may: the next event must not notice.
function spoil(value) {
  if (typeof value !== "object" || value === null) return;
  Object.values(value).forEach(spoil);
  for (const name of Object.keys(value)) delete value[name];
}

// Returns the data of two received events and of what was emitted for each.
async function run({ schema, data }) {
  const emits = { Copied: { type: "t", source: "s", schema } };
  const config = parseConfig({ ...PACKAGE, schema, secrets: [], emits });
  const clients = new FakeClients();
  const seen = [];
  const lines = [];
  const handle = async (event, context) => {
    seen.push(structuredClone(event.data));
    await context.emit("Copied", data);
    spoil(event.data);
  };
  const json = { ...readJson("payloads/envelope.json"), data };
  const environ = { PIPEC_EMIT_Copied: "arn:topic" };
  const runtime = new Runtime(config, handle, { clients, write: (line) => lines.push(line), environ });
  await runtime.invoke(payloadOf({ messages: [{ json }, { json }] }));
  return { seen, emitted: clients.published.map((one) => JSON.parse(one.Message).data), lines };
}

const { cases } = readJson("default_cases.json");
assert.ok(cases.length > 10);
for (const spec of cases) {
  test(spec.name, async () => {
    const before = structuredClone(spec.data);
    const wanted = [spec.seen, spec.seen];
    assert.deepEqual(await run(spec), { seen: wanted, emitted: wanted, lines: [] });
    assert.deepEqual(spec.data, before, "what the handler emits stays its own");
  });
}
