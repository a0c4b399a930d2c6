// Tests of the harness itself: does it do what Apache Velocity and API Gateway do, and do its hostile inputs bite?

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { renderRequest } from './apigateway.mjs';
import { parseJson, serializeJson } from './json.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const HOSTILE_BODIES = read('hostile_bodies.json');
const HOSTILE_PATH_VALUES = read('hostile_path_values.json');
const VELOCITY = read('velocity_1_7.json');

const output = (template, request = {}) => renderRequest({ template, ...request }).output;
const fails = (template, request = {}) => {
  try {
    renderRequest({ template, ...request });
  } catch (error) {
    return error.message;
  }
  return null;
};

// Apache Velocity

test('templates give what Apache Velocity 1.7 gave', () => {
  for (const { template, output: expected, path = {} } of VELOCITY.templates) {
    const result = renderRequest({ ...VELOCITY.request, template });
    assert.equal(result.output, expected, template);
    assert.deepEqual(result.overrides.path, path, template);
  }
});

test('the methods of String give what Java gave', () => {
  for (const { template, output: expected, ...body } of VELOCITY.strings) {
    const request = { template: VELOCITY.string_templates[template], body: JSON.stringify(body) };
    assert.equal(renderRequest(request).output, expected, JSON.stringify(body));
  }
});

test('what velocityjs reads otherwise, or Velocity versions read differently, is refused', () => {
  const refused = {
    '#macro(a)x#end': 'directive',
    '#stop': 'directive',
    '#parse("x")': 'directive',
    '#{if}(true)x#end': '`#{`',
    '#if(true)x#{end}': '`#{`',
    '\\$x': 'backslash',
    '\\#if(true)x#end': 'backslash',
    '#set($x = "a \\" b")': 'escape',
    "#set($x = '\\u0041')": 'escape',
    '#set($x = "a ""b"" c")': 'parse',
    '#set($x = null)': 'null',
    '#unknown("x")': 'no directive',
    "#if('')x#end": 'is empty where a condition belongs',
    '#if(0)x#end': 'is empty where a condition belongs',
    '#if([])x#end': 'is empty where a condition belongs',
    '#if($nothing)x#end': '$nothing is missing where a condition belongs',
    '#if(!$nothing)x#end': '$nothing is missing where a condition belongs',
    '#set($x = 1)#set($x = $nothing)': 'has a value',
    "#set($x = 'a' + $nothing)": 'missing value',
    '#set($x = 1 / 0)': 'division by zero',
    "#set($x = 'a' * 2)": 'between',
    "#if('a' < 'b')x#end": 'between',
    "#set($m = {'a': 1, 'b': 2})$m.keySet()": 'order',
    "#set($s = 'a')$s.json": 'no property',
    "#set($s = 'a')$s.isBlank()": 'no method',
    "#set($s = 'a')$s.substring(2)": 'out of range',
    "#set($s = 'a')$s.substring('1')": 'does not take',
    "#set($s = 'a')$s.replaceAll('a', '$1')": 'no group',
    "#set($s = 'a')$s.matches('a++')": 'possessive',
    '$input.nothing()': 'no method',
    '$util.toJson(1)': 'no method',
    "$input.json('$..a')": 'JSONPath',
    '$input': 'printed',
    '#foreach($i in [1..1001])x#end': '1000',
  };
  for (const [template, reason] of Object.entries(refused)) {
    assert.ok(fails(template)?.includes(reason), `${template}: ${fails(template)}`);
  }
  assert.equal(output('#foreach($i in [1..1000])x#end').length, 1000);
  assert.ok(fails('x'.repeat(300 * 1024 + 1)).includes('300 KB'));
});

test('comments are not checked', () => {
  assert.equal(output('## #macro \\$x\na#* #stop *#b'), 'ab');
});

// API Gateway, as its documentation and recorded responses have it

test('references without a value print nothing and are reported', () => {
  const { output: text, missing } = renderRequest({ template: "[$a][$!b][${c.d}][$input.path('$.x').y]" });
  assert.equal(text, '[][][][]');
  assert.deepEqual(missing, ['$a', '${c.d}', "$input.path('$.x').y"]);
});

