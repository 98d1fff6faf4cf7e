/**
 * Rules that show who is refused most, and saved queries for the questions of an audit. docs/operate.md, "The audit log", describes the
 * lines that they read.
 */

import { ref, sub, type Resource, type Resources, type Value } from './cloudformation.ts';
import type { StackContext } from './context.ts';
import { logGroupOf, neededFunctions } from './functions.ts';

/** Functions that issue tokens: `token.issued` and `token.denied`. */
const ISSUERS = ['token', 'livekit', 'whip'];
/** Functions that are asked about tokens: `callback.…`, `authorizer.…`, `stream.ended`. */
const VERIFIERS = ['callbacks', 'authorizer'];
/** Functions that take messages of nodes: `nodes.refused`, `denials.refused`. */
const NODES = ['nodes', 'denials'];

/** A saved query of CloudWatch Logs Insights. */
interface SavedQuery {
  readonly name: string;
  /** The functions whose logs it reads, if the configuration needs them. */
  readonly of: readonly string[];
  readonly lines: readonly string[];
}

const NEWEST_FIRST = ['| sort @timestamp desc', '| limit 1000'];

/** The saved queries by logical id. Their names are listed in docs/operate.md. */
export const QUERIES: Readonly<Record<string, SavedQuery>> = {
  WhoGotARoom: {
    name: 'who got a token for a room',
    of: ISSUERS,
    lines: [
      `# Put the room's name in place of ROOM. "*" in rooms is a token for any room.`,
      'fields @timestamp, iss, sub, target, actions.0, rooms.0, expires_at, jti, source_ip',
      `| filter event = "token.issued" and (@message like '"ROOM"' or @message like '"*"')`,
      ...NEWEST_FIRST,
    ],
  },
  WhatSomebodyGot: {
    name: 'what somebody got',
    of: ISSUERS,
    lines: [
      "# Put the person's subject (the provider's `sub`) in place of SUBJECT.",
      'fields @timestamp, event, target, actions.0, rooms.0, expires_at, jti, reason, source_ip',
      '| filter sub = "SUBJECT" and event in ["token.issued", "token.denied"]',
      ...NEWEST_FIRST,
    ],
  },
  OneToken: {
    name: 'what became of a token',
    of: [...ISSUERS, ...VERIFIERS],
    lines: [
      "# Put the token's jti claim in place of JTI: who got it, and where it was shown since.",
      'fields @timestamp, event, callback, iss, sub, target, action, room, stream, reason, seconds, expires_at, kid, source_ip, client_ip',
      '| filter jti = "JTI"',
      ...NEWEST_FIRST,
    ],
  },
  SignedByAVersion: {
    name: 'tokens signed with a secret',
    of: ISSUERS,
    lines: [
      '# After a leak: what was signed with the version whose id begins with KID (8 characters), and lives until when.',
      'fields @timestamp, iss, sub, target, expires_at, jti',
      '| filter event = "token.issued" and kid = "KID"',
      '| stats count(*) as tokens, max(expires_at) as last_expiry by target',
    ],
  },
  WhyDenied: {
    name: 'why people are denied',
    of: ISSUERS,
    lines: [
      'filter event = "token.denied"',
      '| stats count(*) as denials, count_distinct(sub) as people by reason, target',
      '| sort denials desc',
    ],
  },
  FailedValidations: {
    name: 'failed validations',
    of: [...ISSUERS, ...VERIFIERS, ...NODES],
    lines: [
      '# Every refusal, at whatever function: why, from where and whose.',
      'fields coalesce(client_ip, source_ip) as address, coalesce(person, sub) as user',
      '| filter event like /[.](denied|refused)$/',
      '| stats count(*) as refusals, max(@timestamp) as last by event, callback, target, reason, address, user',
      '| sort refusals desc',
      '| limit 1000',
    ],
  },
  // Never change this id or its name: with another id, an update would make a second query of the same name.
  AtTheDoors: {
    name: 'who was let in at a server that asks',
    of: VERIFIERS,
    lines: [
      "# Decisions for Red5 Pro's round trip, MediaMTX, introspection and the authorizer.",
      'fields @timestamp, event, callback, target, sub, person, action, room, stream, reason, client_ip, jti',
      '| filter event like /^(callback|authorizer)[.]/',
      ...NEWEST_FIRST,
    ],
  },
  WhoStreamed: {
    name: 'who streamed, and for how long',
    of: ['callbacks'],
    lines: [
      'fields @timestamp, target, sub, person, action, room, stream, seconds, jti',
      '| filter event = "stream.ended"',
      ...NEWEST_FIRST,
    ],
  },
  ColdStarts: {
    name: 'cold starts',
    of: [...ISSUERS, ...VERIFIERS],
    lines: [
      'filter type = "platform.report"',
      '| stats count(*) as invocations, count(record.metrics.initDurationMs) as cold,',
      '    pct(record.metrics.initDurationMs, 99) as init_p99_ms, pct(record.metrics.durationMs, 99) as p99_ms,',
      '    max(record.metrics.maxMemoryUsedMB) as memory_mb by bin(1h), @log',
    ],
  },
  RotationHistory: {
    name: 'rotation history',
    of: ['rotate'],
    lines: [
      '# One line for each target and run; problems have lines of their own.',
      'fields @timestamp, target, action, phase, done, next.step, next.at, next.why, problems.0, error, error_code',
      '| filter event in ["rotation.report", "rotation.problem", "rotation.failed"]',
      ...NEWEST_FIRST,
    ],
  },
};

/** The rules of Contributor Insights by logical id: who is refused most, by what. */
const MOST_DENIED: Readonly<Record<string, { readonly name: string; readonly keys: readonly string[] }>> = {
  DeniedSubjects: { name: 'denied-subjects', keys: ['$.iss', '$.sub'] },
  DeniedAddresses: { name: 'denied-addresses', keys: ['$.source_ip'] },
};

/** The rules and queries over the logs of the functions that the configuration needs. */
export function auditResources(context: StackContext): Resources {
  const needed = new Set(neededFunctions(context).map(([name]) => name));
  const groupsOf = (functions: readonly string[]) =>
    functions.filter((name) => needed.has(name)).map(logGroupOf);
  return {
    ...mapValues(MOST_DENIED, ({ name, keys }) => ({
      Type: 'AWS::CloudWatch::InsightRule',
      Properties: {
        RuleName: `streampass-${context.stage}-${name}`,
        RuleState: 'ENABLED',
        RuleBody: mostDenied(groupsOf(ISSUERS), keys),
      },
    })),
    ...mapValues(QUERIES, ({ name, of, lines }) => ({
      Type: 'AWS::Logs::QueryDefinition',
      Properties: {
        Name: `streampass/${context.stage}/${name}`,
        LogGroupNames: groupsOf(of).map(ref),
        QueryString: lines.join('\n'),
      },
    })),
  };
}

/** @see Amazon CloudWatch User Guide, "Contributor Insights rule syntax" */
function mostDenied(groups: readonly string[], keys: readonly string[]): Value {
  const rule = {
    Schema: { Name: 'CloudWatchLogRule', Version: 1 },
    LogGroupNames: groups.map((group) => `\${${group}}`),
    LogFormat: 'JSON',
    Contribution: { Keys: keys, Filters: [{ Match: '$.event', In: ['token.denied'] }] },
    AggregateOn: 'Count',
  };
  return sub(JSON.stringify(rule));
}

function mapValues<From>(rows: Readonly<Record<string, From>>, to: (row: From) => Resource): Resources {
  return Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, to(row)]));
}
