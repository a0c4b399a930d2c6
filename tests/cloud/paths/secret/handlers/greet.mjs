import { leaveEffect } from "./effect.mjs";

export async function handle(event, context) {
  if ((await context.secret("TOKEN")) !== event.data.token) throw new Error("poisoned");
  await leaveEffect(event);
}
