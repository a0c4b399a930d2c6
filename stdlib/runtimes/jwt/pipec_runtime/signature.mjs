// Whether a signature is by this key. The key's own type says how to check, never the token.

import { constants, verify } from "node:crypto";

import { Denied } from "./errors.mjs";

const ES256_BYTES = 64; // r and s, 32 bytes each: https://www.rfc-editor.org/rfc/rfc7518#section-3.4

export function checkSignature({ signed, signature }, { alg, key }) {
  const good = alg === "RS256" ? rs256(signed, signature, key) : es256(signed, signature, key);
  if (good !== true) throw new Denied("bad_signature");
}

function rs256(signed, signature, key) {
  return verify("sha256", signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
}

function es256(signed, signature, key) {
  if (signature.length !== ES256_BYTES) return false;
  return verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature);
}