test('a missing value equals the empty string and other missing values', () => {
  const template = `#set($r = $input.path('$.none'))#if($r == $null)a#end#if($r == "")b#end#if($r != "x")c#end`;
  assert.equal(output(template, { body: '{}' }), 'abc');
});

test('maps print as Java maps, lists as JSON', () => {
  const body = '{"map":{"foo":[{"nested":"bar"}],"b":null},"list":[{"a":"/"}]}';
  assert.equal(output("$input.path('$.map') $input.path('$.list')", { body }), '{foo=[{"nested":"bar"}], b=null} [{"a":"\\/"}]');
});

test('a request without a body has an empty object', () => {
  for (const body of [undefined, '']) {
    assert.equal(output("$input.body $input.json('$') $util.urlEncode($input.body)", { body }), '{} {} %7B%7D');
  }
});

test('$input.json gives "" for what is not there', () => {
  assert.equal(output("$input.json('$.a') $input.json('$.b')", { body: '{"b":null}' }), '"" ""');
});

test('a body that is not JSON fails where it is parsed, and only there', () => {
  for (const body of ['not json', '{"a":1,}', '{"a":1} x', '[1', '{a:1}', "{'a':1}", '"\u0001"', '{"a":01}', '"\\q"', '\ufeff{}', '{,}']) {
    assert.ok(fails("$input.json('$')", { body })?.includes('400'), body);
    assert.equal(output('$input.body', { body }), body);
  }
});

test('$input.params looks in the path, the query and the headers, in this order', () => {
  const request = { path: { a: 'p' }, query: { a: 'q', b: 'q' }, headers: { a: 'h', b: 'h', c: 'h' } };
  assert.equal(output("$input.params('a')$input.params('b')$input.params('c')|$input.params('d')|", request), 'pqh||');
  assert.equal(output("$input.params().querystring.get('a') $input.params('path')", request), 'q ');
});

test('$util.escapeJavaScript escapes as Commons Lang 2 does', () => {
  const request = { path: { x: `'"\\/<\b\t\n\f\r\u0001\u007f\u00e9\u2028\u{1f600}` } };
  assert.equal(
    output("$util.escapeJavaScript($input.params('x'))", request),
    `\\'\\"\\\\\\/<\\b\\t\\n\\f\\r\\u0001\u007f\\u00E9\\u2028\\uD83D\\uDE00`,
  );
});

test('overrides are read back, and final', () => {
  const template = `#set($context.requestOverride.path.key = "a/$context.requestId")
    #set($context.requestOverride.header.Content-Type = 'x')$!context.requestOverride.querystring.put('q', 1)`;
  assert.deepEqual(renderRequest({ template, context: { requestId: 'r' } }).overrides, {
    path: { key: 'a/r' },
    querystring: { q: '1' },
    header: { 'Content-Type': 'x' },
  });
  const set = "#set($context.requestOverride.path.key = 'a')";
  assert.ok(fails(set + set).includes('overridden twice'));
  assert.ok(fails('#set($context.requestOverride.path.key = $none)').includes('missing value'));
});

test('halves of surrogate pairs become question marks', () => {
  const body = '{"a":"\\ud800"}';
  assert.equal(output("$input.json('$')", { body }), '{"a":"?"}');
  assert.equal(output("$util.base64Encode($input.path('$.a'))", { body }), Buffer.from('?').toString('base64'));
});

// JSON

test('numbers are written as Java writes them', () => {
  const numbers = {
    '-0': '0',
    '1.10': '1.1',
    '10.00': '10.0',
    '1e2': '100.0',
    '-0.0': '-0.0',
    '1e7': '1.0E7',
    '9999999.5': '9999999.5',
    '0.001': '0.001',
    '0.00012': '1.2E-4',
    '1e308': '1.0E308',
    '5e-324': '4.9E-324',
    '1e400': 'null',
    '12345678901234567890123': '12345678901234567890123',
    '0.1234567890123456789': '0.1234567890123456789',
    '1.00000000000000000000e400': '1.00000000000000000000E+400',
    '0.00000000000000000001': '1E-20',
    '1.00000000000000000000e5': '100000.000000000000000',
  };
  for (const [text, expected] of Object.entries(numbers)) {
    assert.equal(serializeJson(parseJson(text)), expected, text);
  }
});

