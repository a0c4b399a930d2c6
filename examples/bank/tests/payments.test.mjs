// The handlers in JavaScript, without AWS and without the clearing house.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { dynamodb } from "../handlers/dynamodb.mjs";
import { handle as openAccount } from "../handlers/open_account.mjs";
import { handle as sendPayment } from "../handlers/send_payment.mjs";
import { handle as writeStatement } from "../handlers/write_statement.mjs";

const ADA = "DE02100100100006820101";
const BOB = "DE02200505501015871393";

let logged;
let context;

beforeEach(() => {
  process.env.ACCOUNTS = "accounts";
  process.env.STATEMENTS = "statements";
  process.env.CLEARING_URL = "https://clearing.example/payments";
  mock.restoreAll();
  logged = [];
  context = {
    logger: { info: (message, fields) => logged.push({ message, ...fields }) },
    secret: async (name) => `the secret ${name}`,
  };
});

/** A table that takes an item if its key is free. */
function table(name, ...key) {
  const items = new Map();
  mock.method(dynamodb, "putItem", async (request) => {
    assert.equal(request.TableName, name);
    assert.equal(request.ConditionExpression, `attribute_not_exists(${key.at(-1)})`);
    assert.equal(request.ReturnValuesOnConditionCheckFailure, "ALL_OLD");
    const id = JSON.stringify(key.map((attribute) => request.Item[attribute]));
    if (items.has(id)) {
      const error = new Error("The conditional request failed");
      throw Object.assign(error, { name: "ConditionalCheckFailedException", Item: items.get(id) });
    }
    items.set(id, request.Item);
  });
  return items;
}

const opened = (customer) => ({ id: "event-1", data: { account: ADA, customer, overdraft: 50_000 } });

test("an account is opened once, with nothing on it", async () => {
  const items = table("accounts", "account", "entry");
  await openAccount(opened("ada"), context);
  await openAccount(opened("ada"), context);
  const [[, item], ...others] = items;
  assert.deepEqual([item.entry.S, item.balance.N, item.change.N, item.overdraft.N], ["balance", "0", "0", "50000"]);
  assert.equal(others.length, 0);
  assert.deepEqual(logged.map(({ message }) => message), ["account opened", "account was opened before"]);
});

test("an account of somebody else fails", async () => {
  table("accounts", "account", "entry");
  await openAccount(opened("ada"), context);
  await assert.rejects(openAccount(opened("bob"), context), { message: "the account belongs to somebody else" });
});

const line = (change, amount, movement) => ({
  data: { account: ADA, change, kind: "deposit", movement, amount, balance: 900, at: "2026-11-22T20:38:30Z" },
});

test("a line is written once, whatever comes twice", async () => {
  const items = table("statements", "account", "change");
  for (const [change, amount, movement] of [[1, 400, "d1"], [2, 500, "d2"], [1, 400, "d1"]]) {
    await writeStatement(line(change, amount, movement), context);
  }
  assert.deepEqual([...items.values()].map((item) => item.amount.N), ["400", "500"]);
  assert.deepEqual(logged.map(({ message }) => message), ["line written", "line written", "line was there"]);
});

test("two movements with one number fail", async () => {
  table("statements", "account", "change");
  await writeStatement(line(1, 400, "d1"), context);
  for (const other of [line(1, 400, "d2"), line(1, 500, "d1")]) {
    await assert.rejects(writeStatement(other, context), { message: "the line is there with something else in it" });
  }
});

test("what DynamoDB cannot do for another reason fails the event", async () => {
  mock.method(dynamodb, "putItem", async () => {
    throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
  });
  await assert.rejects(openAccount(opened("ada"), context), { name: "ThrottlingException" });
  await assert.rejects(writeStatement(line(1, 400, "d1"), context), { name: "ThrottlingException" });
});

const payment = { data: { account: ADA, order: "o1", to: BOB, amount: 4_000, purpose: "rent" } };

test("a payment is sent with a key that stays the same", async () => {
  const asked = mock.method(globalThis, "fetch", async () => new Response(null, { status: 202 }));
  await sendPayment(payment, context);
  await sendPayment({ ...payment, id: "event-2" }, context);
  const [[url, request], [, again]] = asked.mock.calls.map((call) => call.arguments);
  assert.equal(url, "https://clearing.example/payments");
  assert.equal(request.headers.authorization, "Bearer the secret CLEARING");
  assert.equal(request.headers["idempotency-key"], `${ADA}-o1`);
  assert.deepEqual(JSON.parse(request.body), { from: ADA, to: BOB, cents: 4_000, purpose: "rent" });
  assert.deepEqual(again.headers, request.headers);
  assert.ok(!JSON.stringify(logged).includes("rent"));
});

test("a payment that the clearing house does not take fails", async () => {
  mock.method(globalThis, "fetch", async () => new Response("{}", { status: 503 }));
  await assert.rejects(sendPayment(payment, context), { message: "the clearing house answered 503" });
});
