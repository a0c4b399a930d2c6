// Turns a CloudEvents 1.0 envelope into the event that `handle` gets.

import { Rejected } from "./errors.mjs";
import { lengthOf } from "./schema.mjs";
import { isObject } from "./strict_json.mjs";

const MAX_ATTRIBUTE = 256; // these attributes reach every log line
const VERSION = /\.v[0-9]+$/;

export function openEnvelope(value, config) {
  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
  if (!isObject(value) || value.specversion !== "1.0") throw new Rejected("not a CloudEvents 1.0 envelope");
  for (const name of ["id", "type", "source", ...((value.time ?? null) !== null ? ["time"] : [])]) {
    if (attribute(value, name) === null) {
      throw new Rejected(`expected a text of 1 to ${MAX_ATTRIBUTE} characters`, `/${name}`);
    }
  }
  // An older version may still be on its way, or be replayed: the schema decides about that.
  if (value.type.replace(VERSION, "") !== config.type.replace(VERSION, "")) {
    throw new Rejected("the type of another event", "/type");
  }
  if (!Object.hasOwn(value, "data")) throw new Rejected("missing", "/data");
  config.schema.accept(value.data, "/data");
  const { id, type, source, time = null, data } = value;
  return { id, type, source, time, data };
}

export function attribute(envelope, name) {
  const found = isObject(envelope) && Object.hasOwn(envelope, name) ? envelope[name] : null;
  return typeof found === "string" && found !== "" && lengthOf(found) <= MAX_ATTRIBUTE ? found : null;
}
