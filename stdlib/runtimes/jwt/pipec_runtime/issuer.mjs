// Reads the issuer's documents: its discovery document, if need be, and its key set.

import { isSecureUrl } from "./config.mjs";
import { IssuerError } from "./errors.mjs";
import { parseObject } from "./strict_json.mjs";

const TIMEOUT_MS = 3000; // for one document, its body included
const MAX_BYTES = 256 * 1024;

// The members of the issuer's key set as they are.
export async function fetchKeySet({ issuer, jwks }, fetch) {
  const { keys } = await fetchObject(jwks ?? (await discover(issuer, fetch)), fetch);
  if (!Array.isArray(keys)) throw new IssuerError("no_keys");
  return keys;
}

// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
async function discover(issuer, fetch) {
  const document = await fetchObject(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, fetch);
  if (document.issuer !== issuer) throw new IssuerError("another_issuer");
  if (!isSecureUrl(document.jwks_uri)) throw new IssuerError("insecure_jwks_uri");
  return document.jwks_uri;
}

async function fetchObject(url, fetch) {
  const bytes = await fetchBytes(url, fetch);
  try {
    return parseObject(bytes);
  } catch {
    throw new IssuerError("not_json");
  }
}

async function fetchBytes(url, fetch) {
  try {
    const headers = { accept: "application/json" };
    // A redirect could lead to any host, also to one without TLS.
    const response = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new IssuerError("status");
    }
    return await bodyOf(response);
  } catch (error) {
    if (error instanceof IssuerError) throw error;
    throw new IssuerError(error?.name === "TimeoutError" ? "timeout" : "network");
  }
}

async function bodyOf(response) {
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new IssuerError("too_large"); // leaving the loop cancels the body
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
