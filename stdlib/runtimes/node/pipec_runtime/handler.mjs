// Imports the project's handler by its path in the package.

import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { PackageError } from "./errors.mjs";

export async function loadHandle(root, path) {
  let file = join(root, path);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) file = join(file, "index.mjs");
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new PackageError(`handler \`${path}\` is not in the package`);
  }
  return handleOf(await load(file, path), path);
}

async function load(file, path) {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new PackageError(`handler \`${path}\` cannot be imported: ${error?.name}: ${error?.message}`, {
      cause: error,
    });
  }
}

function handleOf(module, path) {
  // A CommonJS file has its exports under `default`.
  const handle = module.handle ?? module.default?.handle;
  if (typeof handle !== "function") {
    throw new PackageError(`handler \`${path}\` has no function \`handle(event, context)\``);
  }
  // Calling a generator runs nothing: every event would be lost without an error.
  if (handle.constructor.name.endsWith("GeneratorFunction")) {
    throw new PackageError(`\`handle\` in \`${path}\` must be a plain function, without \`yield\``);
  }
  return handle;
}
