import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Stops it, as a crash or a replaced machine does; it comes back with the version labelled for the servers. Whether it did. */
  crash(now: number): boolean;
  /** Puts a config file of before in place of the one that is there, and restarts the server, behind everybody's back; whether it did. */
  restore(secret: string, now: number): boolean;
  /** Stops it, until it joins. */
  leave(): void;
  /** Starts it with the version labelled for the servers. */
  join(now: number): void;
  /** Takes the file away, so that nobody can look at the node or change it; its server goes on. */
  hide(): void;
  /** Puts the file back. */
  giveBack(): void;
  /** From now on its reloads last until `false`. */
  setSlow(isSlow: boolean): void;
  /** From now on its reloads fail, without a restart, until `false`. */
  setFailing(isFailing: boolean): void;
  /** Reloads that failed so far. */
  failedReloads(): number;
  /** Reloads since the last time, those that failed among them. */
  takeReloads(): number;
  /** Whether a reload has asked for a restart that has not begun. */
  isAsked(): boolean;
  /** `down`, or whether a token is accepted, by this node's own clock. */
  connect(token: string | undefined, now: number): 'down' | boolean;
}

/** Times of a node, in seconds. */
export interface NodeTimes {
  /** Longest time of a restart. */
  readonly restart: number;
  readonly clockSkew: number;
}

/** What `rotate` runs to reload a node: it asks the simulated node for a restart, and lasts or fails as the simulation says. */
const RELOAD = `#!/bin/sh
echo >> "$1.reloads"
if [ -e "$1.fail" ]; then echo >> "$1.failures"; exit 1; fi
touch "$1.restart"
while [ -e "$1.slow" ]; do sleep 0.02; done
`;

/** Writes the reload script into a folder; the command that runs it. */
export function reloadCommandIn(folder: string): string {
  const script = join(folder, 'reload.sh');
  writeFileSync(script, RELOAD);
  return `sh ${script} {file}`;
}

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
  let hasLeft = false;
  let reloadsBefore = 0;

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
        if (!hasLeft) stop(now, false);
      }
      if (upAt === undefined || now < upAt || !existsSync(file)) return;
      // What a booting machine does before its server starts; a mere restart reads what stands there.
      if (boots && !fetchLabelled(file, secrets)) return;
      boots = false;
      upAt = undefined;
      const read = rules.readConfig(readFileSync(file, 'utf8'));
      held = read.ok && read.settings.secret !== '' ? read : undefined;
    },
    crash(now) {
      if (!hasLeft) stop(now, true);
      return !hasLeft;
    },
    restore(secret, now) {
      if (hasLeft || !existsSync(file)) return false;
      const replaced = red5Properties.replaceSecret(readFileSync(file, 'utf8'), secret);
      if (replaced.ok) writeFileSync(file, replaced.text);
      stop(now, false);
      return true;
    },
    leave() {
      [held, upAt, hasLeft] = [undefined, undefined, true];
    },
    join(now) {
      hasLeft = false;
      stop(now, true);
    },
    hide() {
      if (existsSync(file)) renameSync(file, `${file}.away`);
    },
    giveBack() {
      if (existsSync(`${file}.away`)) renameSync(`${file}.away`, file);
    },
    setSlow: (isSlow) => setFlag(`${file}.slow`, isSlow),
    setFailing: (isFailing) => setFlag(`${file}.fail`, isFailing),
    failedReloads: () => linesIn(`${file}.failures`),
    takeReloads() {
      const before = reloadsBefore;
      reloadsBefore = linesIn(`${file}.reloads`);
      return reloadsBefore - before;
    },
    isAsked: () => existsSync(`${file}.restart`),
    connect(token, now) {
      if (held === undefined || !held.ok) return 'down';
      const attempt = { action: 'subscribe', room: 'stage', transport: 'WHEP' };
      return rules.decide(token, held.settings, attempt, now + clockOffset).accepted;
    },
  };
}

/** Lines that the reload script has written. */
function linesIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
}

function setFlag(file: string, isSet: boolean): void {
  if (isSet) writeFileSync(file, '');
  else rmSync(file, { force: true });
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
