// The Java values that a mapping template handles, and the methods of `java.lang.String`, `Map` and `List` on them.
//
// string → JavaScript string (both count UTF-16 units), Boolean → boolean, Integer, Long and BigInteger → BigInt,
// Double → JavaDouble, BigDecimal → JavaDecimal, Map → JavaMap, List → JavaList, null → null.
//
// A method that is not here is an error, not a silent null: in a mapping template it is always a mistake, or a thing
// whose behaviour was never checked.

import { TemplateError } from './error.mjs';
import { javaReplace, javaRegex } from './java_regex.mjs';

export class JavaDouble {
  constructor(number) {
    this.number = number;
  }

  /** Double.toString */
  toString() {
    const { number } = this;
    if (!Number.isFinite(number)) {
      return Number.isNaN(number) ? 'NaN' : number > 0 ? 'Infinity' : '-Infinity';
    }
    const sign = number < 0 || Object.is(number, -0) ? '-' : '';
    const magnitude = Math.abs(number);
    if (magnitude === 0 || (magnitude >= 1e-3 && magnitude < 1e7)) {
      const text = String(magnitude);
      return sign + (text.includes('.') ? text : `${text}.0`);
    }
    // Java prints two digits at least, and the nearest two: 4.9E-324, where JavaScript has 5e-324.
    const shortest = magnitude.toExponential();
    const [digits, exponent] = (shortest.includes('.') ? shortest : magnitude.toExponential(1)).split('e');
    return `${sign}${digits}E${Number(exponent)}`;
  }
}

export class JavaDecimal {
  constructor(text) {
    const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
    this.negative = sign === '-';
    this.digits = (whole + fraction).replace(/^0+(?=\d)/, '');
    this.scale = fraction.length - Number(exponent);
  }

  /** BigDecimal.toString */
  toString() {
    const { digits, scale } = this;
    const sign = this.negative && /[1-9]/.test(digits) ? '-' : '';
    const adjusted = digits.length - 1 - scale;
    if (scale >= 0 && adjusted >= -6) {
      if (scale === 0) {
        return sign + digits;
      }
      const padded = digits.padStart(scale + 1, '0');
      return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
    }
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${sign}${mantissa}${adjusted === 0 ? '' : `E${adjusted > 0 ? '+' : ''}${adjusted}`}`;
  }
}

/** A `LinkedHashMap` with text keys. */
export class JavaMap {
  #entries;

  constructor(entries = []) {
    this.#entries = new Map(entries);
  }

  entries() {
    return this.#entries.entries();
  }

  keys() {
    return [...this.#entries.keys()];
  }

  has(key) {
    return this.#entries.has(key);
  }

  get(key) {
    return this.#entries.get(key) ?? null;
  }

  put(key, value) {
    const old = this.get(key);
    this.#entries.set(key, value);
    return old;
  }

  remove(key) {
    const old = this.get(key);
    this.#entries.delete(key);
    return old;
  }

  get size() {
    return this.#entries.size;
  }

  toString() {
    return `{${[...this.entries()].map(([key, value]) => `${key}=${textOf(value)}`).join(', ')}}`;
  }
}

/** The map of a template's `{…}`: Velocity 1 keeps no order, Velocity 2 does, so nothing may depend on it. */
export class UnorderedMap extends JavaMap {
  entries() {
    if (this.size > 1) {
      throw new TemplateError('the order of a map written in a template differs between Velocity versions; use get');
    }
    return super.entries();
  }

  keys() {
    return [...this.entries()].map(([key]) => key);
  }
}

export class JavaList {
  constructor(items, print = printList) {
    this.items = items;
    this.print = print;
  }

  toString() {
    return this.print(this);
  }
}

function printList(list) {
  return `[${list.items.map(textOf).join(', ')}]`;
}

/** What `String.valueOf` gives. */
export function textOf(value) {
  return value === null ? 'null' : String(value);
}

export function typeName(value) {
  if (value === null) {
    return 'null';
  }
  if (typeof value === 'object') {
    return value instanceof UnorderedMap ? 'Map' : value.constructor.name.replace(/^Java/, '');
  }
  return { string: 'String', boolean: 'Boolean', bigint: 'Integer' }[typeof value] ?? typeof value;
}

/** `$value.name` */
export function getProperty(value, name) {
  if (value instanceof JavaMap) {
    if (name === 'class') {
      throw new TemplateError('`.class` is the Java class of a map, not its key; use get("class")');
    }
    return value.get(name);
  }
  throw new TemplateError(`a ${typeName(value)} has no property \`${name}\``);
}

/** `$value[key]` */
export function getIndex(value, key) {
  if (value instanceof JavaMap) {
    return value.get(key);
  }
  if (value instanceof JavaList && typeof key === 'bigint') {
    return listItem(value, key);
  }
  throw new TemplateError(`a ${typeName(value)} has no item \`${textOf(key)}\``);
}

/** `$value.name(args)` */
export function callMethod(value, name, args) {
  const methods = methodsOf(value);
  if (!methods || !Object.hasOwn(methods, name)) {
    throw new TemplateError(`a ${typeName(value)} has no method \`${name}\` here`);
  }
  const { types, call } = methods[name];
  const accepted = types.some(
    (list) => list.length === args.length && list.every((type, index) => ARGUMENTS[type](args[index])),
  );
  if (!accepted) {
    const given = args.map(typeName).join(', ');
    throw new TemplateError(`\`${name}\` of a ${typeName(value)} does not take (${given})`);
  }
  return call(value, ...args);
}

const ARGUMENTS = {
  String: (value) => typeof value === 'string',
  int: (value) => typeof value === 'bigint',
  Object: () => true,
};

