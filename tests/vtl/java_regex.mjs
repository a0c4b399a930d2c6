// `java.util.regex` for the methods of `java.lang.String`, translated to JavaScript's regular expressions.
//
// What the two languages read differently is translated; what is not translated is refused.

import { TemplateError } from './error.mjs';

const CLASSES = {
  d: '0-9',
  s: ' \\t\\n\\u000b\\f\\r',
  w: 'a-zA-Z_0-9',
};
const POSIX = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\u0000-\\u007f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Cntrl: '\\u0000-\\u001f\\u007f',
  XDigit: '0-9a-fA-F',
  Space: ' \\t\\n\\u000b\\f\\r',
};
const LINE_END = '\\r\\n|[\\n\\r\\u0085\\u2028\\u2029]';
const NOT_LINE_END = '[^\\n\\r\\u0085\\u2028\\u2029]';
// Java's `$` also matches before a line end that ends the text.
const END = `(?=(?:${LINE_END})?$)`;

/** scope: 'whole' must match all of the text, 'first' finds one match, 'all' finds every match. */
export function javaRegex(pattern, scope) {
  const translated = translate(pattern);
  const source = scope === 'whole' ? `^(?:${translated})$` : translated;
  try {
    return new RegExp(source, scope === 'all' ? 'gu' : 'u');
  } catch (error) {
    throw new TemplateError(`regular expression \`${pattern}\`: ${error.message}`);
  }
}

/** `replaceAll` and `replaceFirst`: `$1` is a group and `\` takes the next character as it is. */
export function javaReplace(text, pattern, replacement, scope) {
  const parts = parseReplacement(replacement);
  return text.replace(javaRegex(pattern, scope), (...match) => {
    const groups = match.slice(0, match.findIndex((item, index) => index > 0 && typeof item === 'number'));
    return parts
      .map((part) => {
        if (typeof part === 'string') {
          return part;
        }
        if (part >= groups.length) {
          throw new TemplateError(`replacement \`${replacement}\`: there is no group ${part}`);
        }
        return groups[part] ?? '';
      })
      .join('');
  });
}

function parseReplacement(replacement) {
  const parts = [];
  for (let at = 0; at < replacement.length; at += 1) {
    const character = replacement[at];
    if (character === '\\') {
      at += 1;
      if (at === replacement.length) {
        throw new TemplateError(`replacement \`${replacement}\` ends with a backslash`);
      }
      parts.push(replacement[at]);
    } else if (character === '$') {
      at += 1;
      if (!/\d/.test(replacement[at] ?? '') || /\d/.test(replacement[at + 1] ?? '')) {
        throw new TemplateError(`replacement \`${replacement}\`: \`$\` needs one digit; \`\\$\` is the character itself`);
      }
      parts.push(Number(replacement[at]));
    } else {
      parts.push(character);
    }
  }
  return parts;
}

function translate(pattern) {
  const refuse = (what) => {
    throw new TemplateError(`regular expression \`${pattern}\`: ${what} is not supported here`);
  };
  const characters = [...pattern];
  let result = '';
  let at = 0;

  const escape = (inClass) => {
    at += 1;
    const code = characters[at];
    if (code === undefined) {
      refuse('a backslash at the end');
    }
    if (Object.hasOwn(CLASSES, code)) {
      return inClass ? CLASSES[code] : `[${CLASSES[code]}]`;
    }
    if (Object.hasOwn(CLASSES, code.toLowerCase()) && !inClass) {
      return `[^${CLASSES[code.toLowerCase()]}]`;
    }
    if ('tnrf'.includes(code)) {
      return `\\${code}`;
    }
    if (code === 'u' || code === 'x') {
      const length = code === 'u' ? 4 : 2;
      const digits = characters.slice(at + 1, at + 1 + length).join('');
      if (!new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digits)) {
        refuse(`\\${code}${digits}`);
      }
      at += length;
      return `\\u{${digits}}`;
    }
    if (code === 'p') {
      const name = /^\{(\w+)\}/.exec(characters.slice(at + 1).join(''))?.[1] ?? '';
      if (!Object.hasOwn(POSIX, name)) {
        refuse(`\\p{${name}}`);
      }
      at += name.length + 2;
      return inClass ? POSIX[name] : `[${POSIX[name]}]`;
    }
    if (/[1-9]/.test(code) && !inClass) {
      return `\\${code}`;
    }
    if (/[a-zA-Z0-9]/.test(code)) {
      refuse(`\\${code}`);
    }
    return literal(code, inClass);
  };

  const characterClass = () => {
    let inside = '';
    at += 1;
    if (characters[at] === '^') {
      inside += '^';
      at += 1;
    }
    if (characters[at] === ']') {
      refuse('a class that starts with `]`');
    }
    for (; characters[at] !== ']'; at += 1) {
      const character = characters[at];
      if (character === undefined) {
        refuse('a class that does not end');
      }
      if (character === '[' || (character === '&' && characters[at + 1] === '&')) {
        refuse('a class inside a class');
      }
      inside += character === '\\' ? escape(true) : character === '-' ? '-' : literal(character, true);
    }
    return `[${inside}]`;
  };

  for (; at < characters.length; at += 1) {
    const character = characters[at];
    const following = characters[at + 1];
    switch (character) {
      case '\\':
        result += escape(false);
        break;
      case '[':
        result += characterClass();
        break;
      case '(':
        if (following === '?' && !/^\?(?:[:=!]|<[=!])/.test(characters.slice(at + 1, at + 4).join(''))) {
          refuse('this kind of group');
        }
        result += '(';
        break;
      case '.':
        result += NOT_LINE_END;
        break;
      case '$':
        result += END;
        break;
      case '*':
      case '+':
      case '?':
      case '}':
        if (following === '+') {
          refuse('a possessive quantifier');
        }
        result += character;
        break;
      case ']':
        result += '\\]';
        break;
      default:
        result += character;
    }
  }
  return result;
}

/** One character that stands for itself. */
function literal(character, inClass) {
  const special = inClass ? /[\^$\\.*+?()[\]{}|/-]/ : /[\^$\\.*+?()[\]{}|/]/;
  return special.test(character) ? `\\${character}` : character;
}
