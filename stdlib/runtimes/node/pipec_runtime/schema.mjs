// Validates against the subset of JSON Schema draft 4 that the compiler writes.

import { PackageError, Rejected } from "./errors.mjs";
import { FORMATS } from "./formats.mjs";
import { compilePattern } from "./patterns.mjs";
import { isObject } from "./strict_json.mjs";

const ANNOTATIONS = new Set(["$schema", "title", "description", "definitions"]);
const KEYWORDS = new Set([
  ...["$ref", "type", "enum", "default", "properties", "required", "additionalProperties", "items", "minItems"],
  ...["maxItems", "pattern", "format", "minLength", "maxLength", "minimum", "maximum"],
]);

const TYPES = new Map([
  ["boolean", (value) => typeof value === "boolean"],
  ["integer", Number.isInteger],
  ["number", Number.isFinite],
  ["string", (value) => typeof value === "string"],
  ["array", Array.isArray],
  ["object", isObject],
]);

export class Schema {
  #document;
  #definitions;
  #patterns = new Map();
  #defaults = [];

  constructor(document) {
    this.#document = document;
    this.#definitions = new Map(Object.entries(document?.definitions ?? {}));
    for (const [name, schema] of this.#definitions) this.#load(schema, `/definitions/${name}`);
    this.#load(document, "");
    for (const [schema, wrong] of this.#defaults) this.#loadDefault(schema, wrong);
  }

  // Throws `Rejected` at the first place that does not fit. Properties left out get their default.
  accept(value, at = "") {
    this.#accept(this.#document, value, at);
  }

  #load(schema, at) {
    const wrong = (what) => {
      throw new PackageError(`schema${at}: ${what}`);
    };
    if (!isObject(schema)) wrong("expected an object");
    for (const keyword of Object.keys(schema)) {
      if (!ANNOTATIONS.has(keyword) && !KEYWORDS.has(keyword)) wrong(`unknown keyword \`${keyword}\``);
    }
    if (Object.hasOwn(schema, "$ref")) this.#loadRef(schema, wrong);
    if (!TYPES.has(schema.type ?? "object")) wrong(`unknown type \`${schema.type}\``);
    // Python and JavaScript agree on equality for these two only.
    if (schema.enum && !["string", "integer"].includes(schema.type)) wrong("`enum` needs the type string or integer");
    if (!FORMATS.has(schema.format ?? "date")) wrong(`unknown format \`${schema.format}\``);
    if (Object.hasOwn(schema, "pattern")) this.#patterns.set(schema.pattern, compilePattern(schema.pattern, at));
    if (Object.hasOwn(schema, "default")) this.#defaults.push([schema, wrong]);
    for (const [name, child] of childrenOf(schema)) this.#load(child, `${at}/${name}`);
  }

  #loadRef(schema, wrong) {
    if (!this.#targetOf(schema)) wrong(`\`${schema.$ref}\` is not a definition`);
    // Draft 4 ignores what stands beside a $ref, so a check there would never run.
    const beside = Object.keys(schema).some((name) => name !== "$ref" && KEYWORDS.has(name));
    if (beside) wrong("a check or a default beside `$ref`");
  }

  #loadDefault(schema, wrong) {
    try {
      // Also fills the properties that the default itself leaves out.
      this.#accept(schema, schema.default, "");
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      wrong(`the default does not fit: ${error.message}`);
    }
  }

  #targetOf({ $ref }) {
    const [, name] = /^#\/definitions\/([^/]*)$/.exec($ref) ?? [];
    return this.#definitions.get(name);
  }

  #resolve(schema) {
    return Object.hasOwn(schema, "$ref") ? this.#resolve(this.#targetOf(schema)) : schema;
  }

  #accept(reference, value, at) {
    const schema = this.#resolve(reference);
    if (schema.type && !TYPES.get(schema.type)(value)) throw new Rejected(`expected ${schema.type}`, at);
    if (schema.enum && !schema.enum.includes(value)) throw new Rejected("not one of the allowed values", at);
    if (typeof value === "string") this.#checkText(schema, value, at);
    else if (typeof value === "number") checkNumber(schema, value, at);
    else if (Array.isArray(value)) this.#acceptList(schema, value, at);
    else if (isObject(value)) this.#acceptObject(schema, value, at);
  }

  #checkText(schema, value, at) {
    const { minLength = 0, maxLength = Infinity, format, pattern } = schema;
    // The length first: it bounds what the pattern has to read.
    const length = lengthOf(value);
    if (length < minLength) throw new Rejected(`shorter than ${minLength}`, at);
    if (length > maxLength) throw new Rejected(`longer than ${maxLength}`, at);
    if (format !== undefined && !FORMATS.get(format)(value)) throw new Rejected(`not a ${format}`, at);
    if (pattern !== undefined && !this.#patterns.get(pattern).test(value)) {
      throw new Rejected("does not match the pattern", at);
    }
  }

  #acceptList({ minItems = 0, maxItems = Infinity, items }, value, at) {
    if (value.length < minItems) throw new Rejected(`fewer items than ${minItems}`, at);
    if (value.length > maxItems) throw new Rejected(`more items than ${maxItems}`, at);
    if (items) value.forEach((one, index) => this.#accept(items, one, `${at}/${index}`));
  }

  #acceptObject({ required = [], properties = {}, additionalProperties = true }, value, at) {
    for (const name of required) {
      if (!Object.hasOwn(value, name)) throw new Rejected("missing", join(at, name));
    }
    for (const [name, one] of Object.entries(value)) {
      const child = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
      if (child === false) throw new Rejected("unknown property", join(at, name));
      if (child !== true) this.#accept(child, one, join(at, name));
    }
    for (const [name, reference] of Object.entries(properties)) {
      if (Object.hasOwn(value, name)) continue;
      const child = this.#resolve(reference);
      if (Object.hasOwn(child, "default")) value[name] = structuredClone(child.default);
    }
  }
}

// JSON Schema counts characters, not UTF-16 units.
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

function* childrenOf({ properties = {}, items, additionalProperties = true }) {
  for (const [name, child] of Object.entries(properties)) yield [`properties/${name}`, child];
  if (items !== undefined) yield ["items", items];
  if (typeof additionalProperties !== "boolean") yield ["additionalProperties", additionalProperties];
}

function checkNumber({ minimum = -Infinity, maximum = Infinity }, value, at) {
  if (value < minimum) throw new Rejected(`less than ${minimum}`, at);
  if (value > maximum) throw new Rejected(`greater than ${maximum}`, at);
}

// A hostile key must not blow up the log.
function join(at, name) {
  return `${at}/${name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
