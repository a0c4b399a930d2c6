// Reads `pipec.json`, which the compiler writes into the package.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PackageError } from "./errors.mjs";
import { Schema } from "./schema.mjs";

export function loadConfig(root) {
  let document;
  try {
    document = JSON.parse(readFileSync(join(root, "pipec.json"), "utf8"));
  } catch (error) {
    throw new PackageError(`pipec.json cannot be read: ${error.message}`, { cause: error });
  }
  return parseConfig(document);
}

export function parseConfig(document) {
  for (const name of ["type", "subscriber", "handler", "schema"]) {
    if (!Object.hasOwn(document, name)) throw new PackageError(`pipec.json has no '${name}'`);
  }
  const emits = Object.entries(document.emits ?? {}).map(([name, one]) => [
    name,
    { type: one.type, source: one.source, schema: new Schema(one.schema) },
  ]);
  return {
    type: document.type,
    subscriber: document.subscriber,
    handler: document.handler,
    schema: new Schema(document.schema),
    secrets: document.secrets ?? [],
    emits: new Map(emits),
  };
}
