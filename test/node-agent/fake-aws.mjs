// Stands in for the AWS CLI: `aws secretsmanager get-secret-value` against the endpoint in AWS_ENDPOINT_URL_SECRETS_MANAGER,
// with the CLI's text output, error line and exit status. Anything else that is asked of it is an error.

import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    region: { type: 'string' },
    'secret-id': { type: 'string' },
    'version-id': { type: 'string' },
    'version-stage': { type: 'string' },
    query: { type: 'string' },
    output: { type: 'string' },
  },
});
if (
  positionals.join(' ') !== 'secretsmanager get-secret-value' ||
  values.query !== '[VersionId,SecretString]' ||
  values.output !== 'text' ||
  !values.region
) {
  process.stderr.write('aws: not what this stand-in knows\n');
  process.exit(252);
}
const response = await fetch(process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER, {
  method: 'POST',
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
  body: JSON.stringify({
    SecretId: values['secret-id'],
    VersionId: values['version-id'],
    VersionStage: values['version-stage'],
  }),
});
const answer = await response.json();
if (!response.ok) {
  process.stderr.write(
    `\nAn error occurred (${answer.__type}) when calling the GetSecretValue operation: ${answer.Message}\n`,
  );
  process.exit(254);
}
process.stdout.write(`${answer.VersionId}\t${answer.SecretString ?? 'None'}\n`);
