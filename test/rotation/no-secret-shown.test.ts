import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import { seedEmptySecrets } from '../../local/secrets-manager/seed.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { LOCAL_SECRETS } from '../support/config.ts';
import { PROJECT } from '../support/project.ts';

/**
 * Runs the built function in a process of its own, with config files that are fine and ones that are not, and looks for
 * every secret in everything that leaves it: its output, the arguments of the commands it ran, and each file but the
 * servers' own.
 */
test(
  'no secret is in a log line, a report, a metric, an argument of a process or another file',
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streampass-shown-'));
    let clock = Date.now();
    const endpoint = await createSecretsManagerEndpoint({ port: 0, now: () => clock });
    try {
      seedEmptySecrets(endpoint, LOCAL_SECRETS);
      const good = join(folder, 'good.properties');
      const failing = join(folder, 'failing.properties');
      const config = 'auth.active=true\njwt.secret=\njwt.ttl.minutes=60\njwt.issuer=streampass\n';
      for (const file of [good, failing]) writeFileSync(file, config);
      writeFileSync(join(folder, 'broken.yaml'), 'authorization: [\n');
      const started = join(folder, 'arguments');
      const env = {
        PATH: process.env['PATH'] ?? '',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        STREAMPASS_PROFILE: 'demo',
        RED5_SERVER_FILES: `${good}:${failing}`,
        RED5_SERVER_RELOAD: `cat {file} >/dev/null; ps -eo args >> ${started}; test {file} = ${good}`,
        RED5_SERVER_PROBE: 'http://127.0.0.1:9/live',
        RTCSTATS_SERVER_FILES: join(folder, 'broken.yaml'),
      };
      const output: string[] = [];
      const events = ['advance', 'advance', 'start', 'advance', 'abort', 'status', 'emergency', 'advance'];
      for (const action of events) {
        const event =
          action === 'emergency'
            ? { action: 'start', emergency: true, targets: ['red5', 'jitsi', 'rtcstats'] }
            : { action, ...(action === 'start' && { confirmServersFollow: true }) };
        output.push(await runBuilt(event, env));
        clock += 1000;
      }

      const secrets = ['red5', 'jitsi', 'rtcstats'].flatMap((name) =>
        valuesOf(endpoint, `streampass/local/${name}`),
      );
      expect(secrets.length).toBeGreaterThanOrEqual(9);
      expect(readFileSync(good, 'utf8')).toContain(secrets[2]);
      const files = readdirSync(folder).filter((name) => !name.endsWith('.properties'));
      const shown = [...output, ...files.map((name) => readFileSync(join(folder, name), 'utf8'))].join('\n');
      expect(shown).toContain('the reload command failed');
      expect(shown).toContain('"RotationProblem"');
      // The arguments were really looked at.
      expect(readFileSync(started, 'utf8')).toContain('ps -eo args');
      for (const secret of secrets) {
        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(Buffer.from(secret).toString('base64'));
      }
    } finally {
      await endpoint.close();
      rmSync(folder, { recursive: true });
    }
  },
);

function valuesOf(
  endpoint: Awaited<ReturnType<typeof createSecretsManagerEndpoint>>,
  SecretId: string,
): string[] {
  const { output } = endpoint.execute('ListSecretVersionIds', { SecretId, IncludeDeprecated: true });
  const versions = (output?.['Versions'] ?? []) as { readonly VersionId: string }[];
  expect(new Set(versions.map(({ VersionId }) => kidOf(VersionId))).size).toBe(versions.length);
  return versions.map(({ VersionId }) =>
    String(endpoint.execute('GetSecretValue', { SecretId, VersionId }).output?.['SecretString']),
  );
}

/** One invocation of the built function in a process of its own; resolves with all that it printed. */
function runBuilt(event: object, env: Record<string, string>): Promise<string> {
  const bundle = join(PROJECT, 'dist/functions/rotate.mjs');
  const script = `const { handler } = await import(${JSON.stringify(bundle)}); console.log(JSON.stringify(await handler(${JSON.stringify(event)})));`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env });
    const printed: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => printed.push(data));
    child.stderr.on('data', (data: Buffer) => printed.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(printed).toString('utf8');
      if (code === 0) resolve(text);
      else reject(new Error(`the function ended with ${code}: ${text.slice(0, 500)}`));
    });
  });
}
