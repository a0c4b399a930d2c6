// The answer of a synchronous event, and what its caller learns when there is none.

import { AnswerRefused, NotStored, Rejected } from "./errors.mjs";
import { parse } from "./strict_json.mjs";

// What the caller will read: checked, with the defaults that the handler left out.
export function answerOf(value, schema) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value);
  } catch (error) {
    throw new AnswerRefused(`not JSON: ${error.name}`);
  }
  try {
    const answer = parse(text);
    schema?.accept(answer);
    return answer;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    throw new AnswerRefused(error.reason, error.pointer);
  }
}

// The message for the log, and the text for the caller. API Gateway picks the status by the text:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
export function failureOf(error) {
  if (error instanceof AnswerRefused) return ["answer refused", "ANSWER: the handler's answer does not fit its schema"];
  // The pointer may hold a key that the caller thought up. One line of ASCII, fit to stand inside a JSON text, can
  // neither escape a pattern nor break a mapping template.
  if (error instanceof Rejected) return ["event rejected", `REJECTED: ${asciiOf(error.message)}`];
  return [error instanceof NotStored ? "event not stored" : "handler failed", "FAILED"];
}

function asciiOf(text) {
  const escaped = JSON.stringify(text).slice(1, -1);
  return escaped.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
