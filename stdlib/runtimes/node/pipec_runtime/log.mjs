// Structured log lines: one JSON object a line on standard output.

import { Redactor } from "./redact.mjs";

// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
const ROOT = /(?:^|;)\s*Root=([0-9A-Za-z-]{1,64})(?=;|$)/;

// The field that joins a log line to its trace. Lambda sets the variable anew for each invocation:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
export function traceOf(environ) {
  const found = ROOT.exec(environ._X_AMZN_TRACE_ID ?? "");
  return found ? { trace: found[1] } : {};
}

export function printLine(line) {
  process.stdout.write(`${line}\n`);
}

export class Logger {
  #write;
  #about;
  #redactor;

  constructor(write, about, redactor = new Redactor()) {
    this.#write = write;
    this.#about = about;
    this.#redactor = redactor;
  }

  info(message, fields) {
    this.#log("INFO", message, fields);
  }

  warn(message, fields) {
    this.#log("WARN", message, fields);
  }

  error(message, fields) {
    this.#log("ERROR", message, fields);
  }

  #log(level, message, fields) {
    const line = { level, message: null, ...this.#about };
    let more;
    try {
      more = this.#redactor.value({ ...fields });
      line.message = this.#redactor.text(String(message));
    } catch {
      line.message = "a log line could not be written"; // it must never fail an event
    }
    this.#write(JSON.stringify({ ...line, ...more, ...line }));
  }
}
