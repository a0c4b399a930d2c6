// Sends an envelope to what its variable names: a topic, a FIFO topic or a stream.

import { Rejected } from "./errors.mjs";
import { lengthOf } from "./schema.mjs";
import { isObject } from "./strict_json.mjs";

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: letters, digits and punctuation
const GROUP = /^[!-~]{1,128}$/;
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
const MAX_PARTITION_KEY = 256;

// Rejects with `Rejected` where the event's key is none for the target.
export async function send(target, envelope, text, key, clients) {
  if (target.split(":")[2] === "kinesis") {
    const partitionKey = keyOf(envelope, key);
    if (partitionKey === "" || lengthOf(partitionKey) > MAX_PARTITION_KEY) {
      throw new Rejected(`a stream takes 1 to ${MAX_PARTITION_KEY} characters`, `/${key}`);
    }
    await clients.putRecord({ StreamARN: target, Data: Buffer.from(text), PartitionKey: partitionKey });
  } else if (target.endsWith(".fifo")) {
    const group = keyOf(envelope, key);
    if (!GROUP.test(group)) {
      throw new Rejected("a FIFO topic takes 1 to 128 letters, digits and punctuation of ASCII", `/${key}`);
    }
    const fifo = { MessageGroupId: group, MessageDeduplicationId: envelope.id };
    await clients.publish({ TopicArn: target, Message: text, ...fifo });
  } else {
    await clients.publish({ TopicArn: target, Message: text });
  }
}

function keyOf({ id, data }, key) {
  const found = key !== null && isObject(data) && Object.hasOwn(data, key) ? data[key] : null;
  if (found === null) return id;
  if (typeof found === "object") throw new Rejected("expected a text, a number or a boolean", `/${key}`);
  return String(found);
}
