// `context.secret`: the shared cases of `secret_cases.json`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../stdlib/runtimes/node/pipec_runtime/config.mjs";
import { SecretError } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Runtime } from "../../../stdlib/runtimes/node/pipec_runtime/runtime.mjs";
import { FakeClients, readJson } from "./support.mjs";

const { cases } = readJson("secret_cases.json");
const PACKAGE = readJson("pipec.json");
const ENVELOPE = readJson("payloads/envelope.json");

async function outcome({ name }, context) {
  try {
    return { gives: await context.secret(name) };
  } catch (error) {
    assert.ok(error instanceof SecretError, error);
    return { error: error.message };
  }
}

assert.ok(cases.length > 5);
for (const { name, secrets_env, environ, steps, reads, log, line } of cases) {
  test(name, async () => {
    const clients = new FakeClients();
    const [lines, told] = [[], []];
    let [time, handle] = [0];
    const options = { clients, write: (one) => lines.push(one), environ, now: () => time * 1000 };
    const config = parseConfig({ ...PACKAGE, ...(secrets_env && { secrets_env }) });
    const runtime = new Runtime(config, (...both) => handle(...both), options);
    for (const step of steps) {
      time = step.at;
      Object.assign(clients.secrets, step.secrets);
      handle = async (event, context) => told.push(await outcome(step, context));
      await runtime.invoke(structuredClone(ENVELOPE));
    }
    const wanted = steps.map(({ gives, error }) => (error === undefined ? { gives } : { error }));
    assert.deepEqual([told, lines], [wanted, []]);
    assert.deepEqual(clients.secretReads, reads.map((SecretId) => ({ SecretId })));
    if (!log) return;
    handle = (event, context) => context.logger.info(...log); // of a later event, which has not asked for the secret
    await runtime.invoke(structuredClone(ENVELOPE));
    for (const [field, value] of Object.entries(line)) assert.deepEqual(JSON.parse(lines[0])[field], value, field);
  });
}

async function run(handle, { refuse = null } = {}) {
  const clients = new FakeClients();
  clients.secrets.s = { SecretString: "canary" };
  clients.refuse = refuse;
  const lines = [];
  const options = { clients, write: (line) => lines.push(JSON.parse(line)), environ: { TOKEN: "s" } };
  const runtime = new Runtime(parseConfig({ ...PACKAGE, secrets_env: ["TOKEN"] }), handle, options);
  const result = await runtime.invoke(structuredClone(ENVELOPE)).catch((error) => error.message);
  return { result, lines };
}

test("hidden in the event that reads it", async () => {
  const { lines } = await run(async (event, { secret, logger }) => {
    logger.info("canary");
    logger.info(`token ${await secret("TOKEN")}`);
  });
  assert.deepEqual(lines.map((line) => line.message), ["canary", "token [redacted]"]);
});

test("a refusal fails the event and is logged by its name", async () => {
  const { result, lines } = await run((event, { secret }) => secret("TOKEN"), { refuse: "AccessDeniedException" });
  assert.equal(result, "1 of 1 failed: AccessDeniedException");
  assert.equal(lines[0].error, "AccessDeniedException");
  assert.ok(!JSON.stringify(lines).includes("canary"));
});

test("a refusal that nobody awaits does not end the process", async () => {
  const handle = async (event, { secret }) => {
    secret("OTHER");
    await new Promise((resolve) => setTimeout(resolve, 5)); // long enough for an unhandled rejection
    return "done";
  };
  assert.deepEqual(await run(handle), { result: "done", lines: [] });
});
