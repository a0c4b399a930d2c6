// What API Gateway gets back: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

import { Denied } from "./errors.mjs";

const METHOD = /^(arn:aws[a-z-]*:execute-api:[a-z0-9-]+:\d{12}:[A-Za-z0-9]+\/[A-Za-z0-9_-]+)\/[A-Z]+(?:\/|$)/;

// API Gateway caches the answer by token and uses it for every method, so it must hold for all of them:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html
export function stageOf(methodArn) {
  const [, stage] = METHOD.exec(methodArn) ?? [];
  if (typeof methodArn !== "string" || stage === undefined) throw new Denied("malformed_request");
  return `${stage}/*`;
}

export function allow({ sub, scope, clientId, issuer }, resource) {
  // Values of the context are texts, numbers or booleans, never lists or objects.
  return { ...policy(sub, "Allow", resource), context: { sub, scope, client_id: clientId, issuer } };
}

// 403, where an error would be 401: the caller is known, and a new token would not help.
export function refuse({ sub }, resource) {
  return policy(sub, "Deny", resource);
}

function policy(principalId, Effect, Resource) {
  const Statement = [{ Effect, Action: "execute-api:Invoke", Resource }];
  return { principalId, policyDocument: { Version: "2012-10-17", Statement } };
}
