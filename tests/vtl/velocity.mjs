// velocityjs, corrected to what Apache Velocity does with Java values.
//
// velocityjs gives the parser and the walk over the template. Its evaluation follows JavaScript: `7 / 2` is 3.5, "" is
// false, `==` coerces, a method is looked up on a JavaScript object. Here that is replaced by Java's rules. Where
// Velocity 1 and 2 differ, and API Gateway does not say which it runs, a template must not depend on the difference:
// such a use is a TemplateError.

import { TemplateError } from './error.mjs';
import {
  callMethod,
  getIndex,
  getProperty,
  JavaDecimal,
  JavaDouble,
  JavaList,
  JavaMap,
  javaEquals,
  textOf,
  typeName,
  UnorderedMap,
} from './java.mjs';
import { importTool } from './tools.mjs';

const { Compile, Helper, parse } = await importTool('velocityjs');

// API Gateway's quotas.
const MOST_ITERATIONS = 1000;
const LARGEST_TEMPLATE = 300 * 1024;

// What velocityjs reads otherwise than Velocity does, or what differs between Velocity versions.
const REFUSED = [
  [/\\[$#]/, 'a backslash before `$` or `#`'],
  [/#\{?(?:macro|parse|include|evaluate|stop)\b/, 'this directive'],
  [/#\{(?!else\})/, '`#{`, except for `#{else}`,'],
  [/#@/, 'a block macro'],
];

/**
 * Renders a template. `variables` are its top-level references. Each reference that was printed without a value is added
 * to `missing`: Velocity prints its text, API Gateway prints nothing.
 */
export function render(template, variables, missing) {
  if (Buffer.byteLength(template) > LARGEST_TEMPLATE) {
    throw new TemplateError('a mapping template has at most 300 KB');
  }
  checkSyntax(template);
  return new JavaCompile(parseTemplate(template), missing).render({ ...variables }, {});
}

function checkSyntax(template) {
  // Comments may say what they like.
  const code = template.replace(/##[^\n]*|#\*[^]*?\*#/g, '');
  for (const [pattern, what] of REFUSED) {
    const match = pattern.exec(code);
    if (match) {
      throw new TemplateError(`${what} is not supported here: ${code.slice(match.index, match.index + 20)}`);
    }
  }
}

function parseTemplate(template) {
  try {
    return parse(template);
  } catch (error) {
    throw new TemplateError(`the template does not parse: ${error.message}`);
  }
}

/** velocityjs takes `\"` inside "…" for a quote; in Velocity it ends the string. Only Velocity 1 reads `\u0041`. */
function checkString({ value, isEval }) {
  if (value.includes(isEval ? '"' : "'") || /\\u/.test(value)) {
    throw new TemplateError(`the string \`${value}\` has an escape that is not supported here`);
  }
}

class JavaCompile extends Compile {
  constructor(asts, missing) {
    super(asts);
    this.missing = missing;
  }

  renderAstList(asts = this.asts) {
    const parts = [];
    for (const ast of asts) {
      if (this.runState.break) {
        break;
      }
      parts.push(this.renderAst(ast));
    }
    return parts.join('');
  }

  renderAst(ast) {
    if (typeof ast === 'string') {
      return ast;
    }
    switch (ast.type) {
      case 'references':
        return this.printReference(ast);
      case 'set':
        this.setValue(ast);
        return '';
      case 'break':
        this.runState.break = true;
        return '';
      case 'comment':
        return '';
      case 'raw':
        return ast.value;
      case 'macro_call':
        // `#name(…)` of an unknown macro is plain text in Velocity, nothing in velocityjs.
        throw new TemplateError(`there is no directive or macro \`#${ast.id}\``);
      default:
        return this.getBlock(ast);
    }
  }

  getBlock(block) {
    switch (block[0].type) {
      case 'if':
        return this.getBlockIf(block);
      case 'foreach':
        return this.getBlockEach(block);
      case 'define':
        this.defines[block[0].id] = block.slice(1);
        return '';
      default:
        throw new TemplateError(`\`#${block[0].type}\` is not supported here`);
    }
  }

  // References

  printReference(ast) {
    const value = this.getReferences(ast);
    if (value === null) {
      if (ast.leader !== '$!') {
        this.missing.push(Helper.getRefText(ast));
      }
      return '';
    }
    return textOf(value);
  }

  getReferences(ast) {
    if (ast.args !== undefined) {
      throw new TemplateError(`\`${Helper.getRefText(ast)}\`: a variable is not a function`);
    }
    if (Object.hasOwn(this.defines, ast.id) && !ast.path) {
      return this.renderAstList(this.defines[ast.id]);
    }
    let value = Object.hasOwn(this.context, ast.id) ? this.context[ast.id] : null;
    for (const step of ast.path ?? []) {
      if (value === null) {
        return null;
      }
      value = this.follow(value, step, ast);
    }
    return value;
  }

  follow(value, step, ast) {
    try {
      if (step.type === 'method') {
        const args = (step.args || []).map((argument) => this.getExpression(argument));
        return value instanceof HostObject ? value.call(step.id, args) : callMethod(value, step.id, args);
      }
      const key = step.type === 'property' ? step.id : this.getExpression(step.id);
      if (value instanceof HostObject) {
        return value.get(key);
      }
      return step.type === 'property' ? getProperty(value, key) : getIndex(value, key);
    } catch (error) {
      if (error instanceof TemplateError && !error.located) {
        error.message = `${Helper.getRefText(ast)}: ${error.message}`;
        error.located = true;
      }
      throw error;
    }
  }

  setValue(ast) {
    const [target, source] = ast.equal;
    const value = this.getExpression(source);
    const path = target.path ?? [];
    if (path.length === 0) {
      this.assign(target.id, value);
      return;
    }
    const last = path.at(-1);
    const owner = this.getReferences({ ...target, path: path.slice(0, -1) });
    if (!(owner instanceof JavaMap) || last.type === 'method') {
      throw new TemplateError(`${Helper.getRefText(target)}: a ${typeName(owner)} takes no assignment`);
    }
    owner.put(last.type === 'property' ? last.id : textOf(this.getExpression(last.id)), value);
  }

  assign(name, value) {
    if (value !== null) {
      this.context[name] = value;
    } else if (Object.hasOwn(this.context, name)) {
      // Velocity 1 keeps the old value, Velocity 2 takes the null.
      throw new TemplateError(`#set($${name} = …) of a variable that has a value to one that does not exist`);
    }
  }

  // Literals

  getLiteral(literal) {
    switch (literal.type) {
      case 'integer':
        return BigInt(literal.value);
      case 'decimal':
        return new JavaDouble(Number(literal.value));
      case 'map':
        return new UnorderedMap(
          Object.entries(literal.value || {}).map(([key, value]) => [key, this.getExpression(value)]),
        );
      case 'bool':
        if (literal.value === 'null') {
          throw new TemplateError('Velocity has no literal `null`');
        }
        return literal.value === 'true';
      case 'references':
        return this.getReferences(literal);
      case 'string':
        checkString(literal);
        return this.getString(literal);
      case 'array':
        return this.getArray(literal);
      default:
        throw new TemplateError(`\`${literal.type}\` is not supported here`);
    }
  }

  evalStr(text) {
    return this.renderAstList(parseTemplate(text));
  }

  getArray(literal) {
    if (!literal.isRange) {
      return new JavaList(literal.value.map((item) => this.getExpression(item)));
    }
    const [from, to] = literal.value.map((end) => (typeof end === 'object' ? this.getExpression(end) : BigInt(end)));
    if (typeof from !== 'bigint' || typeof to !== 'bigint') {
      throw new TemplateError('a range needs two whole numbers');
    }
    const step = from <= to ? 1n : -1n;
    const items = [];
    for (let item = from; item !== to + step; item += step) {
      items.push(item);
      if (items.length > MOST_ITERATIONS) {
        throw new TemplateError(`a range of more than ${MOST_ITERATIONS} items`);
      }
    }
    return new JavaList(items);
  }

  // Expressions

  getExpression(ast) {
    if (ast.type !== 'math') {
      return this.getLiteral(ast);
    }
    const [left, right] = ast.expression;
    switch (ast.operator) {
      case 'parenthesis':
        return this.getExpression(left);
      case 'not':
        return !this.isTrue(left);
      case '&&':
        return this.isTrue(left) && this.isTrue(right);
      case '||':
        return this.isTrue(left) || this.isTrue(right);
      case '==':
        return equals(this.getExpression(left), this.getExpression(right));
      case '!=':
        return !equals(this.getExpression(left), this.getExpression(right));
      case '<':
      case '>':
      case '<=':
      case '>=':
        return compare(this.getExpression(left), ast.operator, this.getExpression(right));
      case 'minus':
        return arithmetic(0n, '-', this.getExpression(left));
      default:
        return arithmetic(this.getExpression(left), ast.operator, this.getExpression(right));
    }
  }

  isTrue(ast) {
    const value = this.getExpression(ast);
    if (typeof value === 'boolean') {
      return value;
    }
    const empty =
      value === '' || value?.size === 0 || value?.items?.length === 0 || (isNumber(value) && Number(String(value)) === 0);
    if (value === null || empty) {
      // An empty string, collection or 0 is true in Velocity 1 and false in Velocity 2, and API Gateway has been seen to
      // take a missing property for true.
      const text = ast.type === 'references' ? Helper.getRefText(ast) : 'a value';
      throw new TemplateError(`${text} is ${value === null ? 'missing' : 'empty'} where a condition belongs; compare it`);
    }
    return true;
  }

  // Blocks

  getBlockIf(block) {
    let chosen = null;
    const body = [];
    for (const ast of block) {
      if (ast.type === 'if' || ast.type === 'elseif' || ast.type === 'else') {
        if (chosen) {
          break;
        }
        chosen = ast.type === 'else' || this.isTrue(ast.condition) ? ast : null;
      } else if (chosen) {
        body.push(ast);
      }
    }
    return this.renderAstList(body);
  }

  getBlockEach(block) {
    const [{ to, from }, ...body] = block;
    const items = iterable(this.getExpression(from));
    if (items.length > MOST_ITERATIONS) {
      throw new TemplateError(`#foreach over ${items.length} items; API Gateway stops at ${MOST_ITERATIONS}`);
    }
    const outer = { ...this.context };
    const parts = [];
    for (const [index, item] of items.entries()) {
      this.context[to] = item;
      this.context.foreach = new JavaMap([
        ['index', BigInt(index)],
        ['count', BigInt(index + 1)],
        ['first', index === 0],
        ['last', index + 1 === items.length],
        ['hasNext', index + 1 < items.length],
      ]);
      parts.push(this.renderAstList(body));
      if (this.runState.break) {
        this.runState.break = false;
        break;
      }
    }
    // Only the loop's own variables end with it.
    for (const name of [to, 'foreach']) {
      if (Object.hasOwn(outer, name)) {
        this.context[name] = outer[name];
      } else {
        delete this.context[name];
      }
    }
    return parts.join('');
  }
}

/** `$input`, `$util`: an object with methods and properties of its own. */
export class HostObject {
  constructor(name, methods, properties = {}) {
    this.name = name;
    this.methods = methods;
    this.properties = properties;
  }

  call(name, args) {
    if (!Object.hasOwn(this.methods, name)) {
      throw new TemplateError(`${this.name} has no method \`${name}\``);
    }
    return this.methods[name](...args);
  }

  get(name) {
    if (!Object.hasOwn(this.properties, name)) {
      throw new TemplateError(`${this.name} has no property \`${name}\``);
    }
    return this.properties[name]();
  }

  toString() {
    throw new TemplateError(`${this.name} cannot be printed`);
  }
}

function iterable(value) {
  if (value instanceof JavaList) {
    return [...value.items];
  }
  if (value instanceof JavaMap) {
    return [...value.entries()].map(([, item]) => item);
  }
  if (value === null) {
    return [];
  }
  throw new TemplateError(`#foreach over a ${typeName(value)}`);
}

function isNumber(value) {
  return typeof value === 'bigint' || value instanceof JavaDouble || value instanceof JavaDecimal;
}

function equals(left, right) {
  // Seen in API Gateway: a missing value equals another missing value, and the empty string.
  if (left === null || right === null) {
    const other = left ?? right;
    if (other !== null && typeof other !== 'string') {
      throw new TemplateError(`a missing value is compared with a ${typeName(other)}`);
    }
    return other === null || other === '';
  }
  if (isNumber(left) && isNumber(right)) {
    return compare(left, '==', right);
  }
  // Values of different classes are compared by their text.
  return javaEquals(left, right) || textOf(left) === textOf(right);
}

function compare(left, operator, right) {
  if (!isNumber(left) || !isNumber(right)) {
    throw new TemplateError(`\`${operator}\` between a ${typeName(left)} and a ${typeName(right)}`);
  }
  const [a, b] = [left, right].map((value) => (typeof value === 'bigint' ? value : Number(String(value))));
  switch (operator) {
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    case '>=':
      return a >= b;
    default:
      // Between a whole number and a double `==` is by value, as Velocity's comparison is.
      return a == b;
  }
}

function arithmetic(left, operator, right) {
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) {
    if (left === null || right === null) {
      // Velocity puts the text of the reference in place of the missing value.
      throw new TemplateError('`+` with a missing value');
    }
    return textOf(left) + textOf(right);
  }
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return wholeArithmetic(left, operator, right);
  }
  if (!isNumber(left) || !isNumber(right) || left instanceof JavaDecimal || right instanceof JavaDecimal) {
    throw new TemplateError(`\`${operator}\` between a ${typeName(left)} and a ${typeName(right)}`);
  }
  const [a, b] = [left, right].map((value) => Number(String(value)));
  switch (operator) {
    case '+':
      return new JavaDouble(a + b);
    case '-':
      return new JavaDouble(a - b);
    case '*':
      return new JavaDouble(a * b);
    case '/':
      return new JavaDouble(a / b);
    default:
      return new JavaDouble(a % b);
  }
}

function wholeArithmetic(left, operator, right) {
  if (right === 0n && (operator === '/' || operator === '%')) {
    throw new TemplateError('a division by zero');
  }
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}
