import * as v from 'valibot';
import { isLoopback } from '../oauth/loopback.ts';
import { dictionary, filledText, hostName, oneOrMore, plainText, wholeNumber } from '../options/schemas.ts';

/** Options of the deployment. All are optional. */
export interface DeployOptions {
  /** Origins of the pages that may call the API from a browser, such as `https://app.example.com`. Default: none. */
  readonly origins?: readonly string[];
  /** Stages in which `origins` may be on localhost. Default: none. (The local stack needs no entry.) */
  readonly localhostStages?: readonly string[];
  /** Request headers that pages may send beside `content-type`, such as `traceparent`. Default: none. */
  readonly allowedHeaders?: readonly string[];
  /** A domain of your own. The default address answers too, unless `defaultEndpoint` is `false`. */
  readonly domain?: {
    readonly name: string;
    /** ARN of its certificate, in the region of the deployment. */
    readonly certificateArn: string;
  };
  /** `false` switches the `execute-api` address off. Do so once DNS points to the domain. Default `true`. */
  readonly defaultEndpoint?: boolean;
  /** The API's address for callers. Default: that of `domain`, else API Gateway's. */
  readonly publicUrl?: string;
  /** Whom alarms tell: e-mail addresses, `https` webhooks, ARNs of SNS topics. Default: only the stack's own topic. */
  readonly alarms?: string | readonly string[];
  /**
   * Requests a second to `POST /token` (and as many to `POST /livekit/token`), and the largest burst; above it the answer is
   * 429. Default 200 and 400.
   */
  readonly limits?: { readonly rate?: number; readonly burst?: number };
  /** Tags of every resource. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** ARNs of your own KMS keys. Default: AWS's keys. Their policies are in docs/deploy.md. */
  readonly kmsKeys?: {
    /** For the targets' secrets. */
    readonly secrets?: string;
    /** For log groups. */
    readonly logs?: string;
    /** For the alarms' topic. */
    readonly alarms?: string;
  };
  /** Functions that run in a VPC, for private servers, probes and providers. The VPC needs a route to AWS's services. */
  readonly vpc?: {
    readonly subnetIds: readonly string[];
    readonly securityGroupIds: readonly string[];
    /** Default `['rotate']`. */
    readonly functions?: readonly string[];
  };
  /**
   * The least serious of Lambda's own lines (starts, durations, memory) that are kept. Default `INFO`; `WARN` saves about a
   * third
   * of the log, and the saved query "cold starts" is empty then. The functions' own lines are always kept.
   */
  readonly logLevel?: (typeof LOG_LEVELS)[number];
  /** How long logs are kept, in days. Default 365. */
  readonly logRetentionDays?: (typeof LOG_RETENTION_DAYS)[number];
  /** OpenTelemetry by Lambda's layers (docs/telemetry.md). Default: none. */
  readonly telemetry?: {
    /** ARNs of versions of layers. */
    readonly layers: readonly string[];
    /**
     * Their variables: `AWS_LAMBDA_EXEC_WRAPPER`, `OTEL_…`, `OPENTELEMETRY_…`. No secret: everybody who may see the function
     * can read them.
     */
    readonly environment: Readonly<Record<string, string>>;
    /** Functions to trace: only those whose requests have no secret in an address. Default `['token']`. */
    readonly functions?: readonly string[];
  };
  /** Environments of `token` that are always started. Default: none. */
  readonly provisionedConcurrency?: number;
  /** Whether CloudFormation refuses to remove the stack. Default `false`. */
  readonly terminationProtection?: boolean;
  /** `true`: all secrets exist already and are not created. An array: those of these targets exist. Default `false`. */
  readonly existingSecrets?: boolean | readonly string[];
  /** Whether the deny table exists already, because a stack that was removed left it. Default `false`. */
  readonly existingDenyTable?: boolean;
  /**
   * Whether `rotate` has a concurrency of its own, of 1. Default `false`: an account whose Lambda quota is still 10 cannot
   * reserve any, and two runs at once are harmless.
   */
  readonly reserveRotate?: boolean;
  /** Name or ARN of the secret that servers send when they ask (`/red5/…`, `/mediamtx/auth`, `/introspect`). */
  readonly callerSecret?: string;
  /** The Lambda authorizer for APIs of your own. */
  readonly authorizer?: {
    /** Targets whose tokens it accepts. Default: all. */
    readonly targets?: readonly string[];
    /** How long your API caches its answers, in seconds. Default 0. */
    readonly cacheSeconds?: number;
  };
}

/** The levels of Lambda's `SystemLogLevel`. */
const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN'] as const;

