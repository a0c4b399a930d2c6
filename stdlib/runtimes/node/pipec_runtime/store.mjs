// Stores the events of a synchronous door, where the doors without a function in front store theirs.

import { NotStored, PackageError, Rejected } from "./errors.mjs";
import { codeOf } from "./failure.mjs";
import { FORMATS } from "./formats.mjs";

const VARIABLE = "PIPEC_STORE_BUCKET";
const ID = /^[A-Za-z0-9._=-]{1,128}$/; // one segment of the key, whatever the sender thinks up

export class Store {
  #eventName;
  #clients;
  #bucket;

  constructor(eventName, clients, environ) {
    this.#eventName = eventName;
    this.#clients = clients;
    this.#bucket = environ[VARIABLE];
    if (!this.#bucket) throw new PackageError(`the variable ${VARIABLE} is not set`);
  }

  keyOf({ id, time }) {
    if (!ID.test(id)) throw new Rejected("expected 1 to 128 letters, digits and . _ = -", "/id");
    return `${this.#eventName}/${hourOf(time)}/${id}.json`;
  }

  async put(key, text) {
    // A bucket with an object lock takes no object without a checksum:
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    const place = { Bucket: this.#bucket, Key: key, ContentType: "application/json", ChecksumAlgorithm: "SHA256" };
    try {
      await this.#clients.putObject({ Body: text, ...place });
    } catch (error) {
      throw new NotStored(`the event cannot be stored (${codeOf(error)})`);
    }
  }
}

function hourOf(time) {
  if (time === null) throw new Rejected("missing", "/time");
  if (!FORMATS.get("date-time")(time)) throw new Rejected("not a date-time", "/time");
  // Without the seconds, which may be those of a leap second.
  const local = Date.parse(`${time.slice(0, 10)}T${time.slice(11, 16)}Z`);
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(time) ?? ["", "+", 0, 0];
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const moment = new Date(sign === "+" ? local - offset : local + offset).toISOString();
  // The year 0, and what lies before year 1 or after 9999 in UTC, as in Python.
  if (time.startsWith("0000") || !/^(?!0000)\d{4}-/.test(moment)) throw new Rejected("not a date-time", "/time");
  return `dt=${moment.slice(0, 10)}/hour=${moment.slice(11, 13)}`;
}
