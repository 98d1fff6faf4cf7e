import { SECRETS_OF, type ConfiguredSecret } from '../../lib/config/secrets.ts';
import { attribute, capitalised, type Value } from './cloudformation.ts';
import { isLivekitServed, kicks, nameOf, reports, targetsWhere, type StackContext } from './context.ts';
import type { TableName } from './tables.ts';

/** Requests a second to a route, for the whole API, and the largest burst; past it API Gateway answers 429. */
export interface Throttle {
  readonly rate: number;
  readonly burst: number;
}

/** One function: its routes, its permissions, and when it counts as slow. A new function is a new row. */
export interface FunctionRow {
  readonly description: string;
  /** Its routes, `METHOD /path`, each with its throttle. */
  readonly routes?: Readonly<Record<string, Throttle | ((context: StackContext) => Throttle)>>;
  /** Default 15: HTTP functions answer within 10 s by themselves, even if another service hangs. */
  readonly timeoutSeconds?: number;
  /** An alarm rings if the slowest hundredth of its runs takes longer than this. */
  readonly slowSeconds: number;
  /** The targets whose secrets it reads: labels, or labels and values. */
  readonly secrets?: {
    readonly of?: (secret: ConfiguredSecret) => boolean;
    readonly read: 'labels' | 'values';
    /** Whether it signs with them, if KMS holds the keys. */
    readonly signs?: true;
  };
  /** Actions on tables, without `dynamodb:`. */
  readonly tables?: Readonly<Partial<Record<TableName, readonly string[]>>>;
  /** Whether it reads the secret that callers send, `deploy.callerSecret`. */
  readonly readsCallerSecret?: true;
  /** Whether the configuration needs it · default: always. */
  readonly when?: (context: StackContext) => boolean;
  /** Variables beyond those of every function. */
  readonly environment?: (context: StackContext) => Readonly<Record<string, string | undefined>>;
  /** More of osls's own settings. */
  readonly settings?: (context: StackContext) => Readonly<Record<string, Value>>;
}

const USUAL: Throttle = { rate: 50, burst: 100 };
/** One call for each publisher or viewer of a server that asks. */
const ASKED: Throttle = { rate: 200, burst: 400 };

const tokenThrottle = ({ config }: StackContext): Throttle => ({
  rate: config.deploy.limits?.rate ?? 200,
  burst: config.deploy.limits?.burst ?? 400,
});

const isOfTarget = ({ target }: ConfiguredSecret) => target !== undefined;
const denyTable = (context: StackContext) => ({ DENY_TABLE: nameOf(context, 'deny') });

