// JSON objects that mean the same to every reader. Parsers disagree on which of two equal keys counts, so one that
// checks and one that uses a token could see two different tokens: https://www.rfc-editor.org/rfc/rfc7515#section-4

const MAX_DEPTH = 16;
const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

// The object in these bytes. Throws for everything else; the error may quote the text, so it must not be logged.
export function parseObject(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError("not an object");
  refuseOddKeys(text);
  return value;
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// The text is known to be JSON, so a text behind `{`, or behind `,` in an object, is a key.
function refuseOddKeys(text) {
  const open = [];
  let before = "";
  for (const [part] of text.matchAll(PARTS)) {
    const keys = open.at(-1);
    if (part === "{" || part === "[") open.push(part === "{" ? new Set() : undefined);
    else if (part === "}" || part === "]") open.pop();
    else if (keys && (before === "{" || before === ",") && part[0] === '"') addKey(keys, JSON.parse(part));
    if (open.length > MAX_DEPTH) throw new SyntaxError("too deep");
    before = part;
  }
}

function addKey(keys, key) {
  if (keys.has(key) || key === "__proto__") throw new SyntaxError("a key twice, or one with a meaning of its own");
  keys.add(key);
}
