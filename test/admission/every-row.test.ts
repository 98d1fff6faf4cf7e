import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmission } from '../../lib/admission/admission.ts';
import { DENIAL_KINDS, rowIdOf } from '../../lib/admission/deny-rows.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { whomOf } from '../../lib/admission/for-whom.ts';
import { dynamoDenyTable } from '../../lib/aws/deny-table.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { SubjectForm, Target } from '../../lib/media-servers/target.ts';
import { answerCallback } from '../../lib/token-verification/answer-callback.ts';
import { authorize } from '../../lib/token-verification/authorizer.ts';
import { introspection } from '../../lib/token-verification/callbacks/introspection.ts';
import { mediamtxAuth } from '../../lib/token-verification/callbacks/mediamtx.ts';
import { red5Validate } from '../../lib/token-verification/callbacks/red5.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import type { Verify } from '../../lib/token-verification/verifier.ts';
import { createDynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import type { DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { KEYS, liveKeys, NOW, TARGETS, UNCOUNTED } from '../token-verification/scene.ts';
import type { TargetName } from '../token-verification/scene.ts';

/**
 * Every kind of denial, through every place that lets somebody in, for targets that see the provider's subject and for
 * pairwise ones. The rows are in a DynamoDB table, which is asked by the real client.
 */

const ISSUER = 'https://id.example';
const IDENTITY: Identity = {
  issuer: ISSUER,
  subject: 'person-1',
  groups: [],
  claims: { sid: 'sid-1', origin_jti: 'origin-1', jti: 'id-token-1' },
  expiresAt: NOW + 600,
};
const SESSION = 'session-1';
const JTI = 'jti-1';

/** As docs/operate.md shows them (a test below compares): the person is denied by each. */
const ROWS: readonly (readonly [string, Denied])[] = [
  ['a user of any issuer', { kind: 'sub', value: 'person-1' }],
  ['a user of one issuer', { kind: 'sub', value: 'person-1', issuer: ISSUER }],
  ['a sign-in by sid', { kind: 'sign-in', value: 'sid-1' }],
  ['a sign-in by origin_jti', { kind: 'sign-in', value: 'origin-1' }],
  ['a sign-in by the identity token’s jti', { kind: 'sign-in', value: 'id-token-1' }],
  ['a session', { kind: 'session', value: SESSION }],
  ['a stream key', { kind: 'stream-key', value: 'key-1' }],
];
const TOKEN_ROW: Denied = { kind: 'token', value: JTI };

const OTHERS: readonly (readonly [string, Denied])[] = [
  ['the same subject of another issuer', { kind: 'sub', value: 'person-1', issuer: 'https://other.example' }],
  ['another subject', { kind: 'sub', value: 'person-2' }],
  ['a sign-in that is called like the subject', { kind: 'sign-in', value: 'person-1' }],
  ['a subject that is called like the sign-in', { kind: 'sub', value: 'sid-1' }],
  ['a session that is called like the sign-in', { kind: 'session', value: 'sid-1' }],
  ['another token', { kind: 'token', value: 'jti-2' }],
  ['another stream key', { kind: 'stream-key', value: 'key-2' }],
];

/** The ids that a row of each kind may name, by the table of docs/operate.md. */
function documentedRows(): readonly string[] {
  const handbook = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
  const options = [
    ...handbook.matchAll(/^\| `--([a-z-]+) [A-Z]+(?: \[--(issuer) ISSUER\])?` +\| ([^|]+)\|/gm),
  ];
  return options.flatMap(([, kind = '', issuer, denies = '']) => {
    const named = [...denies.matchAll(/`(\w+)`/g)].map(([, claim]) => `${kind} ${claim}`);
    if (named.length > 0) return named;
    return issuer === undefined ? [kind] : [kind, `${kind} ${issuer}`];
  });
}

/** The same of a row of this test. */
function describeRow({ kind, value, issuer }: Denied): string {
  if (kind === 'sub') return issuer === undefined ? kind : `${kind} issuer`;
  const claim = Object.entries(IDENTITY.claims).find(([, id]) => id === value)?.[0];
  return kind === 'sign-in' ? `${kind} ${claim}` : kind;
}

test('the rows that are tried are those that docs/operate.md shows', () => {
  const tried = [...ROWS.map(([, row]) => row), TOKEN_ROW];
  expect(documentedRows().toSorted()).toEqual(tried.map(describeRow).toSorted());
  expect(new Set(tried.map(({ kind }) => kind))).toEqual(new Set(Object.keys(DENIAL_KINDS)));
});

let dynamo: DynamoEndpoint;
let client: DynamoDBClient;

beforeAll(async () => {
  dynamo = await createDynamoEndpoint({ port: 0 });
  client = new DynamoDBClient({
    endpoint: dynamo.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  client.destroy();
  await dynamo.close();
});

/** Whether somebody gets in while this row alone is in the table. */
async function whileDenied<Answer>(denied: Denied, ask: () => Promise<Answer>): Promise<Answer> {
  const id = { S: rowIdOf(denied) };
  await client.send(new PutItemCommand({ TableName: 'deny', Item: { id } }));
  try {
    return await ask();
  } finally {
    await client.send(new DeleteItemCommand({ TableName: 'deny', Key: { id } }));
  }
}

const CALLER = 'c'.repeat(43);
const callerSecret = liveKeys([{ alg: 'HS256', kid: 'c1', key: hmacKey(CALLER) }]);

function post(body: object) {
  return { headers: { authorization: `Bearer ${CALLER}` }, body: JSON.stringify(body) };
}

/** What asks about a streaming token: its target, and whether it lets the token in. */
const VERIFIERS: Readonly<
  Record<string, { target: TargetName; lets: (token: string, verify: Verify) => Promise<boolean> }>
> = {
  'POST /red5/validateCredentials': {
    target: 'red5',
    async lets(token, verify) {
      const event = post({ type: 'publisher', streamID: 'lobby/cam1', token });
      const { response } = await answerCallback(event, red5Validate, {
        verify,
        callerSecret,
        streams: UNCOUNTED,
      });
      return response.body === '{"result":true}';
    },
  },
  'POST /mediamtx/auth': {
    target: 'mediamtx',
    async lets(token, verify) {
      const event = post({ action: 'publish', path: 'lobby', token });
      const { response } = await answerCallback(event, mediamtxAuth, {
        verify,
        callerSecret,
        streams: UNCOUNTED,
      });
      return response.statusCode === 204;
    },
  },
  'POST /introspect': {
    target: 'jitsi',
    async lets(token, verify) {
      const event = {
        headers: {
          authorization: `Bearer ${CALLER}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: `token=${token}`,
      };
      const { response } = await answerCallback(event, introspection, {
        verify,
        callerSecret,
        streams: UNCOUNTED,
      });
      return response.body.includes('"active":true');
    },
  },
  'the authorizer': {
    target: 'rtcstats',
    async lets(token, verify) {
      const event = { version: '2.0', headers: { authorization: `Bearer ${token}` } };
      const deps = { verify, now: () => NOW, cacheSeconds: 0, targets: undefined };
      const { response } = await authorize(event, deps);
      return response !== undefined && 'isAuthorized' in response && response.isAuthorized;
    },
  },
};

const FORMS: readonly (readonly [string, SubjectForm])[] = [
  ['public', 'public'],
  ['pairwise', { pairwiseSalt: 'p'.repeat(32) }],
];

/** Whether a token of this person, made of a stream key, gets in. */
async function isLetIn(verifier: string, form: SubjectForm, denied: Denied): Promise<boolean> {
  const { target: name, lets } = VERIFIERS[verifier] ?? expect.fail('no such verifier');
  const target: Target = { ...TARGETS[name], subject: form };
  const { assertNotDenied } = createAdmission({
    deny: {},
    table: dynamoDenyTable('deny', client),
    now: () => NOW,
    within: (work) => work,
  });
  const verify = createVerifier({
    targets: [{ name, target, keys: liveKeys(KEYS[name]) }],
    issuers: [ISSUER],
    assertNotDenied,
    now: () => NOW,
    clockSkew: 60,
  });
  const grant = { actions: target.actions, rooms: ['lobby'], transports: target.transports, ttlSeconds: 600 };
  const issuance = { now: NOW, jti: JTI, session: SESSION, transportsNamed: false };
  const ring = { current: KEYS[name][0], readAt: NOW };
  const identity = { ...IDENTITY, streamKey: 'key-1' };
  const { token } = await issueToken(target, name, grant, identity, ring, issuance);
  return whileDenied(denied, () => lets(token, verify));
}

describe.each(FORMS)('a token with a %s subject', (_form, form) => {
  describe.each(Object.keys(VERIFIERS))('is refused at %s', (verifier) => {
    test.each([...ROWS, ['the token itself', TOKEN_ROW] as const])('if %s is denied', async (_what, row) => {
      expect(await isLetIn(verifier, form, row)).toBe(false);
    });
  });

  describe.each(Object.keys(VERIFIERS))('is let in at %s', (verifier) => {
    test.each(OTHERS)('if %s is denied', async (_what, row) => {
      expect(await isLetIn(verifier, form, row)).toBe(true);
    });
  });
});

describe('POST /token', () => {
  async function admit(denied: Denied): Promise<void> {
    const table = dynamoDenyTable('deny', client);
    const admission = createAdmission({ deny: {}, table, now: () => NOW, within: (work) => work });
    return whileDenied(denied, () => admission.admit(whomOf({ ...IDENTITY, streamKey: 'key-1' }, SESSION)));
  }

  test.each(ROWS)('refuses if %s is denied', async (_what, row) => {
    await expect(admit(row)).rejects.toMatchObject({ reason: 'subject_token_denied' });
  });

  test.each(OTHERS)('admits if %s is denied', async (_what, row) => {
    await expect(admit(row)).resolves.toBeUndefined();
  });
});
