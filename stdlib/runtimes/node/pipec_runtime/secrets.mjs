// Reads the secrets that the subscriber declares, and keeps each for a while.

import { SecretError } from "./errors.mjs";
import { valuesAt } from "./redact.mjs";

const KEPT_MILLISECONDS = 300_000;

export class Secrets {
  #names;
  #clients;
  #environ;
  #now;
  #kept = new Map();
  known = new Set(); // every text that no log line may hold, also after a secret has changed

  constructor(names, clients, environ, now) {
    this.#names = names;
    this.#clients = clients;
    this.#environ = environ;
    this.#now = now; // not a monotonic clock: that may stand still while Lambda freezes the process
  }

  async get(name) {
    if (!this.#names.includes(name)) {
      const known = this.#names.join(", ") || "nothing";
      throw new SecretError(`\`${name}\` is not a secret of the subscriber (there: ${known})`);
    }
    const kept = this.#kept.get(name);
    const age = this.#now() - kept?.since;
    if (age >= 0 && age < KEPT_MILLISECONDS) return kept.text;
    const text = await this.#read(name);
    this.#kept.set(name, { text, since: this.#now() });
    for (const one of hiddenIn(text)) this.known.add(one);
    return text;
  }

  async #read(name) {
    const secret = this.#environ[name];
    if (!secret) throw new SecretError(`the variable ${name} is not set`);
    // A secret holds a text or bytes:
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    const { SecretString } = await this.#clients.getSecretValue({ SecretId: secret });
    if (typeof SecretString !== "string") throw new SecretError(`the secret of \`${name}\` holds no text`);
    return SecretString;
  }
}

// The text itself and, of a JSON text, each value in it: a handler may log the password alone.
function hiddenIn(text) {
  let values = [];
  try {
    values = [...valuesAt(JSON.parse(text), [])];
  } catch {
    // no JSON
  }
  return [text, ...values].filter((one) => one !== "");
}
