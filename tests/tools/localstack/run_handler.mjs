// Calls the JavaScript handler that `_HANDLER` names with the event on standard input; what comes of it is a file.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [path, name] = process.env._HANDLER.split(".");
const context = {
  awsRequestId: process.env.PIPEC_REQUEST,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  invokedFunctionArn: process.env.PIPEC_FUNCTION_ARN,
};

let outcome;
try {
  const module = await import(pathToFileURL(resolve(`${path}.mjs`)));
  outcome = { result: (await module[name](JSON.parse(readFileSync(0, "utf8")), context)) ?? null };
} catch (error) {
  console.error(error);
  outcome = { error: { errorType: error.name, errorMessage: error.message } };
}
writeFileSync(process.env.PIPEC_ANSWER, JSON.stringify(outcome));
process.exit(0);
