import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import * as written from '../../lib/config/index.ts';
import * as presets from '../../lib/media-servers/index.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { newPrivateKey, sharedKey } from '../support/signing-keys.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { problemsOf } from '../support/config.ts';

/** What docs/servers.md shows is what is issued, and what it has written into a configuration is sound. */

const NOW = 1_900_000_000;
const page = await readFile(join(import.meta.dirname, '../../docs/servers.md'), 'utf8');

interface Section {
  readonly title: string;
  readonly name: string;
  readonly target: Target;
  readonly claims: unknown;
}

/** Each section that configures a target; the first JSON in it, if any, is the claims. */
const sections: readonly Section[] = page
  .split(/^##+ /m)
  .slice(1)
  .flatMap((text) => {
    const [title = ''] = text.split('\n');
    const [, code] = /```ts\n(targets: [^]*?)```/.exec(text) ?? [];
    const [, json] = /```json\n([^]*?)```/.exec(text) ?? [];
    if (code === undefined) return [];
    const targets = runInNewContext(`({ ${code} }).targets`, { ...written, env: {} }) as Record<
      string,
      Target
    >;
    return Object.entries(targets).map(([name, target]) => ({
      title,
      name,
      target,
      claims: json === undefined ? undefined : JSON.parse(json),
    }));
  });

test('there is a section for each kind of server', () => {
  const kinds = new Set(sections.map(({ target }) => target.kind));
  expect([...kinds].sort()).toEqual(Object.keys(presets).sort());
});

test.each(sections)('$title has a configuration that is sound', ({ name, target }) => {
  expect(problemsOf({ issuers: [], targets: { [name]: target }, grants: [] })).toEqual([]);
});

test.each(sections.filter(({ claims }) => claims !== undefined))(
  '$title shows the claims that are issued',
  async ({ name, target, claims }) => {
    const current =
      target.signing === 'HS256'
        ? sharedKey('11111111', 's'.repeat(43))
        : await newPrivateKey('ES256', '11111111');
    const { token } = await issueToken(
      target,
      name,
      {
        actions: target.oneAction ? target.actions.slice(0, 1) : target.actions,
        rooms: ['lobby'],
        transports: target.transports,
        ttlSeconds: target.longestToken,
      },
      { issuer: 'https://id.example', subject: 'person-1', groups: [], claims: {}, expiresAt: 0 },
      { current, readAt: NOW },
      { now: NOW, jti: '…', session: 'session-1', transportsNamed: false },
    );
    const read = (target.form?.read(token) ?? decodeCompactJws(token))?.claims ?? {};
    // What differs from token to token.
    const shown = Object.fromEntries(
      Object.entries(read).map(([claim, value]) => [claim, ['jti', 'for'].includes(claim) ? '…' : value]),
    );
    expect(shown).toEqual(claims);
  },
);

test('the files it links to are there', async () => {
  const links = [...page.matchAll(/\]\((\.\.\/[^)#]+)\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(2);
  await Promise.all(links.map((path) => readFile(join(import.meta.dirname, '../../docs', path))));
});
