// Keeps the table that the displays in the lobbies show: how many people are in each building.

import { dynamodb } from "./dynamodb.mjs";

export async function handle(event, context) {
  const { building, inside, change } = event.data;
  try {
    await dynamodb.updateItem({
      TableName: process.env.BOARD_TABLE,
      Key: { building: { S: building } },
      UpdateExpression: "SET inside = :inside, change = :change, told_at = :told_at",
      // Events arrive in any order, and more than once: only a newer count may replace what is there.
      ConditionExpression: "attribute_not_exists(building) OR change < :change",
      ExpressionAttributeValues: {
        ":inside": { N: String(inside) },
        ":change": { N: String(change) },
        ":told_at": { S: event.time },
      },
    });
  } catch (error) {
    if (error.name !== "ConditionalCheckFailedException") throw error;
    context.logger.info("the board is newer", { building, change });
    return;
  }
  context.logger.info("board updated", { building, inside, change });
}
