// Compiles an ECMA 262 regular expression, with the `u` flag, so that one character is one code point.

import { PackageError } from "./errors.mjs";

const ESCAPE = /\\(.)/gsu;
const SPECIAL = /[A-Za-z0-9^$\\.*+?()[\]{}|/]/;

export function compilePattern(pattern, at = "") {
  try {
    if (typeof pattern !== "string") throw new TypeError("not a text");
    return new RegExp(pattern.replace(ESCAPE, harmless), "u");
  } catch (error) {
    throw new PackageError(`schema${at}: the pattern cannot be used: ${error.message}`);
  }
}

// Many people escape more than they need (`\-`, `\@`); under `u` that would be a syntax error.
function harmless(escape, character) {
  return SPECIAL.test(character) ? escape : `\\u{${character.codePointAt(0).toString(16)}}`;
}
