import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Config, Timing } from '../../lib/config/config.ts';
import { STREAM_KEYS } from '../../lib/config/stream-keys.ts';
import { longestTokenOf } from '../../lib/rotation/longest-token.ts';
import { rotationOf } from '../../lib/rotation/options.ts';
import type { Rotated } from '../../lib/rotation/rotate.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import type { RotationSecrets, ServerSecret, Servers } from '../../lib/rotation/ports.ts';
import { makeSecret, makeSecretForKms } from '../../lib/rotation/make-secret.ts';
import { isConfigFileKind, type ConfigFileKind } from '../../lib/media-servers/config-files.ts';
import { fileServers } from '../../lib/fleet/files.ts';
import { probe } from '../../lib/fleet/probe.ts';
import { filesAsOwner } from '../../lib/fleet/file-work.ts';
import { keyFetchingServers } from '../../lib/fleet/refresh-keys.ts';
import { createReload } from '../../lib/fleet/reload.ts';
import { configFile, keyRingFile } from '../../lib/fleet/secret-file.ts';
import { expectedSettings, nodeSettingsProblems } from '../../lib/fleet/node-settings.ts';
import { GONE_AFTER, reportedServers } from '../../lib/fleet/reported.ts';
import { instanceServers } from '../../lib/fleet/ssm.ts';
import type { ConfiguredTarget } from '../../lib/media-servers/target.ts';
import { awsAccess, regionOf } from '../../lib/aws/access.ts';
import { roleAccess } from '../../lib/aws/role-access.ts';
import { dynamoNodeTable } from '../../lib/aws/node-table.ts';
import { runCommand } from '../../lib/aws/run-command.ts';
import { createSecretsClient } from '../../lib/aws/secrets-client.ts';
import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import { newRandomId, systemNow } from '../../lib/node/system.ts';
import { kmsSecretsOf } from './kms-rotation.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The node agent beside the functions in `dist`: if `rotate` runs as root, the agent changes files that belong to other users. */
const AGENT = fileURLToPath(new URL('../node/streampass-node.mjs', import.meta.url));

/** The value of a version whose private key KMS holds. */
const HELD_BY_KMS = 'AWS KMS holds the key of this version.';

/** The time limit of one reload: several nodes are reloaded one after another within one run of the function. */
const RELOAD_TIMEOUT_MS = 30_000;

/** Wires each target that rotates to Secrets Manager and to its servers. Reads nothing before the first call. */
export function createRotated(
  config: Pick<Config, 'targets' | 'timing' | 'grants' | 'rotation' | 'streamKeys'>,
  env: Env,
): Record<string, Rotated> {
  const client = createSecretsClient(env);
  const secrets = secretsWriter(client);
  const rotating = Object.entries(config.targets).filter(([, target]) => target.rotates !== false);
  const wired = rotating.map(([name, target]): [string, Rotated] => {
    const servers = serversOf(name, target, config.timing, env, secrets);
    return [
      name,
      {
        secret: target.secret,
        signing: target.signing,
        policy: policyOf(
          { ...target, longestToken: longestTokenOf(name, target, config.grants) },
          config.timing,
          rotationOf(config.rotation, target.rotation),
        ),
        ...(target.afterEmergency !== undefined && { afterEmergency: target.afterEmergency }),
        memory: {},
        secrets:
          target.signer === undefined
            ? secrets
            : kmsSecretsOf(secrets, client, { ...target.signer, signing: target.signing }, env),
        ...(servers && { servers }),
        maker: { make: () => newValue(target) },
      },
    ];
  });
  if (config.streamKeys === undefined) return Object.fromEntries(wired);
  return {
    ...Object.fromEntries(wired),
    [STREAM_KEYS]: rotatedStreamKeys(config, config.streamKeys.secret, secrets),
  };
}

function newValue({ signer, signing }: ConfiguredTarget): string | Promise<string> {
  if (signer === undefined) return makeSecret(signing, randomBytes);
  return signing === 'HS256' ? makeSecretForKms(randomBytes) : HELD_BY_KMS;
}

