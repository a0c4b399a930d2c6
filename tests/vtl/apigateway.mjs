// The variables of API Gateway's mapping templates: `$input`, `$util`, `$context`, `$stageVariables`, as in "API Gateway
// mapping template and access logging variable reference" of its Developer Guide.

import { TemplateError } from './error.mjs';
import { JavaDouble, JavaList, JavaMap, typeName } from './java.mjs';
import { parseJson, serializeJson } from './json.mjs';
import { HostObject, render } from './velocity.mjs';

/**
 * Renders one mapping template of an integration request.
 *
 * request: {template, body, path, query, headers, context, stageVariables}
 * result:  {output, overrides: {path, querystring, header}, missing}; `missing` lists the references without a value
 */
export function renderRequest(request) {
  const overrides = new Overrides();
  const missing = [];
  const variables = {
    input: inputVariable(request),
    util: utilVariable(),
    context: contextVariable(request.context ?? {}, overrides),
    stageVariables: toJava(request.stageVariables ?? {}),
  };
  const output = render(request.template, variables, missing);
  return { output: wellFormed(output), overrides: overrides.read(), missing };
}

/** `$input` */
function inputVariable(request) {
  // API Gateway gives a request without a body an empty object.
  const body = request.body || '{}';
  const params = toJava({ path: request.path ?? {}, querystring: request.query ?? {}, header: request.headers ?? {} });
  let parsed;
  const root = () => {
    if (parsed === undefined) {
      try {
        parsed = parseJson(body);
      } catch (error) {
        // The guide says of such a body that API Gateway might answer 400.
        throw new TemplateError(`400: the body is not JSON (${error.message})`);
      }
    }
    return parsed;
  };
  const find = (path) => jsonPath(root(), path);
  return new HostObject(
    '$input',
    {
      json: (path) => {
        const { found, value } = find(path);
        // What is not there is an empty JSON string.
        return found && value !== null ? serializeJson(value) : '""';
      },
      path: (path) => find(path).value,
      params: (name) => {
        if (name === undefined) {
          return params;
        }
        const owner = ['path', 'querystring', 'header'].map((kind) => params.get(kind)).find((map) => map.has(name));
        return owner ? owner.get(name) : '';
      },
    },
    { body: () => body },
  );
}

const JSON_PATH = /^(?:\$|(?=[A-Za-z_]))((?:\.?[A-Za-z_][\w-]*|\['[^'\\]*'\]|\["[^"\\]*"\]|\[\d+\])*)$/;
const JSON_PATH_STEP = /\.?([A-Za-z_][\w-]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/g;

/** A path to one place: `$`, `$.a.b`, `$['a'][0]`. Wildcards, filters and functions are not supported here. */
function jsonPath(root, path) {
  const match = typeof path === 'string' ? JSON_PATH.exec(path) : null;
  if (!match) {
    throw new TemplateError(`the JSONPath \`${path}\` is not supported here`);
  }
  let value = root;
  for (const [, name, quoted, doubleQuoted, index] of match[1].matchAll(JSON_PATH_STEP)) {
    const key = name ?? quoted ?? doubleQuoted;
    if (key !== undefined && value instanceof JavaMap && value.has(key)) {
      value = value.get(key);
    } else if (index !== undefined && value instanceof JavaList && Number(index) < value.items.length) {
      value = value.items[index];
    } else {
      return { found: false, value: null };
    }
  }
  return { found: true, value };
}

/** `$util` */
function utilVariable() {
  const text = (call) => (value) => {
    if (value === null) {
      return null;
    }
    if (typeof value !== 'string') {
      throw new TemplateError(`a function of $util takes a String, not a ${typeName(value)}`);
    }
    return call(value);
  };
  return new HostObject('$util', {
    base64Decode: text((value) => Buffer.from(value, 'base64').toString('utf8')),
    base64Encode: text((value) => Buffer.from(wellFormed(value), 'utf8').toString('base64')),
    escapeJavaScript: text(escapeJavaScript),
    parseJson: text(parseJson),
    urlDecode: text((value) => decodeURIComponent(value.replaceAll('+', ' '))),
    urlEncode: text(urlEncode),
  });
}

const JAVASCRIPT_ESCAPES = { '\b': '\\b', '\n': '\\n', '\t': '\\t', '\f': '\\f', '\r': '\\r' };

/** `StringEscapeUtils.escapeJavaScript` of Apache Commons Lang 2. Its `\'` is not JSON: the guide replaces it. */
function escapeJavaScript(value) {
  return value.replace(/[^ -~]|['"\\/]/g, (character) => {
    if (character in JAVASCRIPT_ESCAPES) {
      return JAVASCRIPT_ESCAPES[character];
    }
    // Delete is plain ASCII to Commons Lang.
    if (character >= ' ' && character <= '\u007f') {
      return character === '\u007f' ? character : `\\${character}`;
    }
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** `java.net.URLEncoder` */
function urlEncode(value) {
  return encodeURIComponent(wellFormed(value))
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** `$context`: what the test gives, and the overrides. */
function contextVariable(given, overrides) {
  const context = toJava(given);
  context.put('requestOverride', overrides.map);
  return context;
}

class Overrides {
  constructor() {
    this.kinds = ['path', 'querystring', 'header'].map((kind) => [kind, new OnceMap()]);
    this.map = new JavaMap(this.kinds);
  }

  read() {
    return Object.fromEntries(
      this.kinds.map(([kind, map]) => [
        kind,
        Object.fromEntries([...map.entries()].map(([name, value]) => [name, wellFormed(String(value))])),
      ]),
    );
  }
}

/** "Overrides are final": a second override of one parameter makes API Gateway answer 5xx. */
class OnceMap extends JavaMap {
  put(key, value) {
    if (this.has(key)) {
      throw new TemplateError(`the parameter \`${key}\` is overridden twice; API Gateway answers 5xx`);
    }
    if (value === null) {
      throw new TemplateError(`the parameter \`${key}\` is overridden with a missing value`);
    }
    return super.put(key, value);
  }
}

/** Plain JSON of a test case as Java values. */
function toJava(value) {
  if (Array.isArray(value)) {
    return new JavaList(value.map(toJava));
  }
  if (typeof value === 'object' && value !== null) {
    return new JavaMap(Object.entries(value).map(([key, item]) => [key, toJava(item)]));
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? BigInt(value) : new JavaDouble(value);
  }
  return value;
}

/** Java writes `?` for a half of a surrogate pair when it encodes text as UTF-8. */
function wellFormed(text) {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '?');
}
