import type { SecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import type { Chance } from './chance.ts';

/** The secret of the simulated target. */
export const SECRET = 'streampass/local/red5';

/** What somebody does to the secret by hand. */
export interface Operator {
  /** Makes the first version. */
  create(): void;
  /** Whether no rotation has begun, whatever the last report says. */
  isSettled(): boolean;
  put(): void;
  /** Puts the key/value form of the console, which no server can hold. */
  putInvalid(label: 'AWSCURRENT' | 'AWSPENDING'): void;
  /** Sees `secret_invalid`, and moves `AWSCURRENT` back to what the servers hold. */
  takeBack(): void;
  /** A secret that every live token set knows: while servers change, the one before or after; else what they hold. */
  acceptedSecret(chance: Chance): string | undefined;
}

export function operatorOf(secrets: SecretsManagerEndpoint): Operator {
  let count = 0;
  const token = (word: string) => `${word}-${String(count++).padStart(32, '0')}`;
  const stages = () => {
    const { output } = secrets.execute('DescribeSecret', { SecretId: SECRET });
    return (output?.['VersionIdsToStages'] ?? {}) as Readonly<Record<string, readonly string[]>>;
  };
  const holderIn = (labels: ReturnType<typeof stages>) => (label: string) =>
    Object.keys(labels).find((id) => labels[id]?.includes(label));
  const isInvalid = (id: string) => id.startsWith('invalid');

  return {
    create: () => void secrets.execute('CreateSecret', { Name: SECRET, ClientRequestToken: token('first') }),
    isSettled: () => Object.values(stages()).flat().length === 2,
    put() {
      const id = token('manual');
      secrets.execute('PutSecretValue', {
        SecretId: SECRET,
        ClientRequestToken: id,
        SecretString: `by-hand-${id}`,
      });
    },
    putInvalid: (label) =>
      void secrets.execute('PutSecretValue', {
        SecretId: SECRET,
        ClientRequestToken: token('invalid'),
        SecretString: JSON.stringify({ secret: 'x'.repeat(43) }),
        VersionStages: [label],
      }),
    takeBack() {
      const holder = holderIn(stages());
      const [from, to] = [holder('AWSCURRENT'), holder('STREAMPASS_SERVERS')];
      if (from === undefined || from === to || !isInvalid(from)) return;
      secrets.execute('UpdateSecretVersionStage', {
        SecretId: SECRET,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      });
    },
    acceptedSecret(chance) {
      const holder = holderIn(stages());
      const [current, pending, previous] = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'].map(holder);
      const servers = holder('STREAMPASS_SERVERS');
      if (current === undefined || servers === undefined) return undefined;
      const other =
        servers === pending ? current : servers === current && pending === undefined ? previous : undefined;
      const VersionId = other !== undefined && chance.happens(0.7) ? other : servers;
      if (isInvalid(VersionId)) return undefined;
      const { output } = secrets.execute('GetSecretValue', { SecretId: SECRET, VersionId });
      return output === undefined ? undefined : String(output['SecretString']);
    },
  };
}
