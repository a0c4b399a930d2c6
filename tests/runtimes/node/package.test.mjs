// Runs whole packages in a process of their own, laid out as Lambda unpacks them: the cold start and its errors.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { RUNTIME, readJson } from "./support.mjs";

// Imports the entry as Lambda does, runs one invocation, prints the answer last.
const DRIVER = `
import { text } from "node:stream/consumers";
const { handler } = await import(process.cwd() + "/pipec_runtime/main.mjs");
const answer = await handler(JSON.parse(await text(process.stdin)), undefined);
console.log(JSON.stringify(answer ?? null));
`;

const FAKE_S3 = `
console.log("LOADED s3");
exports.S3Client = class { async send({ request, put }) {
  if (put) console.log("STORE", request.Bucket, request.Key, request.ContentType, JSON.parse(request.Body).id);
  if (put) return {};
  const body = require("node:fs").readFileSync("object.json");
  return { Body: { transformToByteArray: async () => new Uint8Array(body) } };
} };
exports.GetObjectCommand = class { constructor(request) { this.request = request; } };
exports.PutObjectCommand = class { constructor(request) { this.request = request; this.put = true; } };
`;

const FAKE_SNS = `
console.log("LOADED sns");
exports.SNSClient = class { async send({ request }) { console.log("PUBLISH", request.TopicArn, request.Message); } };
exports.PublishCommand = class { constructor(request) { this.request = request; } };
`;

const FAKE_KINESIS = `
console.log("LOADED kinesis");
exports.KinesisClient = class { async send({ request }) {
  const { type } = JSON.parse(Buffer.from(request.Data));
  console.log("PUT", request.StreamARN, request.PartitionKey, type);
} };
exports.PutRecordCommand = class { constructor(request) { this.request = request; } };
`;

const FAKE_SECRETS = `
console.log("LOADED secrets");
exports.SecretsManagerClient = class { async send({ request }) { return { SecretString: "value of " + request.SecretId }; } };
exports.GetSecretValueCommand = class { constructor(request) { this.request = request; } };
`;

const FAKES = { s3: FAKE_S3, sns: FAKE_SNS, kinesis: FAKE_KINESIS, "secrets-manager": FAKE_SECRETS };
const ECHO = "export const handle = (event) => event.id;\n";

