import type { OptionProblem } from '../options/check-options.ts';
import type { Config } from './config.ts';
import { secretsOf } from './secrets.ts';
import { isSameSecret } from './same-secret.ts';

/** Conflicts between `deploy` and the targets: unknown names, and a callers' secret that is also a target's. */
export function deployProblems(config: Config): OptionProblem[] {
  const { deploy, targets } = config;
  const secrets = secretsOf(config);
  const {
    authorizer,
    existingSecrets,
    callerSecret,
    origins = [],
    defaultEndpoint,
    domain,
    publicUrl,
  } = deploy;
  const unknown = (names: readonly string[], known: readonly string[], path: string) =>
    names.flatMap((name, index) =>
      known.includes(name) ? [] : [{ path: `${path}[${index}]`, problem: `no target is called "${name}"` }],
    );
  const owner =
    callerSecret !== undefined && secrets.find(({ secret }) => isSameSecret(secret, callerSecret))?.name;
  return [
    ...unknown(authorizer?.targets ?? [], Object.keys(targets), 'deploy.authorizer.targets'),
    ...unknown(
      Array.isArray(existingSecrets) ? existingSecrets : [],
      secrets.map(({ name }) => name),
      'deploy.existingSecrets',
    ),
    ...(owner
      ? [
          {
            path: 'deploy.callerSecret',
            problem: `is also the secret of ${owner}, so every caller could sign tokens: use another secret`,
          },
        ]
      : []),
    ...origins.flatMap((origin, index) =>
      origins.indexOf(origin) < index
        ? [{ path: `deploy.origins[${index}]`, problem: `"${origin}" is listed twice` }]
        : [],
    ),
    ...(defaultEndpoint === false && domain === undefined && publicUrl === undefined
      ? [
          {
            path: 'deploy.defaultEndpoint',
            problem: 'must not be false without a domain, because the API would have no address',
          },
        ]
      : []),
  ];
}
