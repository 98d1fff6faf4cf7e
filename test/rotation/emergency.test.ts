import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { seedEmptySecrets } from '../../local/secrets-manager/seed.ts';
import { LOCAL_SECRETS } from '../support/config.ts';
import { startRotate, startToken } from './simulation/functions.ts';
import { startProvider, type Provider } from './simulation/provider.ts';

/** The refresh of a ring in the demo profile, in seconds. */
const REFRESH = 3;

let clock = 1_900_000_000_000;
let endpoint: SecretsManagerEndpoint;
let provider: Provider;
beforeEach(async () => {
  vi.spyOn(Date, 'now').mockImplementation(() => clock);
  endpoint = await createSecretsManagerEndpoint({ port: 0, now: () => clock });
  seedEmptySecrets(endpoint, LOCAL_SECRETS);
  provider = await startProvider('emergency');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'emergency',
    STREAMPASS_PROFILE: 'demo',
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await provider.close();
  await endpoint.close();
});

test('after an emergency no token of the leaked secret is issued later than the refresh of the ring', async () => {
  const rotate = await startRotate();
  await rotate({ action: 'advance' });
  await rotate({ action: 'start', confirmServersFollow: true });
  const token = await startToken();
  let people = 0;
  const kids = async () => {
    const answer = await token(provider.idToken(`person-${++people}`, clock / 1000));
    expect(answer.status).toBe(200);
    return [answer.accessToken, answer.fallbackToken].filter((one) => one !== undefined).map(kidOf);
  };
  const [leaked, pending] = await kids();
  expect(pending).toBeDefined();

  const report = await rotate({ action: 'start', emergency: true, targets: 'red5' });
  expect(report.targets['red5']?.problems?.join()).toMatch(
    /Cut off are at most all tokens issued in the 60 s before/,
  );
  // The first request past the refresh begins it; the clock stands still until it is done.
  clock += (REFRESH + 1) * 1000;
  await vi.waitFor(async () => expect(await kids()).not.toContain(leaked), {
    timeout: 10_000,
    interval: 100,
  });
  const last = await kids();
  expect(last).toEqual([report.targets['red5']?.current?.slice(0, 8)]);
  expect(last).not.toContain(pending);
});

function kidOf(token: string): string {
  const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
    kid: string;
  };
  return kid;
}
