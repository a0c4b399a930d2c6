// Finds the packages that tests/tools/install.sh puts into target/tools.

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const TOOLS = new URL('../../target/tools/package.json', import.meta.url);

export async function importTool(name) {
  let path;
  try {
    path = createRequire(fileURLToPath(TOOLS)).resolve(name);
  } catch (error) {
    throw new Error(`${name} is not installed; run tests/tools/install.sh`, { cause: error });
  }
  return import(pathToFileURL(path));
}
