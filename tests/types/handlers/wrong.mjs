// What the types refuse, and what is said of it: each line that ends in a comment is an error, and no other.

/** @type {import("../build/types/node/events.js").Handler<"BuildingExited">} */
export async function handle(event, context) {
  event.data.employe_id; // error: Did you mean 'employee_id'?
  event.data["employe_id"]; // error: Did you mean 'employee_id'?
  event.data.direction.length; // error: 'event.data.direction' is possibly 'undefined'
  event.data.turnstile.length; // error: Property 'length' does not exist on type 'number'
  if (event.data.badges[0].kind === "robot") return; // error: This comparison appears to be unintentional
  event.time.length; // error: 'event.time' is possibly 'null'
  event.id = "mine"; // error: Cannot assign to 'id' because it is a read-only property
  await context.emit("OccupancyChange", { building: "hq", inside: 1 }); // error: is not assignable to parameter of type
  await context.emit("OccupancyChanged", { building: "hq" }); // error: Property 'inside' is missing in type
  await context.emit("OccupancyChanged", { building: "hq", inside: 1, level: 4 }); // error: Type '4' is not assignable to type
  await context.emit("CardLost", { badge: { serial: "x" }, why: 1 }); // error: 'why' does not exist in type 'CardLostInput'
  context.log("x"); // error: Property 'log' does not exist on type
}

/** @type {import("../build/types/node/events.js").Handler<"BuildingExited", "show">} */
export const show = (_event, context) => context.emit("CardLost", { badge: {} }); // error: not assignable to parameter of type '"Noticed"'

/** @type {import("../build/types/node/events.js").Handler<"Noticed">} */
export const notice = (_event, context) => context.emit("CardLost", {}); // error: not assignable to parameter of type 'never'

/** @type {import("../build/types/node/events.js").Handler<"BuildingEntered">} */ // error: Type '"BuildingEntered"' does not satisfy the constraint 'keyof Events'
export const enter = () => undefined;

/** @type {import("../build/types/node/events.js").Handler<"BuildingExited", "shown">} */ // error: Type '"shown"' does not satisfy the constraint
export const shown = () => undefined;

/** @type {import("../build/types/node/events.js").Handler<"EntryRequested">} */
export const answer = () => ({ reason: "no" }); // error: is not assignable to type 'EntryRequestedAnswer
