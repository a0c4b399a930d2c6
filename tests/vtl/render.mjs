// Renders mapping templates as API Gateway would.
//
// stdin:  [{name, template, body, path, query, headers, context, stageVariables}, …]; all but the template may be absent
// stdout: [{name, output, overrides: {path, querystring, header}, missing, error}, …] in the same order
//
// `error` is null, or says why there is no output. `missing` lists the references that printed nothing because they have
// no value: a template of ours has none.

import { readFileSync, writeSync } from 'node:fs';

import { renderRequest } from './apigateway.mjs';

const requests = JSON.parse(readFileSync(0, 'utf8'));
const results = requests.map((request) => {
  try {
    return { name: request.name, ...renderRequest(request), error: null };
  } catch (error) {
    return { name: request.name, output: null, overrides: {}, missing: [], error: error.message };
  }
});

// A pipe takes a large text in several writes.
const output = Buffer.from(JSON.stringify(results));
for (let done = 0; done < output.length; ) {
  try {
    done += writeSync(1, output, done);
  } catch (error) {
    if (error.code !== 'EAGAIN') {
      throw error;
    }
  }
}
