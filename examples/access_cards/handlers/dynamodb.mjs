// What the handlers need of DynamoDB. The client is made when first needed; tests put their own functions in its place.

let client;

async function send(command, input) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  client ??= new sdk.DynamoDBClient({});
  return client.send(new sdk[command](input));
}

export const dynamodb = {
  putItem: (input) => send("PutItemCommand", input),
  updateItem: (input) => send("UpdateItemCommand", input),
};
