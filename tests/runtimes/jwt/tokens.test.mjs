// Real tokens of real keys are let in; everything forged, old, or meant for others is not.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { Bench, CLAIMS, ISSUER, Issuer, NOW, STAGE, ecKey, encode, jwkOf, rsaKey, signParts, tokenOf } from "./support.mjs";

const rsa = rsaKey("rsa-1");
const ec = ecKey("ec-1");
const stranger = rsaKey("rsa-1"); // somebody else's key under the same name
const strangerEc = ecKey("ec-1");
let issuer;
let bench;

before(async () => (issuer = await Issuer.start(rsa, ec)));
after(() => issuer.stop());
beforeEach(() => (bench = new Bench(issuer)));

const request = (token) => ({ type: "TOKEN", authorizationToken: `Bearer ${token}`, methodArn: `${STAGE}/POST/cards/7` });

for (const key of [rsa, ec]) {
  test(`a good ${key.alg} token is let in`, async () => {
    assert.deepEqual(await bench.invoke(request(tokenOf(key))), {
      principalId: "canary-subject",
      policyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: `${STAGE}/*` }],
      },
      context: {
        sub: "canary-subject",
        scope: "cards/read cards/write",
        client_id: "reader-7",
        issuer: ISSUER,
      },
    });
    assert.deepEqual(bench.lines, []);
  });
}

