import type { Config } from '../../lib/config/config.ts';
import { secretsOf, type ConfiguredSecret } from '../../lib/config/secrets.ts';
import type { ConfiguredTarget } from '../../lib/media-servers/target.ts';

/** The inputs of a stack. */
export interface StackContext {
  readonly config: Config;
  /** It stands in every name, metric dimension, tag and log group. */
  readonly stage: string;
  /** The environment variables that the configuration reads, with their values: each function gets them too. */
  readonly variables: Readonly<Record<string, string>>;
  /** One more origin that may call the API, beside the configured ones: the local stack's own page. */
  readonly page?: string;
}

/** `streampass-STAGE-PART`: the name of a resource that is unique in an account and region. */
export function nameOf({ stage }: Pick<StackContext, 'stage'>, part: string): string {
  return `streampass-${stage}-${part}`;
}

/** Targets by name, in the order of the configuration. */
export type NamedTarget = readonly [name: string, target: ConfiguredTarget];

/** The configured targets that a condition holds for. */
export function targetsWhere(
  { config }: Pick<StackContext, 'config'>,
  condition: (target: ConfiguredTarget) => boolean = () => true,
): readonly NamedTarget[] {
  return Object.entries(config.targets).filter(([, target]) => condition(target));
}

/** The signing secrets that a condition holds for. */
export function secretsWhere(
  { config }: Pick<StackContext, 'config'>,
  condition: (secret: ConfiguredSecret) => boolean = () => true,
): readonly ConfiguredSecret[] {
  return secretsOf(config).filter(condition);
}

/** Whether KMS holds the keys of this secret's versions: then no function reads its values. */
export function isSignedByKms({ target }: ConfiguredSecret): boolean {
  return target?.signer !== undefined;
}

/** Whether `rotate` changes the target's secret. */
export function rotates(target: ConfiguredTarget): boolean {
  return target.rotates !== false;
}

/** Whether `rotate` reaches the target's servers by Systems Manager. */
export function isReachedBySsm(target: ConfiguredTarget): boolean {
  return rotates(target) && target.keys !== 'jwks' && target.fleet?.by === 'ssm';
}

/** Whether `POST /livekit/token` has a target to give tokens of. */
export function isLivekitServed(context: Pick<StackContext, 'config'>): boolean {
  return targetsWhere(context, ({ livekitUrl }) => livekitUrl !== undefined).length > 0;
}

/** Whether the target's servers report what they hold. */
export function reports(target: ConfiguredTarget): boolean {
  return rotates(target) && target.fleet?.by === 'reported';
}

/** Whether the target's servers are told by their agents who is denied. */
export function kicks(target: ConfiguredTarget): boolean {
  return target.kick === true;
}
