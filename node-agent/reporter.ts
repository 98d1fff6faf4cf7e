import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { FileProblem } from '../lib/fleet/file-problem.ts';
import type { Node } from '../lib/fleet/node.ts';
import { signMessage } from '../lib/fleet/node-message.ts';
import type { NodeReport } from '../lib/fleet/node-report.ts';
import { systemNow } from '../lib/node/system.ts';
import type { ServerSecret } from '../lib/rotation/ports.ts';
import { fingerprintOf } from '../lib/signing-keys/secret.ts';
import { ask, parseBody } from './ask.ts';
import { SettingsProblem, type Settings } from './settings.ts';

const REPORT_TIMEOUT_MS = 10_000;

/** What streampass answers: the version that servers should hold. */
const answerSchema = v.object({ servers: v.nullable(v.string()) });

/** What to do about a refusal, by its reason. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['message_malformed', 'update the agent'],
  ['message_stale', 'set the clock of this machine'],
  ['target_unknown', 'is the target configured with a fleet that reports?'],
]);

const refusalSchema = v.fallback(v.object({ reason: v.pipe(v.string(), v.regex(/^[a-z_]{1,64}$/)) }), {
  reason: 'not an answer of streampass: is report= its address?',
});

/** The result of a report. */
type Sent =
  | { readonly ok: true; readonly servers: string | null }
  | { readonly ok: false; readonly problem: string; readonly isUnproven: boolean };

/** Sends reports in the name of this node. */
export function createReporter(settings: Settings, node: Node): Reporter {
  const { report: address } = settings;
  if (address === undefined)
    throw new SettingsProblem('report: must be the address of streampass, to which the node reports');
  const url = `${address.replace(/\/+$/, '')}/nodes/${settings.target}`;
  let lastIat = 0;
  /** Kept in memory, so that a node whose folder is missing can still report. */
  let instance: string | undefined;
  const sendSigned = async (report: NodeReport, key: ServerSecret, goodbye: boolean): Promise<Sent> => {
    const iat = Math.max(systemNow(), lastIat + 0.001);
    lastIat = iat;
    try {
      instance ??= await node.instance(() => randomBytes(24).toString('base64url'));
      const message = { aud: settings.target, node: settings.node, instance, iat, jti: randomUUID(), report };
      const jwt = signMessage({ ...message, ...(goodbye && { goodbye }) }, key);
      const { status, body } = await ask(url, REPORT_TIMEOUT_MS, jwt);
      const answered = v.safeParse(answerSchema, parseBody(body));
      if (status === 200 && answered.success) return { ok: true, servers: answered.output.servers };
      const { reason } = v.parse(refusalSchema, parseBody(body));
      const remedy = REMEDIES.get(reason);
      const problem = `${url} answered ${status} (${reason})${remedy === undefined ? '' : `: ${remedy}`}`;
      return { ok: false, problem, isUnproven: reason === 'message_unproven' };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown error';
      const problem = error instanceof FileProblem ? why : `${url} cannot be reached: ${why}`;
      return { ok: false, problem, isUnproven: false };
    }
  };
  return {
    async send(report, wanted, goodbye = false) {
      const [version] = wanted;
      if (version === undefined)
        return { ok: false, problem: 'there is no version to sign with', isUnproven: false };
      const isHeld = ({ text }: { readonly text: string }) => fingerprintOf(text) === report.fingerprint;
      // Most of the time it is the wanted one, and the file need not be read.
      const held = wanted.find(isHeld) ?? (await node.secrets()).find(isHeld);
      const sent = await sendSigned(report, { ...version, text: held?.text ?? version.text }, goodbye);
      if (sent.ok || !sent.isUnproven) return sent;
      // The server still holds a secret that is no longer live. No signature can prove that, so the report says it.
      const { fingerprint: _, ring: __, ...rest } = report;
      const problems = [...rest.problems, 'holds a secret that is none of the live versions'];
      return sendSigned({ ...rest, problems }, version, goodbye);
    },
  };
}

/** Sends what the node says of itself; never rejects. */
export interface Reporter {
  send(report: NodeReport, wanted: readonly ServerSecret[], goodbye?: boolean): Promise<Sent>;
}