// Each is signed by the right key.
for (const [name, expected, claims, header] of [
  ["an audience in a list", "Allow", { aud: ["other", "cards"] }],
  ["no nbf and no iat", "Allow", { nbf: undefined, iat: undefined }],
  ["fractions of seconds", "Allow", { exp: NOW + 0.5 }],
  ["expired within the leeway", "Allow", { exp: NOW - 59 }],
  ["expired beyond the leeway", "expired", { exp: NOW - 60 }],
  ["expired long ago", "expired", { exp: 1 }],
  ["not yet valid, within the leeway", "Allow", { nbf: NOW + 60 }],
  ["not yet valid", "not_yet_valid", { nbf: NOW + 61 }],
  ["issued ahead, within the leeway", "Allow", { iat: NOW + 60 }],
  ["issued in the future", "issued_in_future", { iat: NOW + 61 }],
  ["no expiry", "missing_expiry", { exp: undefined }],
  ["an expiry that is a text", "malformed_claims", { exp: String(NOW + 600) }],
  ["an expiry that is null", "malformed_claims", { exp: null }],
  ["an expiry that is true", "malformed_claims", { exp: true }],
  ["an expiry in a list", "malformed_claims", { exp: [NOW + 600] }],
  ["a negative expiry", "malformed_claims", { exp: -1 }],
  ["an nbf that is a text", "malformed_claims", { nbf: "0" }],
  ["an nbf that is null", "malformed_claims", { nbf: null }],
  ["an iat that is an object", "malformed_claims", { iat: {} }],
  ["another issuer", "wrong_issuer", { iss: "https://issuer.test/other" }],
  ["an issuer with a slash more", "wrong_issuer", { iss: `${ISSUER}/` }],
  ["an issuer in other letters", "wrong_issuer", { iss: ISSUER.toUpperCase() }],
  ["an issuer in a list", "wrong_issuer", { iss: [ISSUER] }],
  ["no issuer", "wrong_issuer", { iss: undefined }],
  ["another audience", "wrong_audience", { aud: "cards2" }],
  ["an audience in other letters", "wrong_audience", { aud: "CARDS" }],
  ["no audience in the list", "wrong_audience", { aud: [] }],
  ["no audience", "wrong_audience", { aud: undefined }],
  ["an audience that is null", "malformed_claims", { aud: null }],
  ["an audience that is an object", "malformed_claims", { aud: { cards: true } }],
  ["an audience list with a number", "malformed_claims", { aud: ["cards", 1] }],
  ["an access token of Cognito", "Allow", { aud: undefined, client_id: "cards", token_use: "access" }],
  ["one of another client", "wrong_audience", { aud: undefined, client_id: "other", token_use: "access" }],
  ["one without a client", "wrong_audience", { aud: undefined, client_id: undefined, token_use: "access" }],
  ["a client id is no audience elsewhere", "wrong_audience", { aud: undefined, client_id: "cards" }],
  ["a client id does not outweigh an audience", "wrong_audience", { aud: "x", client_id: "cards", token_use: "access" }],
  ["no subject", "missing_subject", { sub: undefined }],
  ["an empty subject", "malformed_claims", { sub: "" }],
  ["a blank subject", "malformed_claims", { sub: "  " }],
  ["a subject that is a number", "malformed_claims", { sub: 7 }],
  ["a subject that is null", "malformed_claims", { sub: null }],
  ["a subject with a line feed", "malformed_claims", { sub: "a\nb" }],
  ["a subject without end", "malformed_claims", { sub: "a".repeat(256) }],
  ["a client id that is a list", "malformed_claims", { client_id: ["a"] }],
  ["a client id that is null", "malformed_claims", { client_id: null }],
  ["a scope that is a list", "malformed_claims", { scope: ["cards/read"] }],
  ["a scope that is null", "malformed_claims", { scope: null }],
  ["a scope with a quote", "malformed_claims", { scope: 'a"b' }],
  ["an scp that is an object", "malformed_claims", { scope: undefined, scp: {} }],
  ["an scp that is null", "malformed_claims", { scope: undefined, scp: null }],
  ["an scp with a number", "malformed_claims", { scope: undefined, scp: [1] }],
  ["an scp with two scopes in one", "malformed_claims", { scope: undefined, scp: ["a b"] }],
  ["a type in other letters", "Allow", {}, { typ: "at+JWT" }],
  ["no type", "Allow", {}, { typ: undefined }],
  ["a logout token", "unsupported_type", {}, { typ: "logout+jwt" }],
  ["a type that is a number", "unsupported_type", {}, { typ: 1 }],
  ["an extension that must be understood", "critical_header", {}, { crit: ["exp"] }],
  ["an empty list of extensions", "critical_header", {}, { crit: [] }],
  ["extensions that are null", "critical_header", {}, { crit: null }],
  ["no kid", "missing_kid", {}, { kid: undefined }],
  ["an empty kid", "malformed_token", {}, { kid: "" }],
  ["a kid that is a number", "malformed_token", {}, { kid: 1 }],
  ["a kid that is a list", "malformed_token", {}, { kid: ["rsa-1"] }],
  ["a kid without end", "malformed_token", {}, { kid: "k".repeat(257) }],
  ["an unknown kid", "unknown_key", {}, { kid: "rsa-2" }],
  ["a kid of every object", "unknown_key", {}, { kid: "__proto__" }],
  ["a kid that is a path", "unknown_key", {}, { kid: "../../dev/null" }],
  ["another hash", "unsupported_algorithm", {}, { alg: "RS512" }],
  ["another padding", "unsupported_algorithm", {}, { alg: "PS256" }],
  ["an algorithm in other letters", "unsupported_algorithm", {}, { alg: "rs256" }],
  ["an algorithm in a list", "unsupported_algorithm", {}, { alg: ["RS256"] }],
  ["no algorithm", "unsupported_algorithm", {}, { alg: undefined }],
  ["an RSA key said to be for ES256", "wrong_algorithm", {}, { alg: "ES256" }],
]) {
  test(name, async () => {
    assert.equal(await bench.try(tokenOf(rsa, claims, header)), expected);
    assert.ok(!bench.lines.join("").includes("canary"));
  });
}

test("an EC key said to be for RS256", async () => {
  assert.equal(await bench.try(tokenOf(ec, {}, { alg: "RS256" })), "wrong_algorithm");
});

test("a token without a signature, and alg none in every spelling", async () => {
  for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
    const unsigned = `${encode({ alg, kid: "rsa-1" })}.${encode(CLAIMS)}.`;
    assert.equal(await bench.try(unsigned), "malformed_token", alg);
    assert.equal(await bench.try(`${unsigned}AAAA`), "unsupported_algorithm", alg);
  }
  assert.equal(await bench.try(tokenOf(rsa).replace(/[^.]*$/, "")), "malformed_token");
  assert.equal(await bench.try(tokenOf(rsa).replace(/\.[^.]*$/, "")), "malformed_token");
});

test("the public key is no shared secret", async () => {
  const secrets = [
    rsa.publicKey.export({ type: "spki", format: "pem" }),
    rsa.publicKey.export({ type: "pkcs1", format: "pem" }),
    rsa.publicKey.export({ type: "spki", format: "der" }),
    JSON.stringify(jwkOf(rsa)),
    "",
  ];
  for (const alg of ["HS256", "RS256"]) {
    for (const secret of secrets) {
      const signed = `${encode({ alg, kid: "rsa-1" })}.${encode(CLAIMS)}`;
      const forged = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      assert.equal(await bench.try(forged), alg === "HS256" ? "unsupported_algorithm" : "bad_signature");
    }
  }
});

