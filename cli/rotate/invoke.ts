import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { parseReport, type ShownReport } from './report-schema.ts';

/** Invokes the `rotate` function with an event and gives its report. */
export type InvokeRotate = (event: object) => Promise<ShownReport>;

/** The function of a deployed stage, with the caller's own credentials. */
export function deployedRotate(stage: string, region: string | undefined): InvokeRotate {
  // The function runs one at a time, so the minute's own run may have to end first.
  const client = new LambdaClient({ ...(region !== undefined && { region }), maxAttempts: 8 });
  const name = `streampass-${stage}-rotate`;
  return async (event) => {
    const answer = await client
      .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
      .catch((error: unknown) => {
        throw new Error(`${name} cannot be invoked: ${causeOf(error)}`, { cause: error });
      });
    return parseReport(toJson(Buffer.from(answer.Payload ?? []).toString('utf8')));
  };
}

/** The function of a running `npm start`. @param port where its Lambda API listens */
export function localRotate(port: number): InvokeRotate {
  const address = `http://127.0.0.1:${port}/2015-03-31/functions/streampass-local-rotate/invocations`;
  return async (event) => {
    const response = await fetch(address, { method: 'POST', body: JSON.stringify(event) }).catch(() => {
      throw new Error(
        'the local stack is not running: start it with `npm start`, or name a deployed stage with --stage',
      );
    });
    return parseReport(toJson(await response.text()));
  };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  switch (error.name) {
    case 'ResourceNotFoundException':
      return 'there is no such function in this account and region: check --stage and --region';
    case 'AccessDeniedException':
      return 'your credentials lack lambda:InvokeFunction on it';
    case 'CredentialsProviderError':
      return 'no AWS credentials were found: sign in, or set AWS_PROFILE';
    case 'TooManyRequestsException':
      return 'another run did not end in time: try again';
    default:
      return `${error.name}: ${error.message}`;
  }
}
