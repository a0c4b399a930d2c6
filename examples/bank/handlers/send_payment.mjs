// Hands a payment to the clearing house, which knows one that it has by its key.

export async function handle(event, context) {
  const { account, order, to, amount, purpose } = event.data;
  const response = await fetch(process.env.CLEARING_URL, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await context.secret("CLEARING")}`,
      "content-type": "application/json",
      // Not the event's id: an order that was told twice has two events. The number is the app's, so the account
      // stands before it.
      "idempotency-key": `${account}-${order}`,
    },
    body: JSON.stringify({ from: account, to, cents: amount, purpose }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the clearing house answered ${response.status}`);
  context.logger.info("payment sent", { order, status: response.status });
}
