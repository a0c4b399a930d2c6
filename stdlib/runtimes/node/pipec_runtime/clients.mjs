// The AWS clients, made when first needed: most handlers need neither, and the SDK is slow to load.

import { createRequire } from "node:module";

// Lambda's own copy of the SDK is found through NODE_PATH, which `import` does not read:
// https://nodejs.org/api/esm.html#no-node_path
const require = createRequire(import.meta.url);

export class Clients {
  #s3;
  #sns;

  async getObject(request) {
    const { S3Client, GetObjectCommand } = require("@aws-sdk/client-s3");
    this.#s3 ??= new S3Client({});
    const { Body } = await this.#s3.send(new GetObjectCommand(request));
    return Body.transformToByteArray();
  }

  async publish(request) {
    const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");
    this.#sns ??= new SNSClient({});
    await this.#sns.send(new PublishCommand(request));
  }
}
