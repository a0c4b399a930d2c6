// Reads `pipec.json`, which the compiler writes into the package.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PackageError } from "./errors.mjs";
import { Schema } from "./schema.mjs";
import { Where } from "./where.mjs";

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
  const where = document.where ?? null;
  const responds = document.responds ?? null;
  if (where !== null && responds !== null) {
    throw new PackageError("pipec.json has both `where` and `responds`: a caller who waits is not passed over");
  }
  if (responds !== null && !Object.hasOwn(document, "event")) throw new PackageError("pipec.json has no 'event'");
  const emits = Object.entries(document.emits ?? {}).map(([name, one]) => [
    name,
    { type: one.type, source: one.source, schema: new Schema(one.schema), key: one.key ?? null },
  ]);
  return {
    type: document.type,
    subscriber: document.subscriber,
    handler: document.handler,
    schema: new Schema(document.schema),
    secrets: document.secrets ?? [],
    emits: new Map(emits),
    where: where === null ? null : new Where(where),
    responds: responds === null ? null : { eventName: document.event, schema: schemaOf(responds) },
    secretsEnv: document.secrets_env ?? [],
  };
}

function schemaOf(responds) {
  const schema = responds.schema ?? null;
  return schema === null ? null : new Schema(schema);
}
