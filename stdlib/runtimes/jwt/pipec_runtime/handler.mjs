// Decides on one request. Whatever goes wrong, the answer is no.

import { checkClaims } from "./claims.mjs";
import { parseConfig } from "./config.mjs";
import { Denied } from "./errors.mjs";
import { fetchKeySet } from "./issuer.mjs";
import { KeyStore } from "./keys.mjs";
import { Log, printLine } from "./log.mjs";
import { allow, refuse, stageOf } from "./policy.mjs";
import { checkSignature } from "./signature.mjs";
import { claimsIn, parseToken, tokenOf } from "./token.mjs";

// The Lambda handler for these environment variables. `options` are what tests put in place of the world.
export function createHandler(environ, options = {}) {
  const { fetch = globalThis.fetch, now = Date.now, write = printLine } = options;
  const config = parseConfig(environ);
  const log = new Log(write, environ);
  const keys = new KeyStore(() => fetchKeySet(config, fetch), now, (reason) => log.keysNotFetched(reason));

  return async function handler(event, aws) {
    const seen = {};
    try {
      const resource = stageOf(event?.methodArn);
      const token = parseToken(tokenOf(event.authorizationToken));
      seen.kid = token.kid;
      checkSignature(token, await keys.find(token.kid, token.alg));
      const caller = checkClaims(claimsIn(token.payload), config, now() / 1000);
      if (caller.granted) return allow(caller, resource);
      log.denied("missing_scope", seen.kid, aws);
      return refuse(caller, resource);
    } catch (error) {
      log.denied(error instanceof Denied ? error.reason : "internal", seen.kid, aws);
      // Exactly this text is what API Gateway answers with 401; any other would be a 500:
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
      throw new Error("Unauthorized");
    }
  };
}
