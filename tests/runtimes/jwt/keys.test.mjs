// Which keys count, how long they are kept, and how often the issuer is asked.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Bench, ISSUER, Issuer, ecKey, jwkOf, keyPair, rsaKey, tokenOf } from "./support.mjs";

const DISCOVERY = "/pool/.well-known/openid-configuration";
const MINUTE = 60;
const old = rsaKey("old");
const fresh = ecKey("fresh");
const token = tokenOf(old, { exp: 4_000_000_000 });
const later = tokenOf(fresh, { exp: 4_000_000_000 });
let issuer;
let bench;

beforeEach(async () => {
  issuer = await Issuer.start(old);
  bench = new Bench(issuer);
});
afterEach(() => issuer.stop());

const unknown = (number) => tokenOf(old, {}, { kid: `unknown-${number}` });
const reports = () => bench.lines.map((line) => JSON.parse(line)).filter(({ message }) => message === "keys not fetched");

test("keys are fetched once, and again after ten minutes", async () => {
  for (let second = 0; second < 10 * MINUTE; second += 30) {
    assert.equal(await bench.try(token), "Allow");
    bench.seconds += 30;
  }
  assert.deepEqual(issuer.requests, [DISCOVERY, "/keys"]);
  assert.equal(await bench.try(token), "Allow");
  assert.deepEqual(issuer.requests, [DISCOVERY, "/keys", DISCOVERY, "/keys"]);
});

test("requests at the same time share one fetch", async () => {
  const answers = await Promise.all([token, token, unknown(1), token].map((one) => bench.try(one).catch(() => "mixed")));
  assert.deepEqual(answers.filter((answer) => answer === "Allow").length, 3);
  assert.equal(issuer.count("/keys"), 1);
});

test("PIPEC_JWKS spares the discovery", async () => {
  bench = new Bench(issuer, { PIPEC_JWKS: "https://issuer.test/keys" });
  assert.equal(await bench.try(token), "Allow");
  assert.deepEqual(issuer.requests, ["/keys"]);
});

test("a new key is found a minute after the last fetch", async () => {
  assert.equal(await bench.try(token), "Allow");
  issuer.publish([jwkOf(old), jwkOf(fresh)]);
  bench.seconds += 59;
  assert.equal(await bench.try(later), "unknown_key");
  bench.seconds += 1;
  assert.equal(await bench.try(later), "Allow");
  assert.equal(await bench.try(token), "Allow");
  assert.equal(issuer.count("/keys"), 2);
});

test("a withdrawn key is refused within ten minutes", async () => {
  assert.equal(await bench.try(token), "Allow");
  issuer.publish([jwkOf(fresh)]);
  bench.seconds += 10 * MINUTE - 1;
  assert.equal(await bench.try(token), "Allow");
  bench.seconds += 1;
  assert.equal(await bench.try(token), "unknown_key");
  assert.equal(await bench.try(later), "Allow");
});

test("all keys can be withdrawn", async () => {
  assert.equal(await bench.try(token), "Allow");
  issuer.publish([]);
  bench.seconds += 10 * MINUTE;
  assert.equal(await bench.try(token), "unknown_key");
});

test("a flood of unknown names asks the issuer once a minute", async () => {
  for (let number = 0; number < 600; number += 1) {
    assert.equal(await bench.try(unknown(number)), "unknown_key");
    bench.seconds += 0.5;
  }
  assert.equal(issuer.count("/keys"), 5);
  assert.equal(await bench.try(token), "Allow");
});

test("a flood of unknown names while the issuer is down asks it once a minute, too", async () => {
  assert.equal(await bench.try(token), "Allow");
  issuer.down = true;
  bench.seconds += 30 * MINUTE;
  issuer.requests = [];
  for (let number = 0; number < 600; number += 1) {
    assert.equal(await bench.try(unknown(number)), "unknown_key");
    bench.seconds += 0.5;
  }
  assert.equal(issuer.requests.length, 5);
});

