// JSON as both runtimes accept it: RFC 8259, bounded depth, finite numbers, no `__proto__` key.

import { Rejected } from "./errors.mjs";

const MAX_DEPTH = 100;
const MAX_SCAN_DEPTH = 1000; // keeps the scan of a hostile text linear
const SPACE = " \t\r\n";

export function parse(text) {
  if (typeof text !== "string") throw new Rejected("expected a text");
  return check(decode(text));
}

// Yields each object of a stream, with or without newlines between, and a `Rejected` for each bad one.
// Firehose puts no delimiter between records unless it is told to:
// https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
export function* parseMany(text) {
  let at = skipSpace(text, 0);
  if (at === text.length) yield new Rejected("the object holds no event");
  while (at < text.length) {
    let found;
    [found, at] = next(text, at);
    yield found;
    at = skipSpace(text, at);
  }
}

function next(text, at) {
  let value, end;
  try {
    end = endOfObject(text, at);
    value = decode(text.slice(at, end));
  } catch (error) {
    const lineEnd = text.indexOf("\n", at); // one bad record must not cost the records on the lines after it
    return [error, lineEnd < 0 ? text.length : lineEnd];
  }
  try {
    return [check(value), end];
  } catch (error) {
    return [error, end];
  }
}

// JSON.parse does not say where a value ends, so the braces outside of strings are counted.
function endOfObject(text, start) {
  let depth = 0;
  let quoted = false;
  for (let at = start; text[start] === "{" && at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === "\\") at += 1;
    else if (character === '"') quoted = !quoted;
    else if (quoted && character === "\n") break;
    else if (!quoted && character === "{") depth += 1;
    else if (!quoted && character === "}") depth -= 1;
    if (depth > MAX_SCAN_DEPTH) throw new Rejected(`nested deeper than ${MAX_DEPTH}`);
    if (depth === 0) return at + 1;
  }
  throw new Rejected("not valid JSON");
}

function skipSpace(text, at) {
  while (at < text.length && SPACE.includes(text[at])) at += 1;
  return at;
}

function decode(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Rejected("not valid JSON"); // the parser's own message quotes the payload
  }
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function check(value) {
  const pending = [[value, 1]];
  while (pending.length > 0) {
    const [one, depth] = pending.pop();
    if (typeof one === "number" && !Number.isFinite(one)) throw new Rejected("number out of range");
    if (typeof one !== "object" || one === null) continue;
    // Copying such a key with `Object.assign` would replace the prototype of the copy.
    if (Object.hasOwn(one, "__proto__")) throw new Rejected("the key `__proto__` is not allowed");
    if (depth > MAX_DEPTH) throw new Rejected(`nested deeper than ${MAX_DEPTH}`);
    for (const child of Object.values(one)) pending.push([child, depth + 1]);
  }
  return value;
}
