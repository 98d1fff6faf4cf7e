import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RotationReport } from '../../../lib/rotation/report.ts';
import { PROJECT } from '../../support/project.ts';

/** What `token` answers with. */
export interface TokenAnswer {
  readonly status: number;
  readonly accessToken?: string;
  readonly fallbackToken?: string;
  readonly reason?: string;
}

/** One instance of the built `token` function, with a ring of its own. */
export type TokenInstance = (idToken: string) => Promise<TokenAnswer>;

/** One instance of the built `rotate` function. */
export type RotateInstance = (event: object) => Promise<RotationReport>;

const BUILT = join(PROJECT, 'dist/functions');
let instances = 0;

/**
 * A fresh instance of a built function, as Lambda starts one: module state of its own, the environment as it is now.
 *
 * @throws {Error} where it was not built
 */
async function start(name: string, folder: string): Promise<(event: object) => Promise<unknown>> {
  const file = join(folder, `${name}.mjs`);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build makes it`);
  const { handler } = (await import(`${pathToFileURL(file).href}?instance=${++instances}`)) as {
    handler: (event: object, context: object) => Promise<unknown>;
  };
  return (event) => handler(event, {});
}

export async function startToken(folder = BUILT): Promise<TokenInstance> {
  const handler = await start('token', folder);
  return async (idToken) => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: idToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: 'red5',
      room: 'stage',
    });
    const answer = (await handler({
      version: '2.0',
      rawPath: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      isBase64Encoded: false,
      requestContext: { domainName: 'streampass.example', http: { method: 'POST', path: '/token' } },
    })) as { readonly statusCode: number; readonly body: string };
    const body = JSON.parse(answer.body) as Record<string, string | undefined>;
    return {
      status: answer.statusCode,
      ...(body['access_token'] !== undefined && { accessToken: body['access_token'] }),
      ...(body['fallback_token'] !== undefined && { fallbackToken: body['fallback_token'] }),
      ...(body['reason'] !== undefined && { reason: body['reason'] }),
    };
  };
}

export async function startRotate(folder = BUILT): Promise<RotateInstance> {
  const handler = await start('rotate', folder);
  return (event) => handler(event) as Promise<RotationReport>;
}
