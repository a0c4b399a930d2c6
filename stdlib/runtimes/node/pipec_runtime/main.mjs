// The Lambda entry point. Importing it is the cold start, so a broken package fails here and not at an event.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { loadConfig } from "./config.mjs";
import { loadHandle } from "./handler.mjs";
import { Runtime } from "./runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const config = loadConfig(root);
const runtime = new Runtime(config, await loadHandle(root, config.handler), { root });

export const handler = (event, context) => runtime.invoke(event, context);
