// JSON as API Gateway reads and writes it in `$input.path` and `$input.json`.
//
// API Gateway's documentation names JSONPath for Java (Jayway), and says that `$input.body`, unlike the re-serialised
// JSON, preserves numbers such as 10.00. What it prints for maps and lists is what Jayway's default provider, JSON-smart,
// makes: a LinkedHashMap for an object, a JSONArray for an array. So this is JSON-smart: key order is kept, the last of
// two equal keys wins, whitespace goes, whole numbers are exact, other numbers are doubles up to 18 characters and
// decimals beyond, and text is escaped as JSON-smart's `LT_COMPRESS` style does.
//
// JSON-smart also reads much that is not JSON (unquoted text, single quotes). What API Gateway makes of such a body is
// not documented, so here it is an error.

import { TemplateError } from './error.mjs';
import { JavaDecimal, JavaDouble, JavaList, JavaMap } from './java.mjs';

// Every token but a string: a string of 100 KB is longer than a regular expression's stack, so it is scanned by hand.
const TOKEN = /[ \t\n\r]*(?:([{}[\],:])|(-?(?:0|[1-9]\d*))(\.\d+)?([eE][+-]?\d+)?|(true|false|null))/y;
const ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
// Longer tokens become decimals. JSON-smart counts the characters of the token.
const LONGEST_DOUBLE = 18;

export function parseJson(text) {
  const tokens = tokenize(text);
  const value = parseValue(tokens);
  if (!tokens.next().done) {
    throw new TemplateError('text after the end of the JSON value');
  }
  return value;
}

function* tokenize(text) {
  const pattern = new RegExp(TOKEN);
  let end = 0;
  for (let match; (match = nextToken(pattern, text)); end = pattern.lastIndex) {
    yield match;
  }
  if (/[^ \t\n\r]/.test(text.slice(end))) {
    throw new TemplateError(`not JSON at character ${end}`);
  }
}

function nextToken(pattern, text) {
  let at = pattern.lastIndex;
  while (at < text.length && ' \t\n\r'.includes(text[at])) {
    at += 1;
  }
  if (text[at] === '"') {
    const [value, end] = scanString(text, at + 1);
    pattern.lastIndex = end;
    return { type: 'value', value };
  }
  const match = pattern.exec(text);
  if (!match) {
    return null;
  }
  const [, mark, whole, fraction = '', exponent = '', word] = match;
  if (mark) {
    return { type: mark };
  }
  if (whole) {
    return { type: 'value', value: number(whole, fraction, exponent) };
  }
  return { type: 'value', value: { true: true, false: false, null: null }[word] };
}

function scanString(text, start) {
  const parts = [];
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      parts.push(text.slice(from, at));
      return [parts.join(''), at + 1];
    }
    if (character < ' ') {
      break;
    }
    if (character === '\\') {
      parts.push(text.slice(from, at));
      const [unescaped, length] = unescape(text, at + 1);
      parts.push(unescaped);
      at += length;
      from = at + 1;
    }
  }
  throw new TemplateError(`not JSON: a string that does not end, or has a control character, at character ${start - 1}`);
}

function unescape(text, at) {
  const code = text[at];
  if (code === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) {
    return [String.fromCharCode(parseInt(text.slice(at + 1, at + 5), 16)), 5];
  }
  if (code === '"' || code === '\\' || code === '/') {
    return [code, 1];
  }
  if (Object.hasOwn(ESCAPES, code ?? '')) {
    return [ESCAPES[code], 1];
  }
  throw new TemplateError(`not JSON: an unknown escape at character ${at - 1}`);
}

function number(whole, fraction, exponent) {
  if (!fraction && !exponent) {
    return BigInt(whole);
  }
  const text = whole + fraction + exponent;
  return text.length > LONGEST_DOUBLE ? new JavaDecimal(text) : new JavaDouble(Number(text));
}

function parseValue(tokens, first = next(tokens)) {
  switch (first.type) {
    case 'value':
      return first.value;
    case '{':
      return parseObject(tokens);
    case '[':
      return parseArray(tokens);
    default:
      throw new TemplateError(`not JSON: \`${first.type}\` where a value belongs`);
  }
}

function next(tokens) {
  const { value, done } = tokens.next();
  if (done) {
    throw new TemplateError('not JSON: the text ends too early');
  }
  return value;
}

function parseObject(tokens) {
  const map = new JavaMap();
  let token = next(tokens);
  while (token.type !== '}') {
    if (token.type !== 'value' || typeof token.value !== 'string') {
      throw new TemplateError('not JSON: an object key that is not a string');
    }
    if (next(tokens).type !== ':') {
      throw new TemplateError('not JSON: an object key without a colon');
    }
    map.put(token.value, parseValue(tokens));
    token = afterItem(tokens, '}');
  }
  return map;
}

function parseArray(tokens) {
  const items = [];
  let token = next(tokens);
  while (token.type !== ']') {
    items.push(parseValue(tokens, token));
    token = afterItem(tokens, ']');
  }
  return new JavaList(items, serializeList);
}

/** The token after an item: the closing mark, or the first of the next item. */
function afterItem(tokens, closing) {
  const token = next(tokens);
  if (token.type === closing) {
    return token;
  }
  if (token.type !== ',') {
    throw new TemplateError('not JSON: a comma is missing');
  }
  const following = next(tokens);
  if (following.type === closing) {
    throw new TemplateError('not JSON: a comma before the end');
  }
  return following;
}

/** `$input.json`: JSON-smart's `LT_COMPRESS` style. */
export function serializeJson(value) {
  return serialize(value, false);
}

/** How a JSON array prints itself: JSON-smart's `NO_COMPRESS` style, which also escapes `/`. */
function serializeList(list) {
  return serialize(list, true);
}

function serialize(value, escapeSlash) {
  if (value === null) {
    return 'null';
  }
  if (typeof value === 'string') {
    return quote(value, escapeSlash);
  }
  if (value instanceof JavaMap) {
    const members = [...value.entries()].map(([key, item]) => `${quote(key, escapeSlash)}:${serialize(item, escapeSlash)}`);
    return `{${members.join(',')}}`;
  }
  if (value instanceof JavaList) {
    return `[${value.items.map((item) => serialize(item, escapeSlash)).join(',')}]`;
  }
  if (value instanceof JavaDouble && !Number.isFinite(value.number)) {
    // 1e400 is valid JSON that no double holds: it arrives as null.
    return 'null';
  }
  return String(value);
}

function quote(text, escapeSlash) {
  const escaped = text.replace(/["\\/\u0000-\u001f\u007f-\u009f\u2000-\u20ff]/g, (character) => {
    switch (character) {
      case '"':
      case '\\':
        return `\\${character}`;
      case '/':
        return escapeSlash ? '\\/' : '/';
      case '\b':
        return '\\b';
      case '\f':
        return '\\f';
      case '\n':
        return '\\n';
      case '\r':
        return '\\r';
      case '\t':
        return '\\t';
      default:
        return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    }
  });
  return `"${escaped}"`;
}
