// Describes an error without its text: what others write into an error may hold payload values.

import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { PipecError, Rejected } from "./errors.mjs";

const RUNTIME = fileURLToPath(new URL(".", import.meta.url));
const FRAME = /^ {4}at (?:async )?(?:.*\()?(?:file:\/\/)?(\/[^()\n]*):(\d+):\d+\)?$/gm;
const WORD = /^[\w.:-]{1,64}$/;

// AWS errors carry the service's code, such as NoSuchKey, as their name.
export function codeOf(error) {
  if (!(error instanceof Error)) return typeof error;
  const name = error.name === "Error" ? error.constructor.name : error.name;
  return WORD.test(name) ? name : "Error";
}

export function describe(error, root) {
  if (error instanceof Rejected) {
    return { reason: error.reason, pointer: error.pointer, object: error.source };
  }
  const fields = { error: codeOf(error), at: frames(error, root) };
  if (error instanceof PipecError) fields.reason = error.message;
  else if (typeof error?.code === "string" && WORD.test(error.code)) fields.code = error.code;
  return fields;
}

function frames(error, root) {
  if (typeof error?.stack !== "string") return [];
  const found = [];
  // The stack starts with the message; only places inside the project are taken from what follows.
  for (const [, file, line] of error.stack.slice(-8192).matchAll(FRAME)) {
    const inside = file.startsWith(root + sep) && !file.startsWith(RUNTIME);
    if (inside) found.push(`${relative(root, file)}:${line}`);
  }
  return found.slice(0, 10).reverse();
}