/** The functions of the service by name; `dist/functions/NAME.mjs` is their code. */
export const FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  token: {
    description: 'Exchanges an identity token for a streaming token (POST /token)',
    routes: {
      'POST /token': tokenThrottle,
    },
    slowSeconds: 5,
    secrets: { read: 'values', signs: true },
    tables: { deny: ['BatchGetItem'] },
    environment: denyTable,
    settings: ({ config: { deploy } }) =>
      deploy.provisionedConcurrency === undefined
        ? {}
        : { provisionedConcurrency: deploy.provisionedConcurrency },
  },
  metadata: {
    description: 'RFC 8414 metadata, and the page that explains each refusal',
    routes: { 'GET /.well-known/oauth-authorization-server': USUAL, 'GET /errors': USUAL },
    slowSeconds: 3,
  },
  health: {
    description: 'Whether a token could be issued now',
    // No caller but a monitor needs it.
    routes: { 'GET /health': { rate: 5, burst: 10 } },
    slowSeconds: 5,
    secrets: { read: 'labels' },
  },
  keys: {
    description: 'Public keys of the targets that sign asymmetrically',
    routes: { 'GET /.well-known/jwks.json': USUAL, 'GET /asap/{file}': USUAL, 'GET /keys/{file}': USUAL },
    slowSeconds: 5,
    secrets: { of: ({ target }) => target?.keys === 'jwks', read: 'values' },
  },
  whip: {
    description: 'Sends encoders with a stream key on to the server, with a fresh token',
    routes: { 'ANY /whip/{target}/{room}/{stream}': USUAL },
    slowSeconds: 5,
    secrets: { of: SECRETS_OF.whip, read: 'values', signs: true },
    tables: { deny: ['BatchGetItem'] },
    when: ({ config }) => config.streamKeys !== undefined,
    environment: denyTable,
  },
  livekit: {
    description: 'Gives tokens to LiveKit’s SDKs (TokenSource.endpoint)',
    routes: { 'POST /livekit/token': tokenThrottle, 'POST /livekit/token/{target}': tokenThrottle },
    slowSeconds: 5,
    secrets: { of: SECRETS_OF.livekit, read: 'values', signs: true },
    tables: { deny: ['BatchGetItem'] },
    when: isLivekitServed,
    environment: denyTable,
  },
  callbacks: {
    description:
      'Verifies streaming tokens for servers that ask (Red5 Pro round trip, MediaMTX, introspection)',
    routes: {
      'POST /red5/validateCredentials': ASKED,
      'POST /red5/invalidateCredentials': ASKED,
      // For servers that can be given an address and no header: the callers' secret as a part of the path.
      'POST /red5/{key}/validateCredentials': ASKED,
      'POST /red5/{key}/invalidateCredentials': ASKED,
      'POST /mediamtx/auth': ASKED,
      'POST /introspect': USUAL,
    },
    // Red5 Pro gives up after 9 s.
    timeoutSeconds: 9,
    slowSeconds: 5,
    secrets: { of: isOfTarget, read: 'values' },
    tables: { deny: ['BatchGetItem'], streams: ['PutItem', 'DeleteItem'] },
    readsCallerSecret: true,
    environment: (context) => ({
      ...denyTable(context),
      STREAMS_TABLE: nameOf(context, 'streams'),
      RED5_CALLER_SECRET_ID: context.config.deploy.callerSecret,
    }),
  },
  authorizer: {
    description: 'Lambda authorizer for APIs of your own that take streaming tokens',
    // Fits within API Gateway's 10 s for an authorizer.
    timeoutSeconds: 9,
    slowSeconds: 5,
    secrets: { of: isOfTarget, read: 'values' },
    tables: { deny: ['BatchGetItem'] },
    environment: (context) => {
      const { targets, cacheSeconds } = context.config.deploy.authorizer ?? {};
      return {
        ...denyTable(context),
        AUTHORIZER_TARGETS: targets?.join(','),
        AUTHORIZER_CACHE_SECONDS: cacheSeconds?.toString(),
      };
    },
  },
  nodes: {
    description: 'Media servers report which version of their secret they hold',
    routes: { 'POST /nodes/{target}': USUAL },
    slowSeconds: 5,
    secrets: { of: ({ target }) => target !== undefined && reports(target), read: 'values' },
    tables: { nodes: ['PutItem'] },
    when: (context) => targetsWhere(context, reports).length > 0,
    environment: (context) => ({ NODES_TABLE: nameOf(context, 'nodes') }),
  },
  denials: {
    description: 'Tells the agents of media servers who is denied',
    // Each agent asks every 4 s.
    routes: { 'POST /nodes/{target}/denials': ASKED },
    slowSeconds: 5,
    secrets: { of: ({ target }) => target !== undefined && kicks(target), read: 'values' },
    tables: { deny: ['Scan'], nodes: ['PutItem'] },
    when: (context) => targetsWhere(context, kicks).length > 0,
    environment: (context) => ({ ...denyTable(context), NODES_TABLE: nameOf(context, 'nodes') }),
  },
  rotate: {
    description: 'Moves each target’s rotation on by one step',
    timeoutSeconds: 120,
    slowSeconds: 100,
    environment: (context) => ({
      NODES_TABLE: targetsWhere(context, reports).length > 0 ? nameOf(context, 'nodes') : undefined,
    }),
    // The schedule invokes asynchronously. If a run is still going on, the next event waits in Lambda's queue for up to an
    // hour. Events that keep failing go to the dead-letter queue.
    settings: (context) => ({
      maximumRetryAttempts: 2,
      maximumEventAge: 3600,
      destinations: { onFailure: { type: 'sqs', arn: attribute('DeadLetters', 'Arn') } },
      ...(context.config.deploy.reserveRotate && { reservedConcurrency: 1 }),
      events: [
        {
          schedule: {
            method: 'scheduler',
            // The local stack has a schedule of its own, in which no run meets another one.
            ...(context.stage === 'local' && { enabled: false }),
            name: nameOf(context, 'advance'),
            rate: ['rate(1 minute)'],
            input: { action: 'advance' },
            roleArn: attribute('SchedulerRole', 'Arn'),
          },
        },
      ],
    }),
  },
};