test("another's key under the right name", async () => {
  assert.equal(await bench.try(tokenOf(stranger)), "bad_signature");
  assert.equal(await bench.try(tokenOf(strangerEc)), "bad_signature");
});

test("keys that the token brings along are not looked at", async () => {
  const own = jwkOf(stranger);
  const headers = [{ jwk: own }, { jku: "https://issuer.test/evil" }, { x5u: "https://issuer.test/evil" }, { x5c: ["AAAA"] }];
  issuer.serve("/evil", { keys: [own] });
  for (const header of headers) {
    assert.equal(await bench.try(tokenOf(stranger, {}, header)), "bad_signature");
    assert.equal(await bench.try(tokenOf(stranger, {}, { ...header, kid: "evil" })), "unknown_key");
    assert.equal(await bench.try(tokenOf(rsa, {}, header)), "Allow");
  }
  assert.equal(issuer.count("/evil"), 0);
});

test("a changed payload, header or signature", async () => {
  for (const key of [rsa, ec]) {
    const [header, , signature] = tokenOf(key).split(".");
    const other = encode({ ...CLAIMS, sub: "admin" });
    assert.equal(await bench.try(`${header}.${other}.${signature}`), "bad_signature");
    const renamed = encode({ alg: key.alg, kid: key.kid, typ: "at+jwt" });
    assert.equal(await bench.try(`${renamed}.${encode(CLAIMS)}.${signature}`), "bad_signature");
    const bytes = Buffer.from(signature, "base64url");
    for (const at of [0, 31, bytes.length - 1]) {
      const bent = Buffer.from(bytes);
      bent[at] ^= 1;
      assert.equal(await bench.try(`${header}.${encode(CLAIMS)}.${encode(bent)}`), "bad_signature");
    }
    for (const bent of [bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(bytes.length), Buffer.from([0])]) {
      assert.equal(await bench.try(`${header}.${encode(CLAIMS)}.${encode(bent)}`), "bad_signature");
    }
  }
});

test("an ES256 signature is r and s, not DER", async () => {
  const header = { alg: "ES256", kid: "ec-1" };
  assert.equal(await bench.try(signParts(ec, header, CLAIMS)), "Allow");
  assert.equal(await bench.try(signParts(ec, header, CLAIMS, "der")), "bad_signature");
});

