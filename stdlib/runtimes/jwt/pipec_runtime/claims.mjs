// What a token with a good signature must say: https://www.rfc-editor.org/rfc/rfc7519#section-4.1

import { Denied } from "./errors.mjs";

const NAME = /^[^\p{Cc}]{1,255}$/u; // what goes on to the backend holds no control characters
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/; // https://www.rfc-editor.org/rfc/rfc6749#section-3.3

// `{ sub, scope, clientId, issuer }`, each a text, and `granted`: whether every scope that is asked for is there.
export function checkClaims(claims, config, seconds) {
  checkTimes(claims, config.leeway, seconds);
  if (claims.iss !== config.issuer) throw new Denied("wrong_issuer");
  const clientId = clientIdOf(claims);
  if (!isForUs(claims, clientId, config.audience)) throw new Denied("wrong_audience");
  const scopes = scopesOf(claims);
  return {
    sub: subjectOf(claims),
    scope: scopes.join(" "),
    clientId,
    issuer: config.issuer,
    granted: config.scopes.every((scope) => scopes.includes(scope)),
  };
}

function checkTimes({ exp, nbf, iat }, leeway, seconds) {
  if (exp === undefined) throw new Denied("missing_expiry");
  for (const time of [exp, nbf, iat]) {
    if (time !== undefined && !(Number.isFinite(time) && time >= 0)) throw new Denied("malformed_claims");
  }
  if (seconds >= exp + leeway) throw new Denied("expired");
  if (nbf !== undefined && nbf > seconds + leeway) throw new Denied("not_yet_valid");
  if (iat !== undefined && iat > seconds + leeway) throw new Denied("issued_in_future");
}

// Access tokens of Cognito have no `aud`; their `client_id` says whom they were issued to:
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
function isForUs({ aud, token_use: use }, clientId, audience) {
  if (aud === undefined) return use === "access" && audience.includes(clientId);
  const all = Array.isArray(aud) ? aud : [aud];
  if (!all.every((one) => typeof one === "string")) throw new Denied("malformed_claims");
  return all.some((one) => audience.includes(one));
}

function subjectOf({ sub }) {
  if (sub === undefined) throw new Denied("missing_subject");
  return name(sub);
}

// For the backend: `client_id`, or what some issuers say instead of it. Empty if the token does not say.
function clientIdOf({ client_id: clientId, azp, cid }) {
  const found = [clientId, azp, cid].find((one) => one !== undefined);
  return found === undefined ? "" : name(found);
}

function name(value) {
  if (typeof value !== "string" || !NAME.test(value) || value.trim() === "") throw new Denied("malformed_claims");
  return value;
}

// `scope` is a text with spaces between; some issuers have `scp` instead, a list or such a text.
function scopesOf({ scope, scp }) {
  if (scope !== undefined && typeof scope !== "string") throw new Denied("malformed_claims");
  const found = scope === undefined ? (scp === undefined ? [] : scp) : scope;
  const scopes = typeof found === "string" ? found.split(" ").filter((one) => one !== "") : found;
  const good = Array.isArray(scopes) && scopes.every((one) => typeof one === "string" && SCOPE.test(one));
  if (!good) throw new Denied("malformed_claims");
  return scopes;
}
