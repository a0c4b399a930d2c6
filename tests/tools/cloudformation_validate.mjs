// Runs @aws/cloudformation-validate over many templates in one process: the engine takes seconds to start and
// milliseconds for a template.
//
// stdin:  {"tools": DIR, "region": REGION or null, "level": "WARN" or "INFO", "templates": [PATH, …]}
// stdout: {"version": VERSION, "reports": [{"path", "status", "diagnostics": [{"rule", "severity", "message",
//          "entity", "path", "line"}]}]}, one report a template, in order

import { createRequire } from 'node:module';
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Without the optimising compiler a run over a few templates takes two thirds of the time, over many about the same.
setFlagsFromString('--liftoff-only');

const request = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(join(request.tools, 'package.json'));
const { CelEngine, TemplateFile, version } = await import(
  pathToFileURL(require.resolve('@aws/cloudformation-validate'))
);

const config = { severityLevel: request.level };
if (request.region) {
  config.pseudoParameterOverrides = { region: request.region };
}

const engine = new CelEngine();
const reports = request.templates.map((path) => {
  const report = engine.validateStandard(new TemplateFile(path), config);
  return {
    path,
    status: report.status,
    diagnostics: report.diagnostics.map((d) => ({
      rule: d.ruleId,
      severity: d.severity,
      message: d.message,
      entity: d.entity ?? null,
      path: d.propertyPath ?? null,
      line: d.startLine ?? 1,
    })),
  };
});
engine.free();

// A pipe takes a large text in several writes.
const output = Buffer.from(JSON.stringify({ version: version(), reports }));
for (let done = 0; done < output.length; ) {
  try {
    done += writeSync(1, output, done);
  } catch (error) {
    if (error.code !== 'EAGAIN') {
      throw error;
    }
  }
}