const header = '{"alg":"RS256","kid":"rsa-1"}';
const payload = JSON.stringify(CLAIMS);
const deep = `${"[".repeat(20)}${"]".repeat(20)}`;
// Each is signed by the right key, over texts that another parser might understand differently.
for (const [name, expected, head, body] of [
  ["the plain texts", "Allow", header, payload],
  ["spaces and line feeds in JSON", "Allow", '{\n "alg" : "RS256", "kid":"rsa-1" }', payload],
  ["a key twice in the header", "malformed_token", '{"alg":"none","alg":"RS256","kid":"rsa-1"}', payload],
  ["a key twice in an inner object", "malformed_token", '{"alg":"RS256","kid":"rsa-1","x":[{"a":1,"a":1}]}', payload],
  ["equal keys in two objects, and keys as values", "Allow", '{"alg":"RS256","kid":"rsa-1","x":[{"a":"alg"},{"a":"kid"}],"y":["alg","alg"]}', payload],
  ["a claim twice", "malformed_claims", header, payload.replace("{", '{"sub":"admin",')],
  ["a claim twice, once with an escape", "malformed_claims", header, payload.replace("{", '{"s\\u0075b":"admin",')],
  ["a claim twice behind an escaped quote", "malformed_claims", header, payload.replace("{", '{"x":"\\"","sub":"admin",')],
  ["a prototype", "malformed_claims", header, payload.replace("{", '{"__proto__":{"admin":true},')],
  ["deep claims", "malformed_claims", header, payload.replace("{", `{"x":${deep},`)],
  ["a number beyond a double", "malformed_claims", header, payload.replace(/"exp":\d+/, '"exp":1e999')],
  ["claims that are a list", "malformed_claims", header, "[]"],
  ["claims that are null", "malformed_claims", header, "null"],
  ["claims that are a text", "malformed_claims", header, '"x"'],
  ["claims that are no JSON", "malformed_claims", header, "{'sub':1}"],
  ["claims that are another token", "malformed_claims", header, "a.b.c"],
  ["JSON with more behind it", "malformed_claims", header, `${payload}{}`],
  ["JSON with a comma too many", "malformed_claims", header, payload.replace("}", ",}")],
  ["a byte order mark", "malformed_claims", header, `\ufeff${payload}`],
  ["bytes that are not UTF-8", "malformed_claims", header, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ["a header that is a list", "malformed_token", '["RS256"]', payload],
  ["a header that is no JSON", "malformed_token", "RS256", payload],
  ["a header that is null", "malformed_token", "null", payload],
]) {
  test(name, async () => {
    assert.equal(await bench.try(signParts(rsa, head, body)), expected);
  });
}

// What stands in the header `Authorization`, made of a good token.
for (const [name, expected, change] of [
  ["the good token", "Allow", (token) => `Bearer ${token}`],
  ["a scheme in small letters", "Allow", (token) => `bearer ${token}`],
  ["two spaces", "Allow", (token) => `Bearer  ${token}`],
  ["nothing", "missing_token", () => ""],
  ["no header", "missing_token", () => undefined],
  ["null", "missing_token", () => null],
  ["a number", "missing_token", () => 7],
  ["a list", "missing_token", (token) => [`Bearer ${token}`]],
  ["no scheme", "malformed_token", (token) => token],
  ["another scheme", "malformed_token", (token) => `Basic ${token}`],
  ["a scheme only", "malformed_token", () => "Bearer "],
  ["no space", "malformed_token", (token) => `Bearer${token}`],
  ["a tab", "malformed_token", (token) => `Bearer\t${token}`],
  ["a space behind it", "malformed_token", (token) => `Bearer ${token} `],
  ["a line feed behind it", "malformed_token", (token) => `Bearer ${token}\n`],
  ["a space before it", "malformed_token", (token) => ` Bearer ${token}`],
  ["two tokens", "malformed_token", (token) => `Bearer ${token} ${token}`],
  ["two tokens with a comma", "malformed_token", (token) => `Bearer ${token},${token}`],
  ["four parts", "malformed_token", (token) => `Bearer ${token}.AAAA`],
  ["five parts, as if it were encrypted", "malformed_token", (token) => `Bearer ${token}.AAAA.AAAA`],
  ["an empty header part", "malformed_token", (token) => `Bearer ${token.replace(/^[^.]*/, "")}`],
  ["padding", "malformed_token", (token) => `Bearer ${token}=`],
  ["the other base64", "malformed_token", (token) => `Bearer ${token.replace(/.$/, "+")}`],
  ["a character in the middle that decoders skip", "malformed_token", (token) => `Bearer ${token.replace(".", "!.")}`],
  ["a letter that is a full stop elsewhere", "malformed_token", (token) => `Bearer ${token.replace(".", "\uff0e")}`],
]) {
  test(`the header: ${name}`, async () => {
    assert.equal(await bench.ask(change(tokenOf(rsa))), expected);
  });
}

test("loose bits at the end of a signature make no second token", async () => {
  const token = tokenOf(rsa); // 256 bytes end in a character with four loose bits
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.at(-1));
  assert.equal(last % 16, 0);
  for (let loose = 1; loose < 16; loose += 1) {
    const other = token.slice(0, -1) + alphabet[last + loose];
    assert.ok(Buffer.from(other.split(".")[2], "base64url").equals(Buffer.from(token.split(".")[2], "base64url")));
    assert.equal(await bench.try(other), "malformed_token");
  }
});

test("a token may have 8 KB and no byte more", async () => {
  const length = (size) => tokenOf(ec, { x: "x".repeat(size) }).length;
  let size = 5_500;
  while (length(size) < 8192) size += 1;
  assert.ok(length(size) - 8192 <= 1);
  const longest = length(size) === 8192 ? size : size - 1;
  assert.equal(await bench.try(tokenOf(ec, { x: "x".repeat(longest) })), "Allow");
  assert.equal(await bench.try(tokenOf(ec, { x: "x".repeat(longest + 2) })), "too_large");
});

