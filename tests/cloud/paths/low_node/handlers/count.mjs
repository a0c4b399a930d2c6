import { leaveEffect } from "./effect.mjs";

export async function handle(event, context) {
  await leaveEffect(event);
  if (event.data.person === "13") throw new Error("poisoned");
}
