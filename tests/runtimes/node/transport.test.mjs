// Runs the shared cases of `transport_cases.json`: from what Lambda passes in to what it gets back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { PipecError } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const CONFIG = parseConfig(readJson("pipec.json"));
const CASES = readJson("transport_cases.json").cases;
const MAX_LINE = 4096;

class HandlerBroke extends Error {}

// Returns what the case's fields `failed`, `result`, `error`, `handled`… are compared with.
async function run(spec) {
  const clients = new FakeClients(spec.objects);
  const seen = { handled: [], attempts: [], reads: clients.reads, lines: [] };
  const handle = (event, context) => {
    seen.handled.push(event.id);
    seen.attempts.push(context.attempt);
    if (spec.breaks?.includes(event.id)) throw new HandlerBroke(`canary ${JSON.stringify(event.data)}`);
    return { saw: event.id };
  };
  const runtime = new Runtime(CONFIG, handle, { clients, write: (line) => seen.lines.push(line), environ: {} });
  try {
    seen.answer = await runtime.invoke(payloadOf(spec));
  } catch (error) {
    if (!(error instanceof PipecError)) throw error;
    seen.error = error.message;
  }
  return seen;
}

function checkLines(expected, lines) {
  const wanted = expected.flatMap(({ times = 1, ...one }) => Array(times).fill(one));
  assert.equal(lines.length, wanted.length, lines.slice(0, 3).join("\n"));
  for (const [index, line] of lines.entries()) {
    assert.ok(line.length < MAX_LINE);
    assert.ok(!line.includes("\n"));
    assert.ok(!line.replace("keys: ", "").includes("canary"), line);
    assert.ok(!line.includes("111122223333"), line);
    const found = JSON.parse(line);
    for (const [name, value] of Object.entries(wanted[index])) assert.deepEqual(found[name], value, name);
    for (const name of ["level", "message", "event_id", "event_type", "subscriber", "attempt"]) {
      assert.ok(name in found, name);
    }
  }
}

assert.ok(CASES.length > 100);
for (const spec of CASES) {
  test(spec.name, async () => {
    const seen = await run(spec);
    const answer = spec.failed
      ? { batchItemFailures: spec.failed.map((itemIdentifier) => ({ itemIdentifier })) }
      : spec.result;
    assert.equal(seen.error, spec.error);
    assert.deepEqual(seen.answer, answer);
    assert.deepEqual(seen.handled, spec.handled);
    for (const name of ["attempts", "reads"]) if (name in spec) assert.deepEqual(seen[name], spec[name]);
    checkLines(spec.logs ?? [], seen.lines);
  });
}
