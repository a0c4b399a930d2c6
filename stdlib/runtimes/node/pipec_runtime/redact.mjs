// Keeps the values of `secret` fields out of log lines.

const HIDDEN = "[redacted]";
const MAX_TEXT = 8192;
const MAX_DEPTH = 20;

export class Redactor {
  #names;
  #values;
  #pattern;

  constructor(paths = [], data, known = []) {
    this.#names = new Set(paths.map((path) => path.split(".").at(-1)));
    this.#values = new Set([...paths.flatMap((path) => [...valuesAt(data, path.split("."))]), ...known]);
  }

  // Hides these texts too, from now on.
  hide(values) {
    for (const one of values) {
      if (this.#values.has(one)) continue;
      this.#values.add(one);
      this.#pattern = undefined;
    }
  }

  text(text) {
    // The values were read at once, as `handle` may change its data; most events never log.
    this.#pattern ??= patternOf(this.#values);
    return text.replace(this.#pattern, HIDDEN).slice(0, MAX_TEXT);
  }

  // Makes any value fit for a JSON line: what sits under a secret's name, or contains its value, is hidden.
  value(value, depth = 0) {
    if (depth > MAX_DEPTH) return "…";
    if (typeof value?.toJSON === "function") value = value.toJSON();
    if (Array.isArray(value)) return value.map((one) => this.value(one, depth + 1));
    if (typeof value === "object" && value !== null && !(value instanceof Error)) {
      const entries = Object.entries(value).map(([name, one]) => [
        this.text(name),
        this.#names.has(name) ? HIDDEN : this.value(one, depth + 1),
      ]);
      return Object.fromEntries(entries);
    }
    if (value === null || value === undefined || typeof value === "boolean") return value;
    if (Number.isFinite(value)) return this.#values.has(String(value)) ? HIDDEN : value;
    return this.text(String(value));
  }
}

// Yields each value below `path` as text. Lists need no step of the path, `*` is every value of a map.
export function* valuesAt(value, path) {
  if (Array.isArray(value)) {
    for (const one of value) yield* valuesAt(one, path);
  } else if (typeof value === "object" && value !== null) {
    const names = path.length === 0 || path[0] === "*" ? Object.keys(value) : [path[0]];
    for (const name of names) if (Object.hasOwn(value, name)) yield* valuesAt(value[name], path.slice(1));
  } else if (path.length === 0 && value !== null && typeof value !== "boolean" && value !== "") {
    yield String(value);
  }
}

function patternOf(values) {
  const forms = new Set();
  for (const value of values) {
    forms.add(value).add(JSON.stringify(value).slice(1, -1)); // also as it looks inside a JSON text
  }
  const longestFirst = [...forms].sort((one, other) => other.length - one.length);
  // A short one only as a whole word, or every `a` of a message would be hidden.
  const parts = longestFirst.map((form) => (form.length > 3 ? escape(form) : `(?<!\\w)${escape(form)}(?!\\w)`));
  return new RegExp(parts.join("|") || "(?!)", "g");
}

function escape(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
