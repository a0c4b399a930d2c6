// Runs one invocation: takes the batch apart, calls `handle` once an event, and reports what failed.

import { answerOf, failureOf } from "./answer.mjs";
import { Clients } from "./clients.mjs";
import { Emitter, emissionsOf } from "./emit.mjs";
import { attribute, openEnvelope } from "./envelope.mjs";
import { EventsFailed, NotAnswered, Rejected } from "./errors.mjs";
import { describe } from "./failure.mjs";
import { Logger, printLine, traceOf } from "./log.mjs";
import { itemId, kinesisParts, messageGroup, receiveCount } from "./records.mjs";
import { Redactor } from "./redact.mjs";
import { Secrets } from "./secrets.mjs";
import { Store } from "./store.mjs";
import { check } from "./strict_json.mjs";
import { sourceOf, unwrap, unwrapText } from "./transport.mjs";

const PASSED_OVER = Symbol("passed over");
const MAX_REPORTS = 100; // a large object may hold a million bad lines

export class Runtime {
  #config;
  #handle;
  #root;
  #clients;
  #write;
  #environ;
  #secrets;
  #store;
  #emitter;

  constructor(config, handle, options = {}) {
    const { root = "/", clients = new Clients(), write = printLine, environ = process.env, now = Date.now } = options;
    this.#config = config;
    this.#handle = handle;
    this.#root = root;
    this.#clients = clients;
    this.#write = write;
    this.#environ = environ;
    this.#secrets = new Secrets(config.secretsEnv, clients, environ, now);
    this.#store = config.responds && new Store(config.responds.eventName, clients, environ);
    this.#emitter = new Emitter(config.emits, clients, environ);
  }

  async invoke(payload, aws) {
    if (this.#store) return this.#respond(payload, aws);
    const records = Array.isArray(payload?.Records) ? payload.Records : undefined;
    if (records?.length === 0) return answer([]);
    const source = sourceOf(records?.[0]);
    if (source === "aws:sqs") return answer(await this.#sqs(records, aws));
    if (source === "aws:kinesis") return answer(await this.#kinesis(records, aws));
    return this.#direct(payload, aws);
  }

  // The messages named in the answer are tried again. From a FIFO queue a failure ends its group for this batch, or the
  // order of that group would be lost: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
  async #sqs(records, aws) {
    const ids = records.map((record) => itemId(record, "messageId"));
    const fifo = String(records[0].eventSourceARN).endsWith(".fifo");
    const [failed, ended] = [[], new Set()];
    for (const [index, record] of records.entries()) {
      const group = messageGroup(record);
      if (fifo && ended.has(group)) {
        failed.push(ids[index]);
        continue;
      }
      const parts = unwrapText(record.body, this.#clients);
      const { failures } = await this.#run(parts, receiveCount(record), aws, ids[index]);
      if (failures.length === 0) continue;
      failed.push(ids[index]);
      ended.add(group);
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
      about = this.#about(attempt);
      try {
        const { value: part, done } = await parts.next();
        if (done) break;
        const result = await this.#one(part, about, aws);
        if (result !== PASSED_OVER) results.push(result);
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
    const event = this.#open(part, about);
    if (this.#config.where && !this.#config.where.holds(event.data)) return PASSED_OVER;
    return this.#call(event, about, aws);
  }

  // One envelope, whose sender waits for the answer. The event is stored before it is handled.
  async #respond(payload, aws) {
    const about = this.#about(1);
    try {
      const text = JSON.stringify(check(payload)); // as it came: what defaults mean is up to the one who reads it
      const event = this.#open(payload, about);
      await this.#store.put(this.#store.keyOf(event), text);
      return answerOf(await this.#call(event, about, aws), this.#config.responds.schema);
    } catch (error) {
      const [message, told] = failureOf(error);
      this.#report(message, describe(error, this.#root), about);
      throw new NotAnswered(told);
    }
  }

  #about(attempt) {
    const about = { event_id: null, event_type: null, subscriber: this.#config.subscriber, attempt };
    return { ...about, ...traceOf(this.#environ) };
  }

  #open(part, about) {
    about.event_id = attribute(part, "id");
    about.event_type = attribute(part, "type");
    return openEnvelope(part, this.#config);
  }

  async #call(event, about, aws) {
    const redactor = new Redactor(this.#config.secrets, event.data, this.#secrets.known);
    const secret = (name) => {
      const found = this.#secrets.get(name).then((text) => {
        redactor.hide(this.#secrets.known);
        return text;
      });
      found.catch(() => {}); // a refusal that nobody awaits must not end the process
      return found;
    };
    const { emit, settle } = emissionsOf(this.#emitter);
    const logger = new Logger(this.#write, about, redactor);
    const context = { emit, secret, attempt: about.attempt, logger, aws };
    const result = await this.#handle.call(undefined, event, context);
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