test("keys stay usable for an hour while the issuer is down", async () => {
  assert.equal(await bench.try(token), "Allow");
  issuer.down = true;
  for (let minute = 1; minute < 60; minute += 1) {
    bench.seconds += MINUTE;
    assert.equal(await bench.try(token), "Allow");
  }
  assert.equal(reports().length, 50);
  bench.seconds += MINUTE;
  assert.equal(await bench.try(token), "issuer_unreachable");
  issuer.down = false;
  bench.seconds += 10;
  assert.equal(await bench.try(token), "Allow");
});

test("an issuer that is down at the start is tried again after ten seconds", async () => {
  issuer.down = true;
  assert.equal(await bench.try(token), "issuer_unreachable");
  bench.seconds += 9;
  issuer.down = false;
  assert.equal(await bench.try(token), "issuer_unreachable");
  assert.deepEqual(issuer.requests, [DISCOVERY]);
  bench.seconds += 1;
  assert.equal(await bench.try(token), "Allow");
});

test("an issuer without a server", async () => {
  const gone = await Issuer.start(old);
  const port = gone.server.address().port;
  await gone.stop();
  bench = new Bench({ fetch: (url, init) => fetch(url.replace("https://issuer.test", `http://127.0.0.1:${port}`), init) });
  assert.equal(await bench.try(token), "issuer_unreachable");
  assert.deepEqual(reports().map(({ reason }) => reason), ["network"]);
});

const discovery = (more) => ({ issuer: ISSUER, jwks_uri: "https://issuer.test/keys", ...more });
const redirect = (location) => (request, response) => response.writeHead(302, { location }).end();
// What the issuer answers, and why its keys are not taken. The good keys lie at another path.
for (const [name, reason, path, document] of [
  ["a discovery of another issuer", "another_issuer", DISCOVERY, discovery({ issuer: "https://other.test" })],
  ["a discovery with a slash more", "another_issuer", DISCOVERY, discovery({ issuer: `${ISSUER}/` })],
  ["a discovery without an issuer", "another_issuer", DISCOVERY, discovery({ issuer: undefined })],
  ["a discovery with the issuer twice", "not_json", DISCOVERY, JSON.stringify(discovery()).replace("{", '{"issuer":"x",')],
  ["a key set over http", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: "http://issuer.test/keys" })],
  ["a key set in a file", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: "file:///keys" })],
  ["a key set in the document", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: "data:application/json,{}" })],
  ["a key set with a password", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: "https://a:b@issuer.test/keys" })],
  ["a key set nowhere", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: undefined })],
  ["key sets in a list", "insecure_jwks_uri", DISCOVERY, discovery({ jwks_uri: ["https://issuer.test/keys"] })],
  ["a discovery that is a list", "not_json", DISCOVERY, [discovery()]],
  ["a discovery that is a page", "not_json", DISCOVERY, "<html></html>"],
  ["a discovery elsewhere", "network", DISCOVERY, redirect("/elsewhere")],
  ["keys elsewhere", "network", "/keys", redirect("/elsewhere")],
  ["keys at another host", "network", "/keys", redirect("https://example.com/keys")],
  ["no keys", "no_keys", "/keys", {}],
  ["keys in an object", "no_keys", "/keys", { keys: { old: jwkOf(old) } }],
  ["keys twice", "not_json", "/keys", `{"keys":[],"keys":[${JSON.stringify(jwkOf(old))}]}`],
  ["keys that are not UTF-8", "not_json", "/keys", Buffer.from([0x7b, 0xff, 0x7d])],
  ["nothing", "not_json", "/keys", ""],
  ["nothing, by the status", "status", "/keys", (request, response) => response.writeHead(204).end()],
  ["a part of the keys", "status", "/keys", (request, response) => response.writeHead(206).end('{"keys":[]}')],
  ["an error", "status", "/keys", (request, response) => response.writeHead(500).end('{"keys":[]}')],
  ["a broken connection", "network", "/keys", (request) => request.socket.destroy()],
  ["too much", "too_large", "/keys", JSON.stringify({ keys: [jwkOf(old)], x: "x".repeat(256 * 1024) })],
  ["too much without end", "too_large", "/keys", (request, response) => {
    const more = () => response.destroyed || (response.write(" ".repeat(65_536)), setImmediate(more));
    more();
  }],
]) {
  test(`the issuer answers ${name}`, async () => {
    issuer.serve("/elsewhere", path === DISCOVERY ? discovery() : { keys: [jwkOf(old)] });
    issuer.serve(path, document);
    assert.equal(await bench.try(token), "issuer_unreachable");
    assert.deepEqual(reports().map((report) => report.reason), [reason]);
    assert.equal(issuer.count("/elsewhere"), 0);
  });
}

