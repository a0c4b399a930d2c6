// What the Node tests share: fakes for AWS, and the builder of the shared cases.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const HERE = fileURLToPath(new URL("..", import.meta.url));
export const RUNTIME = fileURLToPath(new URL("../../../stdlib/runtimes/node/", import.meta.url));

const BUCKET = "amzn-s3-demo-bucket";

export function readJson(name) {
  return JSON.parse(readFileSync(`${HERE}${name}`, "utf8"));
}

// Looks like an error of the AWS SDK.
export class FakeError extends Error {
  constructor(code) {
    super(`canary ${code}`);
    this.name = code;
  }
}

// Stands in for S3, SNS, Kinesis and Secrets Manager, and writes down what it was asked.
export class FakeClients {
  reads = [];
  published = [];
  records = [];
  stored = [];
  secrets = {};
  secretReads = [];
  refuse = null;

  constructor(objects = []) {
    this.objects = objects;
  }

  async getObject(request) {
    this.reads.push(request);
    const found = this.objects.find(({ key, version }) => key === request.Key && version === request.VersionId);
    if (!found || found.missing || request.Bucket !== BUCKET) throw new FakeError("NoSuchKey");
    return new Uint8Array(objectBytes(found));
  }

  async publish(request) {
    await this.#take(this.published, request);
  }

  async putRecord(request) {
    await this.#take(this.records, request);
  }

  async putObject(request) {
    await this.#take(this.stored, request);
  }

  async getSecretValue(request) {
    await this.#take(this.secretReads, request);
    return this.secrets[request.SecretId];
  }

  async #take(taken, request) {
    await null; // as the network would, answer later
    if (this.refuse) throw new FakeError(this.refuse);
    taken.push(request);
  }
}

function objectBytes(spec) {
  if ("base64" in spec) return Buffer.from(spec.base64, "base64");
  const between = spec.between ?? "";
  const parts = spec.parts.map(textOf);
  if (spec.members) return Buffer.concat(parts.map((part) => gzipSync(part + between)));
  const plain = Buffer.from(parts.join(between));
  const body = spec.gzip ? gzipSync(plain) : plain;
  return body.subarray(0, body.length - (spec.cut ?? 0));
}

export function textOf(spec) {
  let text = innerText(spec);
  for (let wrapped = 0; wrapped < (spec.sns ?? 0); wrapped += 1) {
    const TopicArn = "arn:aws:sns:eu-central-1:111111111111:t";
    text = JSON.stringify({ Type: "Notification", TopicArn, Message: text });
  }
  return text;
}

function innerText(spec) {
  if ("text" in spec) return repeated(spec.text);
  if ("json" in spec) return JSON.stringify(spec.json);
  if ("object" in spec) {
    const s3 = { bucket: { name: BUCKET }, object: { key: spec.object } };
    const record = { eventSource: "aws:s3", eventName: spec.name ?? "ObjectCreated:Put", s3 };
    return JSON.stringify({ Records: [record] });
  }
  return envelopeText(spec);
}

function envelopeText(spec) {
  const base = readJson("payloads/envelope.json");
  const data = { ...base.data, ...spec.data };
  if ("note" in spec) data.note = "@note@";
  const envelope = { ...base, id: spec.event, data, ...spec.envelope };
  delete envelope[spec.without];
  return JSON.stringify(envelope, null, spec.indent).replace('"@note@"', () => repeated(spec.note));
}

function repeated(text) {
  return typeof text === "string" ? text : text.map(([one, times]) => one.repeat(times)).join("");
}

export function payloadOf(spec) {
  if ("payload" in spec) return readJson(`payloads/${spec.payload}`);
  if ("messages" in spec) return { Records: spec.messages.map(message) };
  if ("records" in spec) return { Records: spec.records.map(record) };
  if ("notification" in spec) {
    const Sns = { Type: "Notification", Message: textOf(spec.notification) };
    return { Records: [{ EventSource: "aws:sns", Sns }] };
  }
  return spec.invoke;
}

function message(spec, index) {
  return {
    messageId: `m${index}`,
    body: textOf(spec),
    attributes: { ApproximateReceiveCount: "count" in spec ? spec.count : "1" },
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:111111111111:queue",
  };
}

function record(spec, index) {
  const data = "base64" in spec ? spec.base64 : Buffer.from(textOf(spec)).toString("base64");
  return { eventSource: "aws:kinesis", kinesis: { sequenceNumber: `s${index}`, data } };
}
