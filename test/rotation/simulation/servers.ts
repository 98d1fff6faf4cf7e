import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVERS_LABEL } from '../../../lib/signing-keys/labels.ts';
import { red5Properties } from '../../../lib/media-servers/red5/config-file.ts';
import type { SecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import { rulesOf } from '../../../local/media-servers/rules/index.ts';
import type { Chance } from './chance.ts';

const rules = rulesOf('red5');

/** A simulated Red5 node: a real config file, judged by the server's documented rules, down while it restarts. */
export interface SimulatedNode {
  readonly file: string;
  /** Does what is due at `now`: a restart asked for by the reload command, the end of a restart. */
  live(now: number): void;
  /** Stops it, as a crash or a replaced machine does; it comes back with the version labelled for the servers. */
  crash(now: number): void;
  /** `down`, or whether a token is accepted, by this node's own clock. */
  connect(token: string | undefined, now: number): 'down' | boolean;
}

/** Times of a node, in seconds. */
export interface NodeTimes {
  /** Longest time of a restart. */
  readonly restart: number;
  readonly clockSkew: number;
}

/** The command that `rotate` is given: it asks the simulated node for a restart. */
export const RELOAD_COMMAND = 'touch {file}.restart';

/** Makes a node that waits for its first secret. */
export function simulateNode(
  folder: string,
  index: number,
  secrets: SecretsManagerEndpoint,
  chance: Chance,
  times: NodeTimes,
): SimulatedNode {
  const file = join(folder, `red5-${index}.properties`);
  writeFileSync(
    file,
    'auth.active=true\nauth.rtc=true\njwt.secret=\njwt.ttl.minutes=60\njwt.issuer=streampass\n',
  );
  const clockOffset = (chance.number() * 2 - 1) * times.clockSkew;
  let held: ReturnType<typeof rules.readConfig> | undefined;
  let upAt: number | undefined;
  let boots = false;

  const stop = (now: number, isBoot: boolean) => {
    held = undefined;
    boots ||= isBoot;
    upAt = now + 1 + chance.number() * (times.restart - 1);
  };

  return {
    file,
    live(now) {
      if (existsSync(`${file}.restart`)) {
        rmSync(`${file}.restart`);
        stop(now, false);
      }
      if (upAt === undefined || now < upAt) return;
      // What a booting machine does before its server starts; a mere restart reads what stands there.
      if (boots && !fetchLabelled(file, secrets)) return;
      boots = false;
      upAt = undefined;
      const read = rules.readConfig(readFileSync(file, 'utf8'));
      held = read.ok && read.settings.secret !== '' ? read : undefined;
    },
    crash: (now) => stop(now, true),
    connect(token, now) {
      if (held === undefined || !held.ok) return 'down';
      const attempt = { action: 'subscribe', room: 'stage', transport: 'WHEP' };
      return rules.judge(token, held.settings, attempt, now + clockOffset).accepted;
    },
  };
}

function fetchLabelled(file: string, secrets: SecretsManagerEndpoint): boolean {
  const { output } = secrets.execute('GetSecretValue', {
    SecretId: 'streampass/local/red5',
    VersionStage: SERVERS_LABEL,
  });
  if (output === undefined) return false;
  const replaced = red5Properties.replaceSecret(readFileSync(file, 'utf8'), String(output['SecretString']));
  if (replaced.ok) writeFileSync(file, replaced.text);
  return replaced.ok;
}