test("an issuer that answers too slowly is given up after three seconds", async () => {
  const silent = () => {};
  const halting = (request, response) => response.write('{"keys":['); // the time counts for the body, too
  const seconds = async (answer) => {
    const slow = await Issuer.start(old);
    slow.serve("/keys", answer);
    const waiting = new Bench(slow);
    const start = performance.now();
    assert.equal(await waiting.try(token), "issuer_unreachable");
    assert.equal(JSON.parse(waiting.lines[0]).reason, "timeout");
    const took = (performance.now() - start) / 1000;
    await slow.stop();
    return took;
  };
  for (const took of await Promise.all([silent, halting].map(seconds))) {
    assert.ok(took > 2.5 && took < 30, `${took} s`);
  }
});

test("an issuer that is a host, with or without a slash", async () => {
  issuer.serve("/.well-known/openid-configuration", { issuer: "https://issuer.test", jwks_uri: "https://issuer.test/keys" });
  bench = new Bench(issuer, { PIPEC_ISSUER: "https://issuer.test" });
  assert.equal(await bench.try(tokenOf(old, { iss: "https://issuer.test" })), "Allow");
  issuer.serve("/.well-known/openid-configuration", { issuer: "https://issuer.test/", jwks_uri: "https://issuer.test/keys" });
  bench = new Bench(issuer, { PIPEC_ISSUER: "https://issuer.test/" });
  assert.equal(await bench.try(tokenOf(old, { iss: "https://issuer.test/" })), "Allow");
  assert.equal(await bench.try(tokenOf(old, { iss: "https://issuer.test" })), "wrong_issuer");
});

