import { loadPublic } from '@moq/token';
import { exportJWK } from 'jose';
import { createHash, createPublicKey, KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readProviderKeys } from '../../lib/jws/provider-keys.ts';
import { newPrivateKey, sharedKey } from '../support/signing-keys.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { serveKeys } from '../../lib/signing-keys/serve-keys.ts';
import type { PublishedTarget } from '../../lib/signing-keys/serve-keys.ts';
import { PUBLIC_KEY_MAX_AGE } from '../../lib/signing-keys/max-age.ts';

const rsa = await newPrivateKey('RS256', '11111111');
const ec = await newPrivateKey('ES256', '22222222');
const ed = await newPrivateKey('EdDSA', '33333333');

function published(...keys: SigningKey[]): PublishedTarget {
  return { target: {}, keys: { get: async () => ({ keys, readAt: 0 }) } };
}

const jitsi = published(rsa);
const mediamtx = published(ec, ed);
const unavailable: PublishedTarget = {
  target: {},
  keys: { get: () => Promise.reject(new OAuthError('secret_unavailable')) },
};

function pemOf(kid: string): string {
  return `${createHash('sha256').update(kid).digest('hex')}.pem`;
}

describe('GET /.well-known/jwks.json', () => {
  test('serves the public half of every live key, in the form of RFC 7517, and nothing private', async () => {
    const { statusCode, headers, body } = await serveKeys({}, [jitsi, mediamtx]);
    const set = JSON.parse(body) as { keys: Record<string, unknown>[] };
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('application/jwk-set+json');
    expect(set.keys.map(({ kid, alg, use }) => ({ kid, alg, use }))).toEqual([
      { kid: '11111111', alg: 'RS256', use: 'sig' },
      { kid: '22222222', alg: 'ES256', use: 'sig' },
      { kid: '33333333', alg: 'EdDSA', use: 'sig' },
    ]);
    const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];
    expect(set.keys.filter((key) => privateMembers.some((member) => member in key))).toEqual([]);
    expect((await readProviderKeys(set)).kids).toHaveLength(3);
  });

  test('is a set without keys where no target signs asymmetrically', async () => {
    expect((await serveKeys({}, [])).body).toBe('{"keys":[]}');
  });

  test('never shows a shared secret', async () => {
    const shared = published(sharedKey('44444444', 's'.repeat(43)));
    expect((await serveKeys({}, [shared])).body).toBe('{"keys":[]}');
  });

  test('may be kept for as long as a rotation waits', async () => {
    const { headers } = await serveKeys({}, [jitsi]);
    expect(headers['cache-control']).toBe(`public, max-age=${PUBLIC_KEY_MAX_AGE}`);
  });

  test('serves nothing rather than a set in which a target’s keys are missing', async () => {
    await expect(serveKeys({}, [jitsi, unavailable])).rejects.toMatchObject({ reason: 'secret_unavailable' });
  });

  test('names the one key of a hosted service as that service does', async () => {
    const jaas: PublishedTarget = {
      target: { header: { kid: 'app/key' } },
      keys: {
        get: async () => ({
          keys: [rsa, { ...rsa, kid: '55555555' }],
          readAt: 0,
        }),
      },
    };
    const set = JSON.parse((await serveKeys({}, [jaas])).body) as { keys: { kid: string }[] };
    expect(set.keys.map(({ kid }) => kid)).toEqual(['app/key']);
  });
});

describe('a client that has the set already', () => {
  test.each([
    ['its own tag', (etag: string) => etag],
    ['a weak tag', (etag: string) => `W/${etag}`],
    ['one tag of several', (etag: string) => `"other", ${etag}`],
    ['any tag', () => '*'],
  ])('gets 304 without a body for %s', async (_name, header) => {
    const { headers } = await serveKeys({}, [jitsi]);
    const again = await serveKeys({ headers: { 'if-none-match': header(headers['etag'] ?? '') } }, [jitsi]);
    expect(again).toMatchObject({ statusCode: 304, body: '' });
    expect(again.headers).toEqual({ etag: headers['etag'], 'cache-control': headers['cache-control'] });
  });

  test('gets the new one once a key has changed', async () => {
    const { headers } = await serveKeys({}, [jitsi]);
    const again = await serveKeys({ headers: { 'if-none-match': headers['etag'] } }, [jitsi, mediamtx]);
    expect(again.statusCode).toBe(200);
    expect(again.headers['etag']).not.toBe(headers['etag']);
  });
});

describe('GET /keys/{file}', () => {
  test.each([
    ['RSA', rsa],
    ['EC', ec],
    ['OKP', ed],
  ])(
    'serves the %s key that moq-relay asks for, which its library takes',
    async (kty, { alg, kid, publicKey }) => {
      const { statusCode, headers, body } = await serveKeys({ pathParameters: { file: `${kid}.jwk` } }, [
        jitsi,
        mediamtx,
      ]);
      expect([statusCode, headers['content-type']]).toEqual([200, 'application/jwk+json']);
      expect(JSON.parse(body)).toMatchObject({ kty, alg, kid, key_ops: ['verify'] });
      expect(loadPublic(body)).toMatchObject(await exportJWK(publicKey));
    },
  );

  test.each(['99999999.jwk', '11111111', '.jwk', '../11111111.jwk', '11111111.JWK'])(
    'answers 404 for %s',
    async (file) => {
      expect((await serveKeys({ pathParameters: { file } }, [jitsi])).statusCode).toBe(404);
    },
  );
});

describe('GET /asap/{file}', () => {
  test.each([
    ['RSA', '11111111', rsa],
    ['EC', '22222222', ec],
  ])('serves the %s key that Prosody asks for as SubjectPublicKeyInfo', async (_type, kid, key) => {
    const response = await serveKeys({ pathParameters: { file: pemOf(kid) } }, [jitsi, mediamtx]);
    expect(response.statusCode).toBe(200);
    expect(response.body).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(createPublicKey(response.body).equals(KeyObject.from(key.publicKey))).toBe(true);
  });

  test.each([
    ['of no key', pemOf('99999999')],
    ['that is a kid itself', '11111111.pem'],
    ['in upper case', pemOf('11111111').toUpperCase()],
    ['that climbs', '../../etc/passwd'],
    ['that is empty', ''],
  ])('answers 404, which no cache keeps, for a name %s', async (_name, file) => {
    const response = await serveKeys({ pathParameters: { file } }, [jitsi]);
    expect(response.statusCode).toBe(404);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(response.body)).toMatchObject({ error: 'not_found' });
  });
});
