// What the handler logs reaches standard output as one JSON line, without the values of `secret` fields.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { Logger } from "../../../stdlib/runtimes/node/pipec_runtime/log.mjs";
import { Redactor } from "../../../stdlib/runtimes/node/pipec_runtime/redact.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, payloadOf, readJson } from "./support.mjs";

const ABOUT = { event_id: "event-1", event_type: "t", subscriber: "update_card_state", attempt: 1 };

function logged(secrets, data, call) {
  const lines = [];
  call(new Logger((line) => lines.push(line), ABOUT, new Redactor(secrets, data)));
  assert.equal(lines.length, 1);
  assert.ok(!lines[0].includes("\n"));
  return JSON.parse(lines[0]);
}

const { cases } = readJson("redact_cases.json");
assert.ok(cases.length > 10);
for (const { name, secrets, data, log, line } of cases) {
  test(name, () => {
    const found = logged(secrets, data, (logger) => logger.info(...log));
    for (const [field, value] of Object.entries({ ...ABOUT, ...line })) assert.deepEqual(found[field], value, field);
  });
}

test("levels", () => {
  const levels = ["info", "warn", "error"].map((name) => logged([], {}, (logger) => logger[name]("m")).level);
  assert.deepEqual(levels, ["INFO", "WARN", "ERROR"]);
});

test("values JSON does not know", () => {
  const fields = { when: new Date(0), nan: NaN, big: 10n, none: undefined, error: new Error("4111-1111") };
  const line = logged(["card"], { card: "4111-1111" }, (logger) => logger.info("m", fields));
  assert.equal(line.when, "1970-01-01T00:00:00.000Z");
  assert.deepEqual([line.nan, line.big, line.error], ["NaN", "10", "Error: [redacted]"]);
});

test("a log line never fails an event", () => {
  const hostile = {
    toString() {
      throw new Error("no");
    },
  };
  const circle = {};
  circle.circle = circle;
  const broken = logged([], {}, (logger) => logger.info(hostile, { x: 1 }));
  assert.equal(broken.message, "a log line could not be written");
  assert.equal(logged([], {}, (logger) => logger.info("m", { circle })).message, "m");
  assert.equal(logged([], {}, (logger) => logger.info("m", null)).message, "m");
});

test("a long text is cut", () => {
  assert.equal(logged([], {}, (logger) => logger.info("x".repeat(100_000))).message.length, 8192);
});

test("secrets stay hidden after the handler changed its data", async () => {
  const lines = [];
  const handle = ({ data }, { logger }) => {
    const [{ serial }] = data.badges;
    const id = data.employee_id;
    delete data.badges;
    delete data.employee_id;
    logger.warn(`badge ${serial} of ${id}`, { turnstile: data.turnstile });
  };
  const config = parseConfig(readJson("pipec.json"));
  const runtime = new Runtime(config, handle, { clients: new FakeClients(), write: (line) => lines.push(line) });
  await runtime.invoke(payloadOf({ payload: "sqs_direct.json" }));
  assert.deepEqual(JSON.parse(lines[0]), {
    level: "WARN",
    message: "badge [redacted] of [redacted]",
    event_id: "event-1",
    event_type: "access_cards.BuildingExited.v1",
    subscriber: "update_card_state",
    attempt: 3,
    turnstile: 1,
  });
});

test("the trace is that of the invocation", async () => {
  const [environ, lines] = [{}, []];
  const handle = (event, { logger }) => {
    logger.info("m", { trace: "canary" });
    throw new Error();
  };
  const options = { clients: new FakeClients(), write: (line) => lines.push(JSON.parse(line)), environ };
  const runtime = new Runtime(parseConfig(readJson("pipec.json")), handle, options);
  for (const { header, trace } of readJson("trace_cases.json").cases) {
    delete environ._X_AMZN_TRACE_ID;
    if (header !== undefined) environ._X_AMZN_TRACE_ID = header;
    await runtime.invoke(payloadOf({ messages: [{ event: "event-1" }] }));
    const [logged, failed] = lines.splice(0);
    assert.equal(failed.trace ?? null, trace, header);
    assert.equal("trace" in failed, trace !== null);
    assert.equal(logged.trace, trace ?? "canary"); // without a trace the name is free for the handler's own field
  }
});
