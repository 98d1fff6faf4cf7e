import * as v from 'valibot';
import { checkOptions } from '../options/check-options.ts';
import { filledText, wholeNumber } from '../options/schemas.ts';
import { targetRotationOptions, type TargetRotationOptions } from '../rotation/options.ts';
import type { FleetOptions, SignerOptions, SubjectForm, Target } from './target.ts';

/** The options that every target has. */
export interface TargetOptions {
  /** Name or ARN of its secret in Secrets Manager · default `streampass/STAGE/TARGET`. */
  readonly secret?: string;
  /** The longest lifetime of a token, in seconds; each target has its own default. */
  readonly longestToken?: number;
  /** Default `public`. */
  readonly subject?: SubjectForm;
  /** How its servers get their secret · default: not at all, so only an operator starts a rotation. */
  readonly fleet?: FleetOptions | undefined;
  /** `kms()`, unless it signs with EdDSA · default: the functions read the keys in its secret. */
  readonly signer?: SignerOptions | undefined;
  /** `'manual'`, or options that override the configuration's `rotation`. */
  readonly rotation?: TargetRotationOptions;
}

const probe = v.exactOptional(
  v.array(
    v.pipe(
      v.string(),
      v.check((address) => {
        const url = URL.parse(address);
        return /^https?:$/.test(url?.protocol ?? '') && url?.username === '' && url.password === '';
      }, 'must be an address such as https://red5.example.com, without a user'),
    ),
  ),
);

/** How servers are named: a fleet's options. */
const fleet: v.GenericSchema<unknown, FleetOptions> = v.variant('by', [
  v.strictObject({
    by: v.literal('files'),
    files: v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.check((path) => path !== '', 'must be a path, not empty'),
        ),
      ),
      v.minLength(1, 'must name at least one file'),
      v.check((files) => new Set(files).size === files.length, 'names a file twice'),
    ),
    reload: v.exactOptional(filledText),
    probe,
  }),
  v.strictObject({
    by: v.literal('ssm'),
    tag: v.strictObject({
      key: v.pipe(
        v.string(),
        v.check((key) => key !== '', 'must not be empty: write KEY=VALUE'),
      ),
      value: v.pipe(
        v.string(),
        v.check((value) => value !== '', 'must not be empty: write KEY=VALUE'),
      ),
    }),
    document: v.exactOptional(filledText),
    roleArn: v.exactOptional(
      v.pipe(v.string(), v.regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be the ARN of a role')),
    ),
    probe,
  }),
  v.strictObject({ by: v.literal('reported'), goneAfter: v.exactOptional(wholeNumber(600)), probe }),
]);

const signer = v.custom<SignerOptions>(
  (value) => typeof value === 'object' && value !== null && 'problems' in value,
  'must be made by kms({ … })',
);

/** An address of a control API: a user and a password may stand in it. */
export const controlAddress = v.pipe(
  v.string(),
  v.check(
    (address) => /^https?:$/.test(URL.parse(address)?.protocol ?? ''),
    'must be an address such as http://10.0.0.5:9997',
  ),
);

/** The members that the options of every target have, for its `v.strictObject`. */
export const targetOptions = {
  secret: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9/_+=.@:-]{1,2048}$/, 'must be the name or ARN of a secret in Secrets Manager'),
    ),
  ),
  longestToken: v.exactOptional(wholeNumber(60)),
  subject: v.exactOptional(
    v.union(
      [
        v.literal('public'),
        v.strictObject({
          pairwiseSalt: v.pipe(v.string(), v.minLength(32, 'must be 32 random characters or more')),
        }),
      ],
      'must be "public" or { pairwiseSalt }',
    ),
  ),
  fleet: v.optional(fleet),
  signer: v.optional(signer),
  rotation: v.exactOptional(targetRotationOptions),
};

/** What the file of one kind of server defines: the members of a target that are not the same for all kinds. */
export type TargetParts = Omit<
  Target,
  'kind' | 'secret' | 'subject' | 'fleet' | 'signer' | 'rotation' | 'problems'
>;

/**
 * The function that configures a kind of media server. It checks its options and never throws: a target whose options are
 * wrong carries the problems, which the check of the whole configuration reports.
 */
export function defineTarget<Options extends TargetOptions>(
  kind: string,
  schema: v.GenericSchema<unknown, Options>,
  build: (options: Options) => TargetParts,
): (options: Options) => Target {
  return (given) => {
    const checked = checkOptions(schema, given);
    if (!checked.ok) return { ...UNUSABLE, kind, problems: checked.problems };
    const { options } = checked;
    return {
      ...build(options),
      kind,
      ...(options.secret !== undefined && { secret: options.secret }),
      subject: options.subject ?? 'public',
      ...(options.fleet && { fleet: options.fleet }),
      ...(options.signer && { signer: options.signer }),
      ...(options.rotation && { rotation: options.rotation }),
      problems: [],
    };
  };
}

/** Replaces a target whose options are wrong: it allows nothing. */
const UNUSABLE: Omit<Target, 'kind' | 'problems'> = {
  signing: 'HS256',
  keys: 'single',
  longestToken: 60,
  actions: [],
  transports: [],
  roomsPerToken: 0,
  takesSession: false,
  foldsRoomCase: false,
  subject: 'public',
  claims: () => ({}),
  readClaims: () => undefined,
};
