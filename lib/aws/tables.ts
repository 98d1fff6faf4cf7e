/** All that talks to DynamoDB, so that it can be loaded at one time. */
export { dynamoDenyTable } from './deny-table.ts';
export { createDynamoClient } from './dynamo-client.ts';
export { dynamoStreamTable } from './stream-table.ts';
