// Publishes the events that the subscriber declares in `emits`.

import { randomUUID } from "node:crypto";

import { EmitError, Rejected } from "./errors.mjs";
import { parse } from "./strict_json.mjs";
import { send } from "./target.mjs";

export class Emitter {
  #emits;
  #clients;
  #environ;

  constructor(emits, clients, environ) {
    this.#emits = emits;
    this.#clients = clients;
    this.#environ = environ;
  }

  // Resolves to the new event's id once the topic or the stream has it.
  async emit(name, data) {
    const { declared, target } = this.#declared(name);
    const envelope = {
      specversion: "1.0",
      id: randomUUID(),
      type: declared.type,
      source: declared.source,
      time: new Date().toISOString().replace(/\.[0-9]+Z$/, "Z"),
      datacontenttype: "application/json",
      data: checked(name, data, declared.schema),
    };
    try {
      await send(target, envelope, JSON.stringify(envelope), declared.key, this.#clients);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      throw new EmitError(`\`${name}\` cannot be ordered by its key: ${error.message}`);
    }
    return envelope.id;
  }

  #declared(name) {
    if (!this.#emits.has(name)) {
      const known = [...this.#emits.keys()].join(", ") || "nothing";
      throw new EmitError(`\`${name}\` is not in the subscriber's \`emits\` (there: ${known})`);
    }
    const target = this.#environ[`PIPEC_EMIT_${name}`];
    if (!target) throw new EmitError(`the variable PIPEC_EMIT_${name} is not set`);
    return { declared: this.#emits.get(name), target };
  }
}

function checked(name, data, schema) {
  let text;
  try {
    text = JSON.stringify(data);
  } catch (error) {
    throw new EmitError(`\`${name}\` is not JSON: ${error.name}`);
  }
  try {
    // What is checked is what the receiver will read: dates have become texts by then.
    const plain = parse(text);
    schema.accept(plain);
    return plain;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    throw new EmitError(`\`${name}\` does not fit its schema: ${error.message}`);
  }
}

// A promise that knows whether anyone waits for it.
export class Emission extends Promise {
  observed = false;

  static get [Symbol.species]() {
    return Promise;
  }

  then(done, failed) {
    this.observed = true;
    return super.then(done, failed);
  }
}

// The `emit` of one event. `settle` waits for what `handle` forgot to await, so that it is neither lost nor silent.
export function emissionsOf(emitter) {
  const emissions = [];
  const emit = (name, data) => {
    const emission = new Emission((resolve, reject) => emitter.emit(name, data).then(resolve, reject));
    Promise.prototype.then.call(emission, undefined, () => {}); // until `settle`, a refusal must not end the process
    emissions.push(emission);
    return emission;
  };
  const settle = () => Promise.all(emissions.filter((emission) => !emission.observed));
  return { emit, settle };
}
