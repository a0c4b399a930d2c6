// Takes the transport off: yields each event's envelope, or a `Rejected` in its place.

import { PipecError, Rejected } from "./errors.mjs";
import { readObject } from "./objects.mjs";
import { isObject, parse, parseMany } from "./strict_json.mjs";

const MAX_WRAPPERS = 4;

export async function* unwrapText(text, clients, depth = 0) {
  let value;
  try {
    value = parse(text);
  } catch (error) {
    yield error;
    return;
  }
  yield* unwrap(value, clients, depth);
}

export async function* unwrap(value, clients, depth = 0) {
  if (!isObject(value)) {
    yield new Rejected("expected a JSON object");
  } else if (Object.hasOwn(value, "specversion")) {
    yield value;
  } else if (depth >= MAX_WRAPPERS) {
    yield new Rejected(`more than ${MAX_WRAPPERS} transport wrappers`);
    // https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html (the same JSON goes to SQS)
  } else if (value.Type === "Notification" && Object.hasOwn(value, "Message")) {
    yield* unwrapText(value.Message, clients, depth + 1);
    // S3 sends it once when a notification is configured:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
  } else if (value.Event === "s3:TestEvent") {
    return;
  } else if (Array.isArray(value.Records)) {
    for (const record of value.Records) yield* unwrapRecord(record, clients, depth + 1);
  } else {
    yield unknown(value);
  }
}

async function* unwrapRecord(record, clients, depth) {
  const source = sourceOf(record);
  if (source === "aws:s3") {
    yield* unwrapObject(record, clients);
  } else if (source === "aws:sns") {
    yield* unwrap(record.Sns, clients, depth);
  } else {
    yield unknown(record);
  }
}

async function* unwrapObject(record, clients) {
  // Records carry the name without `s3:`; what was removed or restored is no new event.
  if (!/^(s3:)?ObjectCreated:/.test(record.eventName)) return;
  let name, text;
  try {
    [name, text] = await readObject(record, clients);
  } catch (error) {
    if (!(error instanceof PipecError)) throw error;
    yield error;
    return;
  }
  for (const part of parseMany(text)) {
    if (part instanceof Rejected) part.source = name;
    yield part;
  }
}

// SNS writes `EventSource`: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
export function sourceOf(record) {
  return isObject(record) ? (record.eventSource ?? record.EventSource) : undefined;
}

function unknown(value) {
  const keys = isObject(value) ? Object.keys(value).sort().slice(0, 20).join(", ").slice(0, 200) : "none";
  return new Rejected(`neither an event nor a known transport; keys: ${keys}`);
}