function write(root, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function run({ handler = "handlers/x.mjs", files, config, payload = "envelope.json", environ }) {
  const base = mkdtempSync(join(tmpdir(), "pipec-"));
  const root = join(base, "task");
  cpSync(join(RUNTIME, "pipec_runtime"), join(root, "pipec_runtime"), { recursive: true });
  write(root, { "pipec.json": JSON.stringify({ ...readJson("pipec.json"), handler, ...config }) });
  write(root, files ?? { [handler]: ECHO });
  const sdk = "sdk/node_modules/@aws-sdk";
  write(base, { "driver.mjs": DRIVER });
  for (const [service, text] of Object.entries(FAKES)) write(base, { [`${sdk}/client-${service}/index.js`]: text });
  const done = spawnSync(process.execPath, [join(base, "driver.mjs")], {
    cwd: root,
    // Lambda keeps its copy of the SDK outside of the function and names it in NODE_PATH.
    env: { ...process.env, NODE_PATH: join(base, "sdk/node_modules"), ...environ },
    input: JSON.stringify(readJson(`payloads/${payload}`)),
    encoding: "utf8",
    timeout: 60_000,
  });
  rmSync(base, { recursive: true });
  return done;
}

function answerOf(spec) {
  const { status, stdout, stderr } = run(spec);
  assert.equal(status, 0, stderr);
  return { answer: JSON.parse(stdout.trimEnd().split("\n").at(-1)), out: stdout };
}

test("a handler file", () => {
  const { answer, out } = answerOf({});
  assert.equal(answer, "event-1");
  assert.ok(!out.includes("LOADED"));
});

test("a handler folder with siblings", () => {
  const files = {
    "handlers/x/index.mjs": 'import { answer } from "./sibling.mjs";\nexport const handle = () => answer();\n',
    "handlers/x/sibling.mjs": 'export const answer = async () => (await import("../../shared/later.mjs")).ANSWER;\n',
    "shared/later.mjs": "export const ANSWER = 42;\n",
  };
  assert.equal(answerOf({ handler: "handlers/x", files }).answer, 42);
  assert.equal(answerOf({ handler: "handlers/x/index.mjs", files }).answer, 42);
});

test("a CommonJS handler", () => {
  for (const text of ["exports.handle = (event) => event.id;", "module.exports = Object.assign({}, { handle: (e) => e.id });"]) {
    assert.equal(answerOf({ handler: "handlers/x.cjs", files: { "handlers/x.cjs": text } }).answer, "event-1");
  }
});

test("emit goes through the SDK that Lambda has", () => {
  const text = 'export const handle = (e, c) => c.emit("OccupancyChanged", { building: "b", inside: 1 });\n';
  const environ = { PIPEC_EMIT_OccupancyChanged: "arn:topic" };
  const { answer, out } = answerOf({ files: { "handlers/x.mjs": text }, environ });
  assert.ok(out.includes("LOADED sns") && !out.includes("LOADED s3"));
  const published = out.split("\n").find((line) => line.startsWith("PUBLISH arn:topic "));
  assert.equal(JSON.parse(published.slice("PUBLISH arn:topic ".length)).id, answer);
});

test("an object is read with the SDK that Lambda has", () => {
  const files = { "handlers/x.mjs": ECHO, "object.json": JSON.stringify(readJson("payloads/envelope.json")) };
  const { answer, out } = answerOf({ files, payload: "s3_direct.json" });
  assert.equal(answer, null);
  assert.ok(out.includes("LOADED s3"));
});

test("an answer, a stream and a secret with the SDK that Lambda has", () => {
  const text = [
    "export async function handle(event, { emit, secret }) {",
    '  await emit("OccupancyChanged", { building: "b", inside: 1 });',
    '  return secret("TOKEN");',
    "}",
  ].join("\n");
  const { OccupancyChanged } = readJson("pipec.json").emits;
  const emits = { OccupancyChanged: { ...OccupancyChanged, key: "building" } };
  const config = { responds: { schema: { type: "string" } }, secrets_env: ["TOKEN"], emits };
  const stream = "arn:aws:kinesis:eu-central-1:111111111111:stream/s";
  const environ = { PIPEC_STORE_BUCKET: "bucket", PIPEC_EMIT_OccupancyChanged: stream, TOKEN: "cards/mail" };
  const { answer, out } = answerOf({ files: { "handlers/x.mjs": text }, config, environ });
  assert.equal(answer, "value of cards/mail");
  assert.deepEqual(out.trimEnd().split("\n").slice(0, -1), [
    "LOADED s3",
    "STORE bucket BuildingExited/dt=2026-11-22/hour=20/event-1.json application/json event-1",
    "LOADED kinesis",
    `PUT ${stream} b access_cards.OccupancyChanged.v1`,
    "LOADED secrets",
  ]);
});

test("log lines go to standard output with the place of the error", () => {
  const text = [
    "export async function handle(event) {",
    "  await null;",
    "  deeper(event);",
    "}",
    "function deeper(event) {",
    "  throw new RangeError(event.data.building);",
    "}",
  ].join("\n");
  const { answer, out } = answerOf({ files: { "handlers/x.mjs": text }, payload: "sqs_direct.json" });
  assert.equal(answer.batchItemFailures.length, 2);
  const line = JSON.parse(out.split("\n")[0]);
  assert.deepEqual([line.error, line.at], ["RangeError", ["handlers/x.mjs:3", "handlers/x.mjs:6"]]);
  assert.ok(!out.includes("canary"));
});

const x = (text) => ({ files: { "handlers/x.mjs": text } });
for (const [reason, spec] of [
  ["handler `handlers/x.mjs` is not in the package", { files: { "other.mjs": "" } }],
  ["handler `handlers/x` is not in the package", { handler: "handlers/x", files: { "handlers/x/main.mjs": "" } }],
  ["handler `handlers/x.mjs` has no function `handle(event, context)`", x("")],
  ["handler `handlers/x.mjs` has no function `handle(event, context)`", x("export const handle = 1;")],
  ["handler `handlers/x.mjs` cannot be imported: Error: Cannot find package 'nowhere'", x('import "nowhere";')],
  ["handler `handlers/x.mjs` cannot be imported: SyntaxError: ", x("export const")],
  ["handler `handlers/x.mjs` cannot be imported: TypeError: broken", x('throw new TypeError("broken");')],
  ["`handle` in `handlers/x.mjs` must be a plain function, without `yield`", x("export function* handle() {}")],
  ["`handle` in `handlers/x.mjs` must be a plain function, without `yield`", x("export async function* handle() {}")],
  ["schema: unknown keyword `allOf`", { config: { schema: { allOf: [] } } }],
  ["the variable PIPEC_STORE_BUCKET is not set", { config: { responds: {} } }],
  ["where: neither `all` nor `any` nor a comparison", { config: { where: { not: 1 } } }],
  ["schema: unknown keyword `x`", { config: { emits: { A: { type: "t", source: "s", schema: { x: 1 } } } } }],
  ["pipec.json cannot be read: ", { files: { "handlers/x.mjs": ECHO, "pipec.json": "{" } }],
  ["pipec.json has no 'schema'", { files: { "handlers/x.mjs": ECHO, "pipec.json": '{"type":"t","subscriber":"s","handler":"h"}' } }],
]) {
  test(`refuses at cold start: ${reason}`, () => {
    const { status, stderr } = run(spec);
    assert.notEqual(status, 0);
    assert.ok(stderr.includes(`PackageError: ${reason}`), stderr);
  });
}
