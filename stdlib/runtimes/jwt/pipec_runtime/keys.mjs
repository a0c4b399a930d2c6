// The issuer's keys, cached. Callers choose the `kid`, so what they send must not decide how often the issuer is asked.

import { Denied, IssuerError } from "./errors.mjs";
import { importKey } from "./jwk.mjs";

const MINUTE = 60_000;
const FRESH = 10 * MINUTE; // a key that the issuer withdrew is refused after so long
const USABLE = 60 * MINUTE; // the same while the issuer cannot be reached
const PAUSE = MINUTE; // between two attempts, whatever asks for them
const PAUSE_WITHOUT_KEYS = MINUTE / 6; // while nobody can be let in anyway
const MAX_KEYS = 100;

export class KeyStore {
  #fetchKeys;
  #now;
  #report;
  #keys = new Map();
  #fetched = -Infinity;
  #tried = -Infinity;
  #running;

  // `fetchKeys` resolves to the members of the key set; `report` is told why one could not be had.
  constructor(fetchKeys, now, report) {
    this.#fetchKeys = fetchKeys;
    this.#now = now;
    this.#report = report;
  }

  // The key of that name, for that algorithm.
  async find(kid, alg) {
    if (this.#age() >= FRESH || !this.#keys.has(kid)) await this.#refresh();
    if (this.#age() >= USABLE) throw new Denied("issuer_unreachable");
    const byAlgorithm = this.#keys.get(kid);
    if (byAlgorithm === undefined) throw new Denied("unknown_key");
    const key = byAlgorithm.get(alg);
    if (key === undefined) throw new Denied("wrong_algorithm");
    return { alg, key };
  }

  #age() {
    return this.#now() - this.#fetched;
  }

  #refresh() {
    const pause = this.#age() < USABLE ? PAUSE : PAUSE_WITHOUT_KEYS;
    if (this.#running === undefined && this.#now() - this.#tried >= pause) {
      this.#running = this.#fetch().finally(() => (this.#running = undefined));
    }
    return this.#running;
  }

  async #fetch() {
    this.#tried = this.#now();
    try {
      this.#keys = keysOf(await this.#fetchKeys());
      this.#fetched = this.#now();
    } catch (error) {
      this.#report(error instanceof IssuerError ? error.reason : "internal");
    }
  }
}

// By name, then by algorithm. Two keys with one name for one algorithm leave in doubt which is meant: neither counts.
function keysOf(members) {
  const keys = new Map();
  const usable = members.map(importKey).filter((key) => key !== undefined);
  for (const { kid, alg, key } of usable.slice(0, MAX_KEYS)) {
    const byAlgorithm = keys.get(kid) ?? new Map();
    byAlgorithm.set(alg, byAlgorithm.has(alg) ? undefined : key);
    keys.set(kid, byAlgorithm);
  }
  return keys;
}
