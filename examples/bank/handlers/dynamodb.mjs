// What the handlers need of DynamoDB. The client is made when first needed; tests put their own functions in its place.

let client;

async function send(command, input) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  client ??= new sdk.DynamoDBClient({});
  return client.send(new sdk[command](input));
}

export const dynamodb = {
  putItem: (input) => send("PutItemCommand", input),
};

/** Puts an item unless its key is taken; gives what is there already. */
export async function putNew(table, item, attribute) {
  try {
    await dynamodb.putItem({
      TableName: table,
      Item: item,
      ConditionExpression: `attribute_not_exists(${attribute})`,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
  } catch (error) {
    if (error.name !== "ConditionalCheckFailedException") throw error;
    return error.Item;
  }
}
