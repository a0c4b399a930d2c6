// Runs one invocation: takes the batch apart, calls `handle` once an event, and reports what failed.

import { Clients } from "./clients.mjs";
import { Emitter, emissionsOf } from "./emit.mjs";
import { attribute, openEnvelope } from "./envelope.mjs";
import { EventsFailed, Rejected } from "./errors.mjs";
import { describe } from "./failure.mjs";
import { Logger, printLine } from "./log.mjs";
import { itemId, kinesisParts, receiveCount } from "./records.mjs";
import { Redactor } from "./redact.mjs";
import { check } from "./strict_json.mjs";
import { sourceOf, unwrap, unwrapText } from "./transport.mjs";

const MAX_REPORTS = 100; // a large object may hold a million bad lines

export class Runtime {
  #config;
  #handle;
  #root;
  #clients;
  #write;
  #emitter;

  constructor(config, handle, options = {}) {
    const { root = "/", clients = new Clients(), write = printLine, environ = process.env } = options;
    this.#config = config;
    this.#handle = handle;
    this.#root = root;
    this.#clients = clients;
    this.#write = write;
    this.#emitter = new Emitter(config.emits, clients, environ);
  }

  async invoke(payload, aws) {
    const records = Array.isArray(payload?.Records) ? payload.Records : undefined;
    if (records?.length === 0) return answer([]);
    const source = sourceOf(records?.[0]);
    if (source === "aws:sqs") return answer(await this.#sqs(records, aws));
    if (source === "aws:kinesis") return answer(await this.#kinesis(records, aws));
    return this.#direct(payload, aws);
  }

  // The messages named in the answer are tried again. From a FIFO queue the first failure ends the batch, or
  // the order would be lost: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
  async #sqs(records, aws) {
    const ids = records.map((record) => itemId(record, "messageId"));
    const fifo = String(records[0].eventSourceARN).endsWith(".fifo");
    const failed = [];
    for (const [index, record] of records.entries()) {
      const parts = unwrapText(record.body, this.#clients);
      const { failures } = await this.#run(parts, receiveCount(record), aws, ids[index]);
      if (failures.length > 0 && fifo) return ids.slice(index);
      if (failures.length > 0) failed.push(ids[index]);
    }
    return failed;
  }

  // Lambda goes on from the lowest number in the answer, so stopping at the first failure keeps the order:
  // https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
  async #kinesis(records, aws) {
    const ids = records.map((record) => itemId(record?.kinesis, "sequenceNumber"));
    for (const [index, record] of records.entries()) {
      const { failures } = await this.#run(kinesisParts(record), 1, aws, ids[index]);
      if (failures.length === 0) continue;
      // Lambda cuts a batch at the number in the answer. Cut before its first record it stays whole, and all of it
      // would go to the dead letters, mostly untried. An error makes Lambda halve it instead.
      if (index === 0 && records.length > 1) {
        throw new EventsFailed(`the first of ${records.length} records failed`);
      }
      return [ids[index]];
    }
    return [];
  }

  // One envelope, or a notification that S3 or SNS sent without a queue: there is no partial answer.
  async #direct(payload, aws) {
    const { results, failures } = await this.#run(this.#directParts(payload), 1, aws);
    if (failures.length > 0) {
      const [{ reason, error, pointer }] = failures;
      const place = pointer ? ` at ${pointer}` : "";
      const total = failures.length + results.length;
      throw new EventsFailed(`${failures.length} of ${total} failed: ${reason ?? error}${place}`);
    }
    return Object.hasOwn(payload, "specversion") ? results[0] : undefined;
  }

  async *#directParts(payload) {
    yield* unwrap(check(payload), this.#clients);
  }

  // Tries every event of one item, also after one failed. Returns the results and the failures.
  async #run(parts, attempt, aws, item) {
    const results = [];
    const failures = [];
    let about;
    for (;;) {
      about = { event_id: null, event_type: null, subscriber: this.#config.subscriber, attempt };
      try {
        const { value: part, done } = await parts.next();
        if (done) break;
        results.push(await this.#one(part, about, aws));
      } catch (error) {
        const fields = describe(error, this.#root);
        failures.push(fields);
        const message = error instanceof Rejected ? "event rejected" : "handler failed";
        if (failures.length <= MAX_REPORTS) this.#report(message, fields, about, item);
      }
    }
    const more = failures.length - MAX_REPORTS;
    if (more > 0) this.#report("more events failed", { count: more }, about, item);
    return { results, failures };
  }

  async #one(part, about, aws) {
    if (part instanceof Error) throw part;
    about.event_id = attribute(part, "id");
    about.event_type = attribute(part, "type");
    const event = openEnvelope(part, this.#config);
    const logger = new Logger(this.#write, about, new Redactor(this.#config.secrets, event.data));
    const { emit, settle } = emissionsOf(this.#emitter);
    const result = await this.#handle.call(undefined, event, { emit, attempt: about.attempt, logger, aws });
    await settle();
    return result;
  }

  #report(message, fields, about, item) {
    new Logger(this.#write, about).error(message, { ...fields, item });
  }
}

function answer(failed) {
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