/** The numbers that CloudWatch Logs accepts (API reference, PutRetentionPolicy). */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const arnOf = (service: string, what: string) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:[0-9]{12}:`), `must be the ARN of ${what}`),
  );
const key = v.exactOptional(arnOf('kms', 'a KMS key'));
const idOf = (prefix: string) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(new RegExp(`^${prefix}-[0-9a-f]+$`), `must be an id, ${prefix}-…`))),
    v.minLength(1, 'must not be an empty array'),
  );

const origin = v.pipe(
  v.string(),
  v.check(
    // API Gateway takes https://* for all pages there are, and no other star at all.
    (text) => URL.canParse(text) && /^https?:[^*]+$/.test(text) && new URL(text).origin === text,
    'must be an origin such as "https://app.example.com", without a path or a star',
  ),
);

const address = v.pipe(
  v.string(),
  v.check(
    (text) => /^https:\/\/[^\s?#@]+[^/\s?#@]$/.test(text) && URL.canParse(text),
    'must be an https address without a user, and without a slash at its end',
  ),
);

/** How an alarm is sent. */
export type AlarmDestination =
  | { readonly by: 'email' | 'https'; readonly endpoint: string }
  | { readonly by: 'topic'; readonly arn: string };

/** A destination in the configuration; `undefined` if it is not one. */
export function parseAlarmDestination(text: string): AlarmDestination | undefined {
  if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) return { by: 'email', endpoint: text };
  if (/^https:\/\/\S+$/.test(text) && URL.canParse(text)) return { by: 'https', endpoint: text };
  if (/^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$/.test(text))
    return { by: 'topic', arn: text };
  return undefined;
}

const destination = v.pipe(
  v.string(),
  v.check(
    (text) => parseAlarmDestination(text) !== undefined,
    'must be an e-mail address, an https address or the ARN of an SNS topic',
  ),
);

const tags = v.pipe(
  dictionary(
    v.pipe(
      v.string(),
      v.maxLength(256, 'must have at most 256 characters'),
      v.regex(/^[\p{L}\p{Zs}\p{N}_.:/=+@-]*$/u, 'must have only letters, digits, blanks and _ . : / = + @ -'),
    ),
  ),
  v.check((all) => Object.keys(all).length <= 50, 'must be 50 at most'),
  v.check(
    (all) => Object.keys(all).every((name) => /^(?!aws:)[\w\s.:/=+@-]{1,128}$/i.test(name)),
    'must have names of 1 to 128 letters, digits or _ . : / = + @ -, not beginning with "aws:"',
  ),
);

/** The schema of `DeployOptions`. */
export const deployOptions = v.strictObject({
  origins: v.exactOptional(v.array(origin)),
  localhostStages: v.exactOptional(v.array(filledText)),
  allowedHeaders: v.exactOptional(
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header'))),
  ),
  domain: v.exactOptional(
    v.strictObject({
      name: hostName('tokens.example.com'),
      certificateArn: arnOf('acm', 'a certificate'),
    }),
  ),
  defaultEndpoint: v.exactOptional(v.boolean()),
  publicUrl: v.exactOptional(address),
  alarms: v.exactOptional(
    v.pipe(
      oneOrMore(destination),
      v.check(
        (all) => [all].flat().filter((text) => text.startsWith('arn:')).length <= 4,
        'must name at most 4 SNS topics: an alarm can have 5, and one is the stack’s own',
      ),
    ),
  ),
  limits: v.exactOptional(
    v.strictObject({ rate: v.exactOptional(wholeNumber(1)), burst: v.exactOptional(wholeNumber(1)) }),
  ),
  tags: v.exactOptional(tags),
  kmsKeys: v.exactOptional(v.strictObject({ secrets: key, logs: key, alarms: key })),
  vpc: v.exactOptional(
    v.strictObject({
      subnetIds: idOf('subnet'),
      securityGroupIds: idOf('sg'),
      functions: v.exactOptional(v.array(filledText)),
    }),
  ),
  logLevel: v.exactOptional(v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)),
  logRetentionDays: v.exactOptional(
    v.picklist(LOG_RETENTION_DAYS, `must be one of ${LOG_RETENTION_DAYS.join(', ')}`),
  ),
  telemetry: v.exactOptional(
    v.strictObject({
      layers: v.array(arnOf('lambda', 'a layer')),
      environment: dictionary(v.string()),
      functions: v.exactOptional(v.array(filledText)),
    }),
  ),
  provisionedConcurrency: v.exactOptional(wholeNumber(1)),
  terminationProtection: v.exactOptional(v.boolean()),
  existingSecrets: v.exactOptional(
    v.union([v.boolean(), v.array(filledText)], 'must be true, false or an array of targets'),
  ),
  existingDenyTable: v.exactOptional(v.boolean()),
  reserveRotate: v.exactOptional(v.boolean()),
  callerSecret: v.exactOptional(plainText),
  authorizer: v.exactOptional(
    v.strictObject({
      targets: v.exactOptional(
        v.pipe(v.array(filledText), v.minLength(1, 'must name a target; leave it out to accept all')),
      ),
      cacheSeconds: v.exactOptional(v.pipe(wholeNumber(0), v.maxValue(3600, 'must be at most 3600'))),
    }),
  ),
});

/** Whether an origin is on the user's own machine. */
export function isLocalhost(originOfPage: string): boolean {
  const host = new URL(originOfPage).hostname;
  return isLoopback(host) || host.endsWith('.localhost');
}
