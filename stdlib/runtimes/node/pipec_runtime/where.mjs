// Decides whether the subscriber asked for an event. The compiler writes conditions without `not`.

import { PackageError } from "./errors.mjs";
import { isObject } from "./strict_json.mjs";

const ORDERS = new Map([
  [">", (one, other) => one > other],
  [">=", (one, other) => one >= other],
  ["<", (one, other) => one < other],
  ["<=", (one, other) => one <= other],
]);
const OPERATORS = new Set(["==", "!=", "in", "not_in", "present", "absent", ...ORDERS.keys()]);

export class Where {
  #condition;

  constructor(condition) {
    check(condition, "");
    this.#condition = condition;
  }

  holds(data) {
    return holds(this.#condition, data);
  }
}

function check(condition, at) {
  const keys = isObject(condition) ? Object.keys(condition) : [];
  const group = ["all", "any"].find((name) => keys.length === 1 && keys[0] === name && Array.isArray(condition[name]));
  if (group) {
    condition[group].forEach((one, index) => check(one, `${at}/${group}/${index}`));
  } else if (!keys.includes("field") || !keys.includes("op")) {
    throw new PackageError(`where${at}: neither \`all\` nor \`any\` nor a comparison`);
  } else {
    checkComparison(condition, keys, at);
  }
}

function checkComparison({ field, op, value }, keys, at) {
  const wrong = (what) => {
    throw new PackageError(`where${at}: ${what}`);
  };
  if (!Array.isArray(field) || field.length === 0 || field.some((step) => typeof step !== "string")) {
    wrong("`field` is not a list of names");
  }
  if (!OPERATORS.has(op)) wrong("unknown operator");
  const wanted = ["present", "absent"].includes(op) ? ["field", "op"] : ["field", "op", "value"];
  if (keys.length !== wanted.length || !wanted.every((name) => keys.includes(name))) {
    wrong(`keys that do not belong to \`${op}\``);
  }
  if (!fits(op, value)) wrong(`a value that \`${op}\` does not take`);
}

function fits(op, value) {
  if (op === "in" || op === "not_in") return Array.isArray(value) && value.every(isScalar);
  if (op === "present" || op === "absent") return true;
  return ORDERS.has(op) ? typeof value === "number" : isScalar(value);
}

function isScalar(value) {
  return ["string", "number", "boolean"].includes(typeof value);
}

function holds(condition, data) {
  if ("all" in condition) return condition.all.every((one) => holds(one, data));
  if ("any" in condition) return condition.any.some((one) => holds(one, data));
  const { field, op, value } = condition;
  const found = at(data, field);
  if (op === "absent" || found === null) return op === "absent" && found === null;
  if (op === "present") return true;
  if (ORDERS.has(op)) return typeof found === "number" && ORDERS.get(op)(found, value);
  const listed = op === "in" || op === "not_in" ? value.includes(found) : value === found;
  return listed === (op === "in" || op === "==");
}

// What stands at the path, null where nothing does. No path leads through a list.
function at(data, field) {
  let value = data;
  for (const step of field) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return null;
    value = value[step];
  }
  return value;
}
