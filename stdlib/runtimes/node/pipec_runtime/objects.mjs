// Reads the object that an S3 notification names.

import { gunzipSync } from "node:zlib";

import { Rejected } from "./errors.mjs";
import { codeOf } from "./failure.mjs";

// Firehose buffers up to 128 MiB an object; a gzip bomb must fail its own item and not the process.
const MAX_BYTES = 256 * 1024 * 1024;

const REASONS = {
  ERR_BUFFER_TOO_LARGE: "the object is too large",
  ERR_ENCODING_INVALID_ENCODED_DATA: "the object is not UTF-8",
};

// Returns the object's name, for logs, and its text.
export async function readObject(record, clients) {
  const request = requestOf(record);
  const name = `s3://${request.Bucket}/${request.Key}`.slice(0, 512);
  let body;
  try {
    body = await clients.getObject(request);
  } catch (error) {
    throw new Rejected(`the object cannot be read (${codeOf(error)})`, undefined, name);
  }
  try {
    return [name, new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain(body))];
  } catch (error) {
    throw new Rejected(REASONS[error.code] ?? "the object is not a whole gzip stream", undefined, name);
  }
}

function requestOf(record) {
  try {
    const { bucket, object } = record.s3;
    const request = { Bucket: text(bucket.name), Key: decodeKey(text(object.key)) };
    return object.versionId ? { ...request, VersionId: text(object.versionId) } : request;
  } catch {
    throw new Rejected("S3 notification without a readable bucket and key");
  }
}

function text(value) {
  if (typeof value !== "string" || value === "") throw new TypeError("not a text");
  return value;
}

// The key is URL-encoded and `+` stands for a space:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
function decodeKey(key) {
  return decodeURIComponent(key.replaceAll("+", " "));
}

export function plain(body, limit = MAX_BYTES) {
  // Every gzip stream starts with these bytes, whether or not the object has a Content-Encoding.
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body;
  return gunzipSync(body, { maxOutputLength: limit });
}
