// The Lambda entry point. Importing it is the cold start, so wrong variables fail here and let nobody in.

import { createHandler } from "./handler.mjs";

export const handler = createHandler(process.env);
