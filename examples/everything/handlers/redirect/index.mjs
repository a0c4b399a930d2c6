// Sends a parcel elsewhere. The folder is the handler, and what lies beside this file goes along.

import { oneLine } from "./address.mjs";

export async function handle(event, context) {
  const { parcel, address } = event.data;
  context.logger.info("redirected", { parcel, country: address.country, length: oneLine(address).length });
}
