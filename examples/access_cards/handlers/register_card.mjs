// Enters a new card into the table of cards.

import { dynamodb } from "./dynamodb.mjs";

export async function handle(event, context) {
  const card = event.data;
  try {
    await dynamodb.putItem({
      TableName: process.env.CARDS_TABLE,
      Item: itemOf(card, event.id),
      ConditionExpression: "attribute_not_exists(id)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
  } catch (error) {
    if (error.name !== "ConditionalCheckFailedException") throw error;
    // The event again, or the office sent it twice. With another holder it is a mistake that somebody must look at:
    // the event fails, and after its retries it waits among the dead letters.
    if (error.Item?.employee_id?.S !== card.employee_id) throw new Error("the card belongs to somebody else");
    context.logger.info("card was registered before", { employee_id: card.employee_id });
    return;
  }
  context.logger.info("card registered", { employee_id: card.employee_id, kind: card.kind });
}

function itemOf(card, eventId) {
  return {
    id: { S: `card/${card.card_serial}` },
    employee_id: { S: card.employee_id },
    kind: { S: card.kind },
    issued_on: { S: card.issued_on },
    ...(card.valid_until && { valid_until: { S: card.valid_until } }),
    access: {
      L: card.access.map(({ building, hours }) => ({ M: { building: { S: building }, hours: { S: hours } } })),
    },
    event_id: { S: eventId },
  };
}