test('keys keep their order and the last of two equal keys wins', () => {
  assert.equal(serializeJson(parseJson('{ "z":1, "2":2, "1":3, "z":4, "__proto__":{}, "":5 }')), '{"z":4,"2":2,"1":3,"__proto__":{},"":5}');
});

// Hostile input

const MERGING = `#set($building = $util.escapeJavaScript($input.params('building')).replaceAll("\\\\'", "'"))
#set($data = $input.json('$'))
#if($data == '{}')
#set($data = '{"building":"' + $building + '"}')
#else
#set($data = '{"building":"' + $building + '",' + $data.substring(1))
#end
{"id":"$context.requestId","data":$data}`;

test('every hostile body arrives as the same value in its envelope', () => {
  assert.ok(HOSTILE_BODIES.length >= 40);
  for (const { name, body, arrives = body } of HOSTILE_BODIES) {
    const result = renderRequest({ template: MERGING, body, path: { building: 'b' }, context: { requestId: 'r' } });
    const { building, ...data } = JSON.parse(result.output).data;
    assert.equal(building, 'b', name);
    assert.deepEqual(data, JSON.parse(arrives), name);
    assert.deepEqual(Object.keys(JSON.parse(result.output)), ['id', 'data'], name);
    assert.deepEqual(result.missing, [], name);

    const encoded = output("$util.base64Encode($input.json('$'))", { body });
    assert.deepEqual(JSON.parse(Buffer.from(encoded, 'base64')), JSON.parse(arrives), name);
  }
});

test('every hostile path value arrives as the same text', () => {
  for (const { name, value } of HOSTILE_PATH_VALUES) {
    const rendered = output(MERGING, { body: '{"a":1}', path: { building: value }, context: { requestId: 'r' } });
    assert.deepEqual(JSON.parse(rendered), { id: 'r', data: { building: value, a: 1 } }, name);
  }
});

test('the hostile input breaks templates that are careless', () => {
  const broken = (cases, template, request) =>
    cases.filter((item) => {
      try {
        const { data } = JSON.parse(output(template, request(item)));
        assert.deepEqual(data, request(item).expected);
        return false;
      } catch {
        return true;
      }
    }).length;
  const ofBody = ({ body, arrives = body }) => ({ body, expected: JSON.parse(arrives) });
  const ofPath = ({ value }) => ({ path: { x: value }, expected: value });
  const text = ({ body }) => ({ body, expected: JSON.parse(body).value });
  const texts = HOSTILE_BODIES.filter(({ body }) => typeof JSON.parse(body).value === 'string');

  assert.equal(broken(HOSTILE_BODIES, `{"data":$input.json('$')}`, ofBody), 0);
  assert.ok(broken(HOSTILE_BODIES, `{"data":"$input.json('$')"}`, ofBody) > 40);
  assert.ok(broken(HOSTILE_BODIES, `{"data":$input.path('$')}`, ofBody) > 40);
  assert.ok(broken(texts, `{"data":"$input.path('$.value')"}`, text) >= 10);
  assert.ok(broken(texts, `{"data":"$util.escapeJavaScript($input.path('$.value'))"}`, text) >= 3);
  assert.ok(broken(HOSTILE_PATH_VALUES, `{"data":"$input.params('x')"}`, ofPath) >= 10);
  assert.ok(broken(HOSTILE_PATH_VALUES, `{"data":"$util.escapeJavaScript($input.params('x'))"}`, ofPath) >= 3);
});

// The program

test('render.mjs answers each request of its list', () => {
  const requests = [
    { name: 'first', template: '$context.requestId $x', context: { requestId: 'r' } },
    { name: 'second', template: '#if($x)y#end' },
    { name: 'third', template: "#set($context.requestOverride.path.key = 'k')", body: '{}' },
  ];
  const done = spawnSync('node', [fileURLToPath(new URL('render.mjs', import.meta.url))], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, done.stderr);
  const [first, second, third] = JSON.parse(done.stdout);
  assert.deepEqual(first, {
    name: 'first',
    output: 'r ',
    overrides: { path: {}, querystring: {}, header: {} },
    missing: ['$x'],
    error: null,
  });
  assert.equal(second.output, null);
  assert.ok(second.error.includes('$x is missing'));
  assert.deepEqual(third.overrides.path, { key: 'k' });
});
