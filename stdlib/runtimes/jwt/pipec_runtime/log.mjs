// One JSON line for what went wrong: words of the authorizer's own, and never a token or a claim.

export function printLine(line) {
  process.stdout.write(`${line}\n`);
}

export class Log {
  #write;
  #environ;

  constructor(write, environ) {
    this.#write = write;
    this.#environ = environ;
  }

  denied(reason, kid, aws) {
    const ids = { kid: shownKid(kid), trace: this.#trace(), request_id: aws?.awsRequestId ?? null };
    this.#write(JSON.stringify({ level: "WARN", message: "denied", reason, ...ids }));
  }

  keysNotFetched(reason) {
    this.#write(JSON.stringify({ level: "ERROR", message: "keys not fetched", reason, trace: this.#trace() }));
  }

  // `Root=1-…;Parent=…;Sampled=…`, set anew for each request; the API's access log has the same root.
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  #trace() {
    return /^Root=([0-9a-f-]{1,64})(?:;|$)/.exec(this.#environ._X_AMZN_TRACE_ID ?? "")?.[1] ?? null;
  }
}

// A caller can write anything into `kid`; only what looks like the name of a key is shown.
function shownKid(kid) {
  return typeof kid === "string" && /^[A-Za-z0-9+/=_.:-]{1,128}$/.test(kid) ? kid : null;
}
