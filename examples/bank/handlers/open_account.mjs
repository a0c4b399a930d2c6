// Opens an account, with nothing on it.

import { putNew } from "./dynamodb.mjs";

export async function handle(event, context) {
  const { account, customer, overdraft } = event.data;
  const known = await putNew(
    process.env.ACCOUNTS,
    {
      account: { S: account },
      entry: { S: "balance" },
      balance: { N: "0" },
      change: { N: "0" },
      overdraft: { N: String(overdraft) },
      customer: { S: customer },
      event_id: { S: event.id },
    },
    "entry",
  );
  // The event again, or the branch sent it twice. With another customer it is a mistake that somebody must look at.
  if (known && known.customer?.S !== customer) throw new Error("the account belongs to somebody else");
  context.logger.info(known ? "account was opened before" : "account opened", { customer });
}