/**
 * The secret of stream keys. Only our own functions hold it, and they read every version. The previous version stays until the
 * last key under it has ended, and no new rotation begins before that.
 */
function rotatedStreamKeys(
  { timing, grants, rotation }: Pick<Config, 'timing' | 'grants' | 'rotation'>,
  secret: string,
  secrets: Rotated['secrets'],
): Rotated {
  const longestToken = Math.max(...grants.map(({ streamKeys }) => streamKeys?.longest ?? 0));
  const { every } = rotationOf(rotation, undefined);
  const policy = policyOf({ keys: 'keyring', longestToken }, timing, every === undefined ? {} : { every });
  return {
    secret,
    signing: 'HS256',
    // Our functions follow the labels by themselves.
    policy: { ...policy, hasFleet: true },
    memory: {},
    secrets,
    maker: { make: () => makeSecret('HS256', randomBytes) },
  };
}

function serversOf(
  name: string,
  target: ConfiguredTarget,
  timing: Timing,
  env: Env,
  secrets: Pick<RotationSecrets, 'value'>,
): Servers | undefined {
  const { fleet } = target;
  if (fleet === undefined && target.keys !== 'jwks') return undefined;
  const tryOut: Servers['probe'] = (version) =>
    probe(target, fleet?.probe ?? [], version, { now: systemNow, newId: newRandomId });
  if (fleet === undefined || target.keys === 'jwks') {
    return { ...keyFetchingServers(target.keyRefresh ?? []), probe: tryOut };
  }
  const expected = expectedSettings(target, timing);
  if (fleet.by === 'files') {
    const servers = fileServers({
      paths: fleet.files,
      format: target.keys === 'keyring' ? keyRingFile : configFile(formatOf(target)),
      files: filesAsOwner([process.execPath, AGENT, 'file-work']),
      reload: fleet.reload,
      runReload: createReload(RELOAD_TIMEOUT_MS, env['PATH']),
      settingsProblems: (settings) => nodeSettingsProblems(target.kind, settings, expected),
      now: systemNow,
    });
    return {
      ...servers,
      // Only these servers get the text from here: a process that may write their files may read it too. Others fetch it.
      apply: async (arn, versions, ...how) =>
        servers.apply(
          arn,
          await Promise.all(versions.map((version) => withText(arn, version, secrets))),
          ...how,
        ),
      probe: tryOut,
    };
  }
  const settingsProblems = (settings: unknown) => nodeSettingsProblems(target.kind, settings, expected);
  if (fleet.by === 'reported') {
    const table = dynamoNodeTable(env['NODES_TABLE'] ?? '', new DynamoDBClient(awsAccess(env)));
    const goneAfter = fleet.goneAfter ?? GONE_AFTER;
    const servers = reportedServers({ target: name, table, goneAfter, settingsProblems, now: systemNow });
    return { ...servers, probe: tryOut };
  }
  const { tag, document, roleArn } = fleet;
  const access = roleArn === undefined ? { region: regionOf(env) } : roleAccess(env, roleArn);
  return {
    ...instanceServers({
      target: name,
      tag,
      document,
      commands: runCommand(new SSMClient(access), new EC2Client(access), systemNow),
      settingsProblems,
      now: systemNow,
      pause: (seconds) => sleep(seconds * 1000),
    }),
    probe: tryOut,
  };
}

/** The version, with its text from Secrets Manager if KMS holds its key as well. */
async function withText(
  arn: string,
  { versionId, ...version }: ServerSecret,
  secrets: Pick<RotationSecrets, 'value'>,
): Promise<ServerSecret> {
  if (version.kms === undefined) return { versionId, ...version };
  return { versionId, text: (await secrets.value(arn, versionId))?.value.SecretString ?? '' };
}

/** The format of a kind's config file. The check of the configuration ensures that each kind with a fleet has one. */
function formatOf({ kind }: ConfiguredTarget): ConfigFileKind {
  if (isConfigFileKind(kind)) return kind;
  throw new TypeError(`no config file format is known for ${kind} servers`);
}
