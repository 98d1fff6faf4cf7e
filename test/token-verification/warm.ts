import { createAdmission } from '../../lib/admission/admission.ts';
import { answerCallback } from '../../lib/token-verification/answer-callback.ts';
import { authorize } from '../../lib/token-verification/authorizer.ts';
import { introspection } from '../../lib/token-verification/callbacks/introspection.ts';
import { mediamtxAuth } from '../../lib/token-verification/callbacks/mediamtx.ts';
import { red5Validate } from '../../lib/token-verification/callbacks/red5.ts';
import type { Callback } from '../../lib/token-verification/callback.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import { sharedKey } from '../support/signing-keys.ts';
import { issue, KEYS, liveKeys, NOW, TARGETS, UNCOUNTED } from './scene.ts';
import type { TargetName } from './scene.ts';

/** Every place that judges a streaming token, over what it asks of others, counted. */
export interface WarmScene {
  /** Asks one of them about one token; whether it is let in. */
  readonly ask: Readonly<Record<string, () => Promise<boolean>>>;
  readonly asked: {
    /** Signatures that were verified, of any algorithm. */
    signatures: number;
    /** Requests to the deny table. */
    denyTable: number;
  };
  /** Puts back what counts. */
  close(): void;
}

const CALLER = 'c'.repeat(43);

/** Starts counting. Only one scene at a time can. */
export async function startWarmScene(): Promise<WarmScene> {
  const asked = { signatures: 0, denyTable: 0 };
  const { subtle } = crypto;
  const original = subtle.verify;
  subtle.verify = (...given) => {
    asked.signatures += 1;
    return original.apply(subtle, given);
  };
  const now = () => NOW;
  const verify = createVerifier({
    targets: (Object.keys(TARGETS) as TargetName[]).map((name) => ({
      name,
      target: TARGETS[name],
      keys: liveKeys(KEYS[name]),
    })),
    issuers: ['https://id.example'],
    assertNotDenied: createAdmission({
      deny: {},
      table: {
        find: async () => {
          asked.denyTable += 1;
          return new Map();
        },
      },
      now,
      within: (work) => work,
    }).assertNotDenied,
    now,
    clockSkew: 60,
  });
  const callerSecret = liveKeys([sharedKey('c1', CALLER)]);
  const deps = { verify, callerSecret, streams: UNCOUNTED };
  const authorization = `Bearer ${CALLER}`;
  const answered = async (callback: Callback, body: string, type = 'application/json'): Promise<string> => {
    const event = { headers: { authorization, 'content-type': type }, body };
    const { response } = await answerCallback(event, callback, deps);
    return `${response.statusCode} ${response.body}`;
  };
  const red5 = await issue('red5', {});
  const mediamtx = await issue('mediamtx', {});
  const jitsi = await issue('jitsi', {});
  const rtcstats = await issue('rtcstats', {});
  return {
    ask: {
      'POST /red5/validateCredentials': async () =>
        (await answered(
          red5Validate,
          JSON.stringify({ type: 'publisher', streamID: 'lobby/cam1', token: red5 }),
        )) === '200 {"result":true}',
      'POST /mediamtx/auth': async () =>
        (
          await answered(mediamtxAuth, JSON.stringify({ action: 'publish', path: 'lobby', token: mediamtx }))
        ).startsWith('204'),
      'POST /introspect': async () =>
        (await answered(introspection, `token=${jitsi}`, 'application/x-www-form-urlencoded')).includes(
          '"active":true',
        ),
      'the authorizer': async () => {
        const event = { version: '2.0', headers: { authorization: `Bearer ${rtcstats}` } };
        const { response } = await authorize(event, { verify, now, cacheSeconds: 0, targets: undefined });
        return response !== undefined && 'isAuthorized' in response && response.isAuthorized;
      },
    },
    asked,
    close() {
      subtle.verify = original;
    },
  };
}
