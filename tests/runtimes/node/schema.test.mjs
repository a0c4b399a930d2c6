// Runs the shared cases of `schema_cases.json`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PackageError, Rejected } from "../../../stdlib/runtimes/node/pipec_runtime/errors.mjs";
import { Schema } from "../../../stdlib/runtimes/node/pipec_runtime/schema.mjs";
import { readJson } from "./support.mjs";

const { schemas, refused } = readJson("schema_cases.json");

function errorOf(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

assert.ok(schemas.length > 50);
for (const spec of schemas) {
  test(spec.name, () => {
    const schema = new Schema(spec.schema);
    for (const value of spec.accept) schema.accept(value);
    for (const { value, at, reason } of spec.reject) {
      const error = errorOf(() => schema.accept(value));
      assert.ok(error instanceof Rejected, `accepted ${JSON.stringify(value)}`);
      assert.deepEqual([error.pointer, error.reason], [at, reason], JSON.stringify(value));
    }
  });
}

assert.ok(refused.length > 30);
for (const spec of refused) {
  test(`refuses ${spec.name}`, () => {
    const error = errorOf(() => new Schema(spec.schema));
    assert.ok(error instanceof PackageError, String(error));
    assert.ok(error.message.startsWith(spec.error), error.message);
  });
}
