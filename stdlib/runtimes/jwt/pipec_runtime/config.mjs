// Reads the environment variables. What is missing or odd ends the cold start: no rule is ever guessed.

import { ConfigError } from "./errors.mjs";

export function parseConfig(environ) {
  return Object.freeze({
    issuer: issuerOf(environ),
    audience: texts(environ, "PIPEC_AUDIENCE", 1),
    scopes: texts(environ, "PIPEC_SCOPES", 0),
    jwks: environ.PIPEC_JWKS === undefined ? undefined : secureUrl(environ, "PIPEC_JWKS"),
    leeway: leewayOf(environ.PIPEC_LEEWAY_SECONDS ?? "60"),
  });
}

// Over plain HTTP anybody on the way could put in keys of their own.
export function isSecureUrl(text) {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return protocol === "https:" && username === "" && password === "" && hash === "";
}

// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
function issuerOf(environ) {
  const text = secureUrl(environ, "PIPEC_ISSUER");
  if (text.includes("?")) throw new ConfigError("PIPEC_ISSUER must have no query");
  return text;
}

function secureUrl(environ, name) {
  const text = environ[name];
  if (!isSecureUrl(text)) throw new ConfigError(`${name} must be an https URL`);
  return text;
}

function texts(environ, name, least) {
  const refuse = () => new ConfigError(`${name} must be a JSON list of texts, ${least} or more`);
  let list;
  try {
    list = JSON.parse(environ[name]);
  } catch {
    throw refuse();
  }
  if (!Array.isArray(list) || list.length < least) throw refuse();
  if (!list.every((item) => typeof item === "string" && item !== "")) throw refuse();
  return Object.freeze(list);
}

function leewayOf(text) {
  const seconds = Number(text);
  if (!/^\d{1,3}$/.test(text) || seconds > 300) {
    throw new ConfigError("PIPEC_LEEWAY_SECONDS must be a whole number from 0 to 300");
  }
  return seconds;
}
