// Writes the lines that customers see. A line has the number of its movement, so one that comes twice is one line.

import { putNew } from "./dynamodb.mjs";

export async function handle(event, context) {
  const { account, change, kind, movement, amount, balance, at } = event.data;
  const known = await putNew(
    process.env.STATEMENTS,
    {
      account: { S: account },
      change: { N: String(change) },
      kind: { S: kind },
      movement: { S: movement },
      amount: { N: String(amount) },
      balance: { N: String(balance) },
      at: { S: at },
    },
    "change",
  );
  // Two movements with one number: the books are wrong.
  if (known && (known.movement?.S !== movement || known.amount?.N !== String(amount))) {
    throw new Error("the line is there with something else in it");
  }
  context.logger.info(known ? "line was there" : "line written", { change, kind });
}