const small = rsaKey("old", 1024);
const almost = rsaKey("old", 2047);
const large = rsaKey("old", 3072);
const p384 = ecKey("old", "P-384");
const k256 = ecKey("old", "secp256k1");
const ec = ecKey("old");
const one = { ...jwkOf(old), e: "AQ" };
const off = jwkOf(ec, { y: jwkOf(ecKey("old")).y });
const ed = keyPair("ed25519");
// The one key of the set, the key that signs, and what becomes of its token.
for (const [name, expected, jwk, key = old] of [
  ["as usual", "Allow", jwkOf(old)],
  ["without alg and use", "Allow", jwkOf(old, { alg: undefined, use: undefined })],
  ["with the right operation", "Allow", jwkOf(old, { key_ops: ["verify"] })],
  ["with a certificate beside it", "Allow", jwkOf(old, { x5c: ["AAAA"], x5t: "AAAA", more: {} })],
  ["of 3072 bits", "Allow", jwkOf(large), large],
  ["of P-256", "Allow", jwkOf(ec), ec],
  ["of 1024 bits", "unknown_key", jwkOf(small), small],
  ["of 2047 bits", "unknown_key", jwkOf(almost), almost],
  ["with an exponent of 1", "unknown_key", one],
  ["with an even exponent", "unknown_key", jwkOf(old, { e: "AQAC" })],
  ["of P-384", "unknown_key", jwkOf(p384), p384],
  ["of P-384 that says P-256", "unknown_key", jwkOf(p384, { crv: "P-256" }), p384],
  ["of secp256k1", "unknown_key", jwkOf(k256), k256],
  ["of secp256k1 that says P-256", "unknown_key", jwkOf(k256, { crv: "P-256" }), k256],
  ["off the curve", "unknown_key", off, ec],
  ["of Ed25519", "unknown_key", { ...ed.publicKey.export({ format: "jwk" }), kid: "old" }],
  ["for another algorithm", "unknown_key", jwkOf(old, { alg: "PS256" })],
  ["for a larger hash", "unknown_key", jwkOf(old, { alg: "RS512" })],
  ["of P-256 for RS256", "unknown_key", jwkOf(ec, { alg: "RS256" }), ec],
  ["with an alg that is null", "unknown_key", jwkOf(old, { alg: null })],
  ["for encryption", "unknown_key", jwkOf(old, { use: "enc" })],
  ["with another operation", "unknown_key", jwkOf(old, { key_ops: ["encrypt"] })],
  ["with operations in a text", "unknown_key", jwkOf(old, { key_ops: "verify" })],
  ["with its private half", "unknown_key", { ...old.privateKey.export({ format: "jwk" }), kid: "old" }],
  ["that is a shared secret", "unknown_key", { kty: "oct", k: "AAAA", kid: "old" }],
  ["of no type", "unknown_key", jwkOf(old, { kty: undefined })],
  ["of a type of every object", "unknown_key", jwkOf(old, { kty: "constructor" })],
  ["of a type in a list", "unknown_key", jwkOf(old, { kty: ["RSA"] })],
  ["without a modulus", "unknown_key", jwkOf(old, { n: undefined })],
  ["with a modulus in the other base64", "unknown_key", jwkOf(old, { n: `+${jwkOf(old).n.slice(1)}` })],
  ["with padding", "unknown_key", jwkOf(old, { n: `${jwkOf(old).n}==` })],
  ["with a short x", "unknown_key", jwkOf(ec, { x: jwkOf(ec).x.slice(0, 40) }), ec],
  ["without a name", "unknown_key", jwkOf(old, { kid: undefined })],
  ["whose name is a number", "unknown_key", jwkOf(old, { kid: 1 })],
  ["that is null", "unknown_key", null],
  ["that is a text", "unknown_key", "old"],
  ["that is a list", "unknown_key", [jwkOf(old)]],
]) {
  test(`a key ${name}`, async () => {
    issuer.publish([jwk]);
    assert.equal(await bench.try(tokenOf(key)), expected);
  });
}

test("keys that do not count leave the others alone", async () => {
  issuer.publish([null, "x", { kty: "oct", k: "AAAA", kid: "old" }, jwkOf(small), jwkOf(old), jwkOf(fresh)]);
  assert.equal(await bench.try(token), "Allow");
  assert.equal(await bench.try(later), "Allow");
});

test("two keys of one name for one algorithm leave in doubt which is meant", async () => {
  for (const copies of [2, 3]) {
    issuer.publish([jwkOf(old), jwkOf(large), jwkOf(old)].slice(0, copies));
    bench = new Bench(issuer);
    assert.equal(await bench.try(token), "wrong_algorithm");
    assert.equal(await bench.try(tokenOf(large)), "wrong_algorithm");
  }
});

test("two keys of one name for two algorithms", async () => {
  issuer.publish([jwkOf(old), jwkOf(ec)]);
  assert.equal(await bench.try(token), "Allow");
  assert.equal(await bench.try(tokenOf(ec)), "Allow");
});

test("a hundred keys count", async () => {
  const keys = Array.from({ length: 101 }, (_, number) => jwkOf(fresh, { kid: `k${number}` }));
  issuer.publish(keys);
  assert.equal(await bench.try(tokenOf(fresh, {}, { kid: "k99" })), "Allow");
  assert.equal(await bench.try(tokenOf(fresh, {}, { kid: "k100" })), "unknown_key");
});