for (const [name, methodArn] of [
  ["no method", undefined],
  ["no ARN", "POST /cards"],
  ["a list", [`${STAGE}/POST/cards`]],
  ["another service", "arn:aws:lambda:eu-central-1:111111111111:function:x"],
  ["a wildcard", "arn:aws:execute-api:eu-central-1:111111111111:*/live/POST/cards"],
  ["a wildcard as stage", "arn:aws:execute-api:eu-central-1:111111111111:abcdef1234/*/POST/cards"],
  ["an api only", "arn:aws:execute-api:eu-central-1:111111111111:abcdef1234"],
]) {
  test(`a request for ${name}`, async () => {
    await assert.rejects(bench.invoke({ ...request(tokenOf(rsa)), methodArn }), { message: "Unauthorized" });
    assert.equal(JSON.parse(bench.lines[0]).reason, "malformed_request");
  });
}

test("no event at all", async () => {
  for (const event of [undefined, null, {}, "x"]) {
    await assert.rejects(bench.invoke(event), { message: "Unauthorized" });
  }
});

for (const [partition, arn] of [
  ["aws-cn", "arn:aws-cn:execute-api:cn-north-1:111111111111:abcdef1234/live"],
  ["aws-us-gov", "arn:aws-us-gov:execute-api:us-gov-west-1:111111111111:abcdef1234/live"],
]) {
  test(`the partition ${partition}, and the path of the root`, async () => {
    for (const path of ["/GET/", "/GET"]) {
      const answer = await bench.invoke({ ...request(tokenOf(rsa)), methodArn: `${arn}${path}` });
      assert.equal(answer.policyDocument.Statement[0].Resource, `${arn}/*`);
    }
  });
}

// The scopes that are asked for, and what the token has.
for (const [expected, scopes, claims] of [
  ["Allow", ["cards/read"], {}],
  ["Allow", ["cards/write", "cards/read"], {}],
  ["Deny", ["cards/read", "cards/admin"], {}],
  ["Deny", ["cards"], {}],
  ["Deny", ["CARDS/READ"], {}],
  ["Deny", ["cards/read"], { scope: "" }],
  ["Deny", ["cards/read"], { scope: undefined }],
  ["Deny", ["cards/read"], { scope: "cards/readx xcards/read" }],
  ["Allow", ["cards/read"], { scope: undefined, scp: ["x", "cards/read"] }],
  ["Allow", ["cards/read"], { scope: undefined, scp: "x cards/read" }],
  ["Deny", ["cards/read"], { scope: undefined, scp: ["x"] }],
  ["Deny", ["cards/read"], { scope: "x", scp: ["cards/read"] }],
  ["Allow", [], { scope: undefined }],
]) {
  test(`the scopes ${scopes} of ${JSON.stringify(claims)}: ${expected}`, async () => {
    bench = new Bench(issuer, { PIPEC_SCOPES: JSON.stringify(scopes) });
    assert.equal(await bench.try(tokenOf(rsa, claims)), expected);
    const reasons = bench.lines.map((line) => JSON.parse(line).reason);
    assert.deepEqual(reasons, expected === "Deny" ? ["missing_scope"] : []);
  });
}

test("who lacks a scope gets a policy that denies the whole stage", async () => {
  bench = new Bench(issuer, { PIPEC_SCOPES: '["admin"]' });
  assert.deepEqual(await bench.invoke(request(tokenOf(rsa))), {
    principalId: "canary-subject",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Action: "execute-api:Invoke", Resource: `${STAGE}/*` }],
    },
  });
});

test("a token that lacks a scope and is expired is a 401", async () => {
  bench = new Bench(issuer, { PIPEC_SCOPES: '["admin"]' });
  assert.equal(await bench.try(tokenOf(rsa, { exp: 1 })), "expired");
});

test("the context holds texts only", async () => {
  const claims = { client_id: undefined, azp: "from-azp", scope: undefined, scp: ["a", "b"] };
  const { context } = await bench.invoke(request(tokenOf(rsa, claims)));
  assert.deepEqual(context, { sub: "canary-subject", scope: "a b", client_id: "from-azp", issuer: ISSUER });
  const bare = await bench.invoke(request(tokenOf(rsa, { client_id: undefined, scope: undefined })));
  assert.deepEqual(bare.context, { sub: "canary-subject", scope: "", client_id: "", issuer: ISSUER });
});

test("the leeway can be none", async () => {
  bench = new Bench(issuer, { PIPEC_LEEWAY_SECONDS: "0" });
  assert.equal(await bench.try(tokenOf(rsa, { exp: NOW })), "expired");
  assert.equal(await bench.try(tokenOf(rsa, { exp: NOW + 1, nbf: NOW, iat: NOW })), "Allow");
  assert.equal(await bench.try(tokenOf(rsa, { nbf: NOW + 1 })), "not_yet_valid");
});
