// Takes the `Authorization` header apart. Nothing of it is believed yet: the signature is checked afterwards.

import { decode } from "./base64url.mjs";
import { Denied } from "./errors.mjs";
import { parseObject } from "./strict_json.mjs";

const MAX_BYTES = 8192;
const MAX_KID = 256;
const ALGORITHMS = ["RS256", "ES256"];
// Other types of token are signed by the same keys for other purposes: logout tokens, proofs of possession.
// https://www.rfc-editor.org/rfc/rfc8725#section-3.11, https://www.rfc-editor.org/rfc/rfc9068#section-2.1
const TYPES = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"];

export function tokenOf(authorization) {
  if (typeof authorization !== "string" || authorization === "") throw new Denied("missing_token");
  const [, token] = /^bearer +([^ ]+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new Denied("malformed_token");
  if (token.length > MAX_BYTES) throw new Denied("too_large");
  return token;
}

export function parseToken(token) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new Denied("malformed_token");
  const [header, payload, signature] = parts.map(decode);
  if (!header || !payload || !signature) throw new Denied("malformed_token");
  return { ...checkHeader(objectIn(header)), payload, signature, signed: Buffer.from(`${parts[0]}.${parts[1]}`) };
}

// The claims, for when the signature is known to be good.
export function claimsIn(payload) {
  return objectIn(payload, "malformed_claims");
}

function objectIn(bytes, reason = "malformed_token") {
  try {
    return parseObject(bytes);
  } catch {
    throw new Denied(reason);
  }
}

// `jku`, `jwk`, `x5u` and `x5c` name keys that the sender chose. They are not looked at.
function checkHeader(header) {
  const { alg, kid, typ } = header;
  if (!ALGORITHMS.includes(alg)) throw new Denied("unsupported_algorithm");
  // Extensions that must be understood; none is: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
  if (Object.hasOwn(header, "crit")) throw new Denied("critical_header");
  if (typ !== undefined && !(typeof typ === "string" && TYPES.includes(typ.toLowerCase()))) {
    throw new Denied("unsupported_type");
  }
  if (kid === undefined) throw new Denied("missing_kid");
  if (typeof kid !== "string" || kid === "" || kid.length > MAX_KID) throw new Denied("malformed_token");
  return { alg, kid };
}