function methodsOf(value) {
  if (typeof value === 'string') {
    return STRING_METHODS;
  }
  if (value instanceof JavaMap) {
    return MAP_METHODS;
  }
  if (value instanceof JavaList) {
    return LIST_METHODS;
  }
  return typeof value === 'object' && value !== null ? null : VALUE_METHODS;
}

function method(call, ...types) {
  return { call, types: types.map((list) => list.split(' ').filter(Boolean)) };
}

const VALUE_METHODS = {
  toString: method((value) => textOf(value), ''),
  equals: method((value, other) => javaEquals(value, other), 'Object'),
};

const STRING_METHODS = {
  ...VALUE_METHODS,
  charAt: method((text, at) => text[checkRange(at, 0, text.length - 1)], 'int'),
  compareTo: method(compare, 'String'),
  concat: method((text, other) => text + other, 'String'),
  contains: method((text, part) => text.includes(part), 'String'),
  endsWith: method((text, part) => text.endsWith(part), 'String'),
  equalsIgnoreCase: method((text, other) => text.toLowerCase() === other.toLowerCase(), 'String'),
  indexOf: method((text, part, from = 0n) => BigInt(text.indexOf(part, Number(from))), 'String', 'String int'),
  isEmpty: method((text) => text === '', ''),
  lastIndexOf: method((text, part) => BigInt(text.lastIndexOf(part)), 'String'),
  length: method((text) => BigInt(text.length), ''),
  matches: method((text, regex) => javaRegex(`(?:${regex})`, 'whole').test(text), 'String'),
  replace: method((text, from, to) => text.replaceAll(from, () => to), 'String String'),
  replaceAll: method((text, regex, to) => javaReplace(text, regex, to, 'all'), 'String String'),
  replaceFirst: method((text, regex, to) => javaReplace(text, regex, to, 'first'), 'String String'),
  split: method(split, 'String', 'String int'),
  startsWith: method((text, part) => text.startsWith(part), 'String'),
  substring: method(substring, 'int', 'int int'),
  toLowerCase: method((text) => text.toLowerCase(), ''),
  toUpperCase: method((text) => text.toUpperCase(), ''),
  // Java's `trim` removes every character up to the space, JavaScript's the Unicode spaces.
  trim: method((text) => text.replace(/^[\0- ]+|[\0- ]+$/g, ''), ''),
};

const MAP_METHODS = {
  ...VALUE_METHODS,
  containsKey: method((map, key) => map.has(key), 'Object'),
  containsValue: method((map, value) => [...map.entries()].some(([, item]) => javaEquals(item, value)), 'Object'),
  entrySet: method((map) => new JavaList([...map.entries()].map(entry)), ''),
  get: method((map, key) => map.get(key), 'Object'),
  getOrDefault: method((map, key, other) => (map.has(key) ? map.get(key) : other), 'Object Object'),
  isEmpty: method((map) => map.size === 0, ''),
  keySet: method((map) => new JavaList(map.keys()), ''),
  put: method((map, key, value) => map.put(key, value), 'String Object'),
  remove: method((map, key) => map.remove(key), 'Object'),
  size: method((map) => BigInt(map.size), ''),
  values: method((map) => new JavaList([...map.entries()].map(([, value]) => value)), ''),
};

const LIST_METHODS = {
  ...VALUE_METHODS,
  add: method((list, item) => list.items.push(item) > 0, 'Object'),
  contains: method((list, item) => list.items.some((other) => javaEquals(item, other)), 'Object'),
  get: method(listItem, 'int'),
  indexOf: method((list, item) => BigInt(list.items.findIndex((other) => javaEquals(item, other))), 'Object'),
  isEmpty: method((list) => list.items.length === 0, ''),
  size: method((list) => BigInt(list.items.length), ''),
};

/** A `Map.Entry`: `$entry.key`, `$entry.value`, `$entry.getKey()`, `$entry.getValue()`. */
function entry([key, value]) {
  return new JavaMap([
    ['key', key],
    ['value', value],
  ]);
}

function listItem(list, at) {
  return list.items[checkRange(at, 0, list.items.length - 1)];
}

function checkRange(index, low, high) {
  const number = Number(index);
  if (number < low || number > high) {
    throw new TemplateError(`index ${number} is out of range`);
  }
  return number;
}

function substring(text, from, to = BigInt(text.length)) {
  const end = checkRange(to, 0, text.length);
  return text.slice(checkRange(from, 0, end), end);
}

function split(text, regex, limit = 0n) {
  const pattern = javaRegex(regex, 'all');
  const count = Number(limit);
  const parts = [];
  let from = 0;
  let found = false;
  for (const match of text.matchAll(pattern)) {
    // A match of nothing at the start gives no empty first part.
    if (match[0] === '' && match.index === 0) {
      continue;
    }
    if (count > 0 && parts.length === count - 1) {
      break;
    }
    found = true;
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  while (found && count === 0 && parts.at(-1) === '') {
    parts.pop();
  }
  return new JavaList(parts);
}

function compare(text, other) {
  const length = Math.min(text.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (text[at] !== other[at]) {
      return BigInt(text.charCodeAt(at) - other.charCodeAt(at));
    }
  }
  return BigInt(text.length - other.length);
}

export function javaEquals(left, right) {
  if (left instanceof JavaDouble && right instanceof JavaDouble) {
    return Object.is(left.number, right.number);
  }
  if (left !== null && right !== null && typeof left === 'object' && typeof right === 'object') {
    return left === right || (left.constructor === right.constructor && textOf(left) === textOf(right));
  }
  return left === right;
}
