// Reads the records of an SQS or Kinesis batch.

import { PipecError, Rejected } from "./errors.mjs";
import { parse } from "./strict_json.mjs";

// What Lambda wants back for a failed record. An empty or missing one would fail, or lose, the whole batch.
export function itemId(record, name) {
  const found = record?.[name];
  if (typeof found !== "string" || found === "") throw new PipecError(`a record of the batch has no \`${name}\``);
  return found;
}

export function receiveCount(record) {
  const count = record.attributes?.ApproximateReceiveCount;
  return typeof count === "string" && /^[0-9]{1,9}$/.test(count) ? Number(count) : 1;
}

export function messageGroup(record) {
  return record.attributes?.MessageGroupId;
}

// `data` is base64: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
export function* kinesisParts(record) {
  try {
    yield parse(decode(record.kinesis.data));
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    yield error;
  }
}

function decode(text) {
  try {
    const plain = Buffer.from(text, "base64"); // skips what is not base64, hence the way back
    if (plain.toString("base64") === text) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    // not a text, or not UTF-8
  }
  throw new Rejected("`data` is not base64 of UTF-8 text");
}
