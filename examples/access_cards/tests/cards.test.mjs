// The handlers of cards and of the board, without AWS.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { dynamodb } from "../handlers/dynamodb.mjs";
import { handle as showOnBoard } from "../handlers/facilities_board.mjs";
import { handle as registerCard } from "../handlers/register_card.mjs";

const SERIAL = "04A2B3C4D5E6F7";

const card = (more) => ({
  id: "event-1",
  data: {
    card_serial: SERIAL,
    employee_id: "111122223333",
    kind: "employee",
    issued_on: "2026-11-22",
    access: [{ building: "hq", hours: "always" }],
    ...more,
  },
});

const count = (building, inside, change) => ({ time: "2026-11-22T20:38:30Z", data: { building, inside, change } });

let logged;
let context;

beforeEach(() => {
  process.env.CARDS_TABLE = "cards";
  process.env.BOARD_TABLE = "board";
  mock.restoreAll();
  logged = [];
  context = { logger: { info: (message, fields) => logged.push({ message, ...fields }) } };
});

function refused(item) {
  const error = new Error("The conditional request failed");
  return Object.assign(error, { name: "ConditionalCheckFailedException", Item: item });
}

/** A table that takes an item if its key is free. */
function cardsTable() {
  const items = new Map();
  mock.method(dynamodb, "putItem", async (request) => {
    assert.equal(request.TableName, "cards");
    assert.equal(request.ConditionExpression, "attribute_not_exists(id)");
    const known = items.get(request.Item.id.S);
    if (known) throw refused(request.ReturnValuesOnConditionCheckFailure === "ALL_OLD" ? known : undefined);
    items.set(request.Item.id.S, request.Item);
  });
  return items;
}

test("a card is registered with what it opens", async () => {
  const items = cardsTable();
  await registerCard(card({ valid_until: "2027-11-22" }), context);
  assert.deepEqual(items.get(`card/${SERIAL}`), {
    id: { S: `card/${SERIAL}` },
    employee_id: { S: "111122223333" },
    kind: { S: "employee" },
    issued_on: { S: "2026-11-22" },
    valid_until: { S: "2027-11-22" },
    access: { L: [{ M: { building: { S: "hq" }, hours: { S: "always" } } }] },
    event_id: { S: "event-1" },
  });
});

test("a card without an end has no attribute for it", async () => {
  const items = cardsTable();
  await registerCard(card(), context);
  assert.ok(!("valid_until" in items.get(`card/${SERIAL}`)));
});

test("the same card again changes nothing", async () => {
  const items = cardsTable();
  await registerCard(card(), context);
  await registerCard(card({ kind: "visitor" }), context);
  assert.equal(items.get(`card/${SERIAL}`).kind.S, "employee");
  assert.deepEqual(logged.map(({ message }) => message), ["card registered", "card was registered before"]);
});

test("a card of somebody else fails, and says no serial", async () => {
  cardsTable();
  await registerCard(card(), context);
  await assert.rejects(registerCard(card({ employee_id: "444455556666" }), context), (error) => {
    assert.equal(error.message, "the card belongs to somebody else");
    return true;
  });
  assert.ok(!JSON.stringify(logged).includes(SERIAL));
});

test("what DynamoDB cannot do for another reason fails the event", async () => {
  const busy = async () => {
    throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
  };
  mock.method(dynamodb, "putItem", busy);
  mock.method(dynamodb, "updateItem", busy);
  await assert.rejects(registerCard(card(), context), { name: "ThrottlingException" });
  await assert.rejects(showOnBoard(count("hq", 1, 1), context), { name: "ThrottlingException" });
});

/** A table that understands the one update that the board makes. */
function boardTable() {
  const items = new Map();
  mock.method(dynamodb, "updateItem", async (request) => {
    assert.equal(request.TableName, "board");
    assert.equal(request.UpdateExpression, "SET inside = :inside, change = :change, told_at = :told_at");
    assert.equal(request.ConditionExpression, "attribute_not_exists(building) OR change < :change");
    const { ":inside": inside, ":change": change, ":told_at": toldAt } = request.ExpressionAttributeValues;
    const known = items.get(request.Key.building.S);
    if (known && !(Number(known.change.N) < Number(change.N))) throw refused();
    items.set(request.Key.building.S, { inside, change, told_at: toldAt });
  });
  return items;
}

test("the board shows the newest count, in whatever order they come", async () => {
  const items = boardTable();
  for (const [building, inside, change] of [["hq", 1, 1], ["hq", 3, 10], ["hq", 2, 9], ["hq", 3, 10], ["lab", 7, 2]]) {
    await showOnBoard(count(building, inside, change), context);
  }
  const told_at = { S: "2026-11-22T20:38:30Z" };
  assert.deepEqual(items.get("hq"), { inside: { N: "3" }, change: { N: "10" }, told_at });
  assert.equal(items.get("lab").inside.N, "7");
  assert.equal(logged.filter(({ message }) => message === "the board is newer").length, 2);
});
