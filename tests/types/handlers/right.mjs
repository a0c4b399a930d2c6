// What the types allow.

/** @type {import("../build/types/node/events.js").Handler<"BuildingExited">} */
export async function handle(event, context) {
  const { data } = event;
  /** @type {string[]} */
  const texts = [data.employee_id, data["building"], data.language, event.id, event.time ?? "never", ...data.items];
  /** @type {"front" | "back" | undefined} */
  const direction = data.direction;
  /** @type {string | undefined} */
  const keyword = data.class;
  /** @type {number | undefined} */
  const label = data.labels.some;
  const kinds = data.badges.map(({ kind, next }) => [kind === "staff", next?.serial.length]);
  const id = await context.emit("OccupancyChanged", { building: data.building, inside: 1, badges: data.badges });
  await context.emit("OccupancyChanged", { building: "hq", inside: 1, level: 3, badges: [{ serial: "x" }] });
  await context.emit("CardLost", { badge: { serial: "x", next: data.badges[0] } });
  await context.emit("Noticed", ["whatever", 1]);
  report(context, id);
  context.logger.warn("seen", { texts, direction, keyword, label, kinds, more: data.more.anything });
}

/**
 * @param {import("../build/types/node/events.js").Context} context
 * @param {string} id
 */
async function report(context, id) {
  context.logger.info("sent", { id, attempt: context.attempt + 1, secret: await context.secret("TOKEN") });
  context.logger.error(context.aws.awsRequestId);
}

/** @type {import("../build/types/node/events.js").Handler<"BuildingExited", "show">} */
export const show = (_event, context) => context.emit("Noticed", {});

/** @param {import("../build/types/node/events.js").BuildingExited | import("../build/types/node/events.js").OccupancyChanged} event */
export const building = (event) => event.data.building;

/** @type {import("../build/types/node/events.js").Handler<"EntryRequested">} */
export const answer = async (event) => ({ allowed: event.data.employee_id !== "1", badge: { serial: "x" } });
