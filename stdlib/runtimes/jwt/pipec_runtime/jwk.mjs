// One key of the issuer's set: which single algorithm it is for, and its public half.

import { createPublicKey } from "node:crypto";

import { decode } from "./base64url.mjs";
import { isObject } from "./strict_json.mjs";

const ALGORITHMS = new Map([["RSA", "RS256"], ["EC", "ES256"]]);
const MIN_RSA_BITS = 2048; // https://www.rfc-editor.org/rfc/rfc7518#section-3.3
const MAX_RSA_BITS = 8192; // larger ones make every check slow
const EXPONENTS = [65_537n, 0xffff_ffffn]; // with an exponent of 1 every signature would fit

// `{ kid, alg, key }`, or `undefined` for a key that cannot check signatures here. A set may hold such keys.
export function importKey(jwk) {
  if (!isObject(jwk) || typeof jwk.kid !== "string" || jwk.kid === "") return undefined;
  const alg = ALGORITHMS.get(jwk.kty);
  if (alg === undefined || !isForSignatures(jwk, alg)) return undefined;
  const members = alg === "RS256" ? rsaMembers(jwk) : ecMembers(jwk);
  const key = members && publicKey(members);
  return key && isStrong(key) ? { kid: jwk.kid, alg, key } : undefined;
}

function isForSignatures({ alg, use, key_ops: operations, d }, expected) {
  if (alg !== undefined && alg !== expected) return false;
  if (use !== undefined && use !== "sig") return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return false;
  return d === undefined; // a published private key proves nothing
}

function rsaMembers({ kty, n, e }) {
  return decode(n) && decode(e) ? { kty, n, e } : undefined;
}

function ecMembers({ kty, crv, x, y }) {
  const fits = crv === "P-256" && decode(x)?.length === 32 && decode(y)?.length === 32;
  return fits ? { kty, crv, x, y } : undefined;
}

function publicKey(key) {
  try {
    return createPublicKey({ key, format: "jwk" });
  } catch {
    return undefined; // such as a point that is not on the curve
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails: details }) {
  if (asymmetricKeyType === "ec") return details.namedCurve === "prime256v1";
  const { modulusLength: bits, publicExponent: exponent } = details;
  const [low, high] = EXPONENTS;
  return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && exponent >= low && exponent <= high && exponent % 2n === 1n;
}
