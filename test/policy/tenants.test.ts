import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Config, ConfigInput } from '../../lib/config/config.ts';
import { decideRequest } from '../../lib/exchange/decide-request.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { lintPolicy } from '../../lib/policy/lint.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { configOf } from '../support/config.ts';

/** The documented example of several tenants: whoever its users are, no two tenants meet. */

const NOW = 1_900_000_000;
const ACME = 'https://acme.okta.com';
const UMBRELLA = 'https://id.umbrella.example';
const root = join(import.meta.dirname, '../..');
let config: Config;

beforeAll(async () => {
  const page = await readFile(join(root, 'docs/sign-in.md'), 'utf8');
  const section = page.split('## Several providers, several tenants')[1] ?? '';
  const [, code = ''] = /^```ts\n(defineConfig\([^]*?)^```$/m.exec(section) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'tenants-'));
  const names = 'defineConfig, hours, minutes, oidc, okta, red5';
  const lib = pathToFileURL(join(root, 'lib/config/index.ts')).href;
  await writeFile(join(folder, 'example.ts'), `import { ${names} } from '${lib}';\nexport default ${code}`);
  const example = (await import(pathToFileURL(join(folder, 'example.ts')).href)) as {
    readonly default: ConfigInput;
  };
  config = configOf(example.default);
  await rm(folder, { recursive: true });
});

const TENANTS = ['acme', 'umbrella', 'a', 'a~b', 'b', '~', '*', 'umbrella~a', 'a.b'];
const NAMES = fc.constantFrom('acme', 'umbrella', 'a', 'b', 'lobby', 'a~b');

/** Somebody with every group and claim that a rule asks for: only the provider and the tenant are their own. */
const user = (issuer: string): fc.Arbitrary<Identity> =>
  fc.constantFrom(...TENANTS, undefined).map((tenant) => ({
    issuer,
    subject: 'someone',
    groups: ['broadcasters'],
    claims: {
      email_verified: true,
      amr: ['mfa'],
      auth_time: NOW - 60,
      ...(tenant !== undefined && { tenant }),
    },
    expiresAt: NOW + 3600,
  }));
const room = fc.array(NAMES, { minLength: 1, maxLength: 4 }).map((names) => names.join('~'));

function mayEnter(identity: Identity, name: string): boolean {
  const rules = indexRules(config.grants, config.targets, config.timing.clockSkew);
  const target = config.targets['red5'] as Target;
  return decideRequest(rules, 'red5', target, identity, { room: name }, NOW).granted;
}

describe('in the documented example of several tenants', () => {
  test('each tenant can enter rooms of its own', () => {
    const [acme] = fc.sample(user(ACME), 1);
    const [umbrella] = fc.sample(user(UMBRELLA), 1);
    expect(mayEnter(acme as Identity, 'acme~lobby')).toBe(true);
    const claims = { ...umbrella?.claims, tenant: 'a' };
    expect(mayEnter({ ...(umbrella as Identity), claims }, 'umbrella~a~lobby')).toBe(true);
  });

  test('no user enters a room of another provider', () => {
    fc.assert(
      fc.property(user(ACME), user(UMBRELLA), room, (acme, umbrella, name) => {
        expect(mayEnter(acme, name) && mayEnter(umbrella, name)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  test('no user enters a room of another tenant of the same provider', () => {
    fc.assert(
      fc.property(user(UMBRELLA), user(UMBRELLA), room, (one, other, name) => {
        fc.pre(one.claims['tenant'] !== other.claims['tenant']);
        expect(mayEnter(one, name) && mayEnter(other, name)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  test('nothing is odd about the rules', () => {
    expect(lintPolicy(config)).toEqual([]);
  });
});