/** The functions that the configuration needs. */
export function neededFunctions(context: StackContext): readonly (readonly [string, FunctionRow])[] {
  return Object.entries(FUNCTIONS).filter(([, { when }]) => when?.(context) ?? true);
}

/** The logical id of a function's log group, as osls forms it. */
export function logGroupOf(name: string): string {
  return `${capitalised(name)}LogGroup`;
}

/** The `functions` of serverless.yml. */
export function serverlessFunctions(context: StackContext): Readonly<Record<string, Value>> {
  const { vpc, telemetry } = context.config.deploy;
  return Object.fromEntries(
    neededFunctions(context).map(([name, row]) => [
      name,
      {
        handler: `dist/functions/${name}.handler`,
        description: row.description,
        role: `${capitalised(name)}Role`,
        timeout: row.timeoutSeconds ?? 15,
        package: { patterns: ['!**', `dist/functions/${name}.mjs`, 'dist/LICENSES.txt'] },
        environment: environmentOf(context, name, row),
        events: Object.keys(row.routes ?? {}).map((route) => ({ httpApi: route })),
        ...(isInVpc(context, name) &&
          vpc && { vpc: { subnetIds: vpc.subnetIds, securityGroupIds: vpc.securityGroupIds } }),
        ...(isTraced(context, name) && { layers: telemetry?.layers ?? [] }),
        ...row.settings?.(context),
      },
    ]),
  );
}

/**
 * Functions that may be traced. Spans hold addresses as they are: servers send `callbacks` the callers' secret in one, the
 * authorizer may get a token in one, and `rotate` and `whip` send tokens in those of probes.
 */
export const TRACEABLE = ['token', 'livekit', 'keys', 'health', 'metadata', 'nodes', 'denials'];

function isTraced({ config: { deploy } }: StackContext, name: string): boolean {
  return deploy.telemetry !== undefined && (deploy.telemetry.functions ?? ['token']).includes(name);
}

/** Whether a function runs in the configured VPC. */
export function isInVpc({ config: { deploy } }: StackContext, name: string): boolean {
  return deploy.vpc !== undefined && (deploy.vpc.functions ?? ['rotate']).includes(name);
}

/**
 * A function's variables: those that the configuration reads (each function evaluates the whole of it), and its own. On one
 * machine the local stack gives them to its own process instead.
 */
function environmentOf(
  context: StackContext,
  name: string,
  row: FunctionRow,
): Readonly<Record<string, string>> {
  const { stage, variables, config } = context;
  if (stage === 'local') return { STREAMPASS_STAGE: stage };
  const { publicUrl, domain, telemetry } = config.deploy;
  const all = {
    ...variables,
    STREAMPASS_STAGE: stage,
    PUBLIC_URL: publicUrl ?? (domain && `https://${domain.name}`),
    ...row.environment?.(context),
    ...(isTraced(context, name) && telemetry?.environment),
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]));
}
