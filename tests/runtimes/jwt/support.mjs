// What the tests of the JWT authorizer share: keys, tokens, and an issuer on the loopback interface.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { createHandler } from "../../../stdlib/runtimes/jwt/pipec_runtime/handler.mjs";

export const ISSUER = "https://issuer.test/pool";
export const STAGE = "arn:aws:execute-api:eu-central-1:111111111111:abcdef1234/live";
export const NOW = 1_800_000_000; // seconds
export const CLAIMS = {
  iss: ISSUER,
  aud: "cards",
  sub: "canary-subject",
  exp: NOW + 600,
  iat: NOW - 10,
  nbf: NOW - 10,
  scope: "cards/read cards/write",
  client_id: "reader-7",
};

export function rsaKey(kid, bits = 2048) {
  return { kid, alg: "RS256", ...keyPair("rsa", { modulusLength: bits }) };
}

export function ecKey(kid, namedCurve = "P-256") {
  return { kid, alg: "ES256", ...keyPair("ec", { namedCurve }) };
}

// By way of PEM: Node may wait for itself for ever when the very key that it made is exported as JWK, and the garbage
// collector takes away the job that made it meanwhile; both lock the key.
export function keyPair(type, options) {
  const encodings = {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  };
  const { publicKey, privateKey } = generateKeyPairSync(type, { ...options, ...encodings });
  return { publicKey: createPublicKey(publicKey), privateKey: createPrivateKey(privateKey) };
}

export function jwkOf({ kid, alg, publicKey }, more) {
  return { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig", ...more };
}

const text = (part) => (typeof part === "string" || Buffer.isBuffer(part) ? part : JSON.stringify(part));
export const encode = (part) => Buffer.from(text(part)).toString("base64url");

// Signs any two texts: the way an issuer would, whatever they say.
export function signParts(key, header, payload, dsaEncoding = "ieee-p1363") {
  const signed = `${encode(header)}.${encode(payload)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding });
  return `${signed}.${signature.toString("base64url")}`;
}

// A token of this key with some claims and header fields other than usual. `undefined` leaves one out.
export function tokenOf(key, claims, header) {
  return signParts(key, { alg: key.alg, kid: key.kid, typ: "JWT", ...header }, { ...CLAIMS, ...claims });
}

// An issuer on the loopback interface. It is known as `https://issuer.test`, so that the authorizer's insistence on
// https stays as it is: only the injected `fetch` knows where the issuer really is.
export class Issuer {
  requests = [];
  documents = new Map();

  static async start(...keys) {
    const issuer = new Issuer();
    issuer.server = createServer((request, response) => issuer.#answer(request, response));
    issuer.server.listen(0, "127.0.0.1");
    await once(issuer.server, "listening");
    issuer.serve("/pool/.well-known/openid-configuration", { issuer: ISSUER, jwks_uri: "https://issuer.test/keys" });
    issuer.publish(keys.map((key) => jwkOf(key)));
    return issuer;
  }

  publish(keys) {
    this.serve("/keys", { keys });
  }

  // What a path answers: a document, or a function that answers by itself.
  serve(path, document) {
    this.documents.set(path, document);
  }

  // Both documents fail, or are as before.
  set down(down) {
    this.broken = down;
  }

  count(path) {
    return this.requests.filter((one) => one === path).length;
  }

  fetch = (url, init) => {
    const { port } = this.server.address();
    return fetch(url.replace("https://issuer.test", `http://127.0.0.1:${port}`), init);
  };

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  #answer(request, response) {
    this.requests.push(request.url);
    const document = this.documents.get(request.url);
    if (this.broken) return response.writeHead(503).end();
    if (typeof document === "function") return document(request, response);
    if (document === undefined) return response.writeHead(404).end();
    return response.end(text(document));
  }
}

// An authorizer before an issuer, its clock and its log.
export class Bench {
  lines = [];
  seconds = NOW;

  constructor(issuer, environ) {
    const variables = { PIPEC_ISSUER: ISSUER, PIPEC_AUDIENCE: '["cards"]', PIPEC_SCOPES: "[]", ...environ };
    const write = (line) => this.lines.push(line);
    this.handler = createHandler(variables, { fetch: issuer.fetch, now: () => this.seconds * 1000, write });
  }

  invoke(event) {
    return this.handler(event, { awsRequestId: "request-1" });
  }

  // `Allow`, `Deny`, or the reason of the refusal, which must stand in the log's one line.
  async ask(authorization) {
    const before = this.lines.length;
    const event = { type: "TOKEN", authorizationToken: authorization, methodArn: `${STAGE}/POST/cards` };
    try {
      const { policyDocument } = await this.invoke(event);
      return policyDocument.Statement[0].Effect;
    } catch (error) {
      if (error.message !== "Unauthorized") throw error;
      const denials = this.lines.slice(before).map((line) => JSON.parse(line)).filter(({ message }) => message === "denied");
      if (denials.length !== 1) throw new Error(`${denials.length} denials in the log`);
      return denials[0].reason;
    }
  }

  try(token) {
    return this.ask(`Bearer ${token}`);
  }
}
