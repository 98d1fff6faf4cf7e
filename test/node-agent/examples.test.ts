import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { expect, test } from 'vitest';
import { parseNodeReport } from '../../lib/fleet/node-report.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { VERSION } from '../../lib/version.ts';
import { ROOT } from '../support/project.ts';
import { AGENT, createMachine } from './machine.ts';

/** One container that runs the agent: its command line and its environment. */
interface AgentContainer {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Container {
  name: string;
  args?: string[];
  command?: string[];
  entryPoint?: string[];
  env?: { name: string; value?: string }[];
  environment?: { name: string; value: string }[];
}

const read = (path: string) => readFileSync(join(ROOT, 'examples', path), 'utf8');
const isAgent = ({ name }: { name: string }) => name.startsWith('streampass-');

function named(list: readonly { name: string; value?: string }[] = []): Record<string, string> {
  return Object.fromEntries(list.map(({ name, value = 'a-pod' }) => [name, value]));
}

function kubernetes(file: string): AgentContainer[] {
  const documents = parseAllDocuments(read(file), { merge: true }).map((one) => one.toJS() as unknown);
  const { spec } = documents.at(-1) as { spec: { template: { spec: { initContainers: Container[] } } } };
  return spec.template.spec.initContainers
    .filter(isAgent)
    .map(({ command = [], args = [], env }) => ({ command: [...command, ...args], env: named(env) }));
}

function ecs(): AgentContainer[] {
  const { containerDefinitions } = JSON.parse(read('ecs/task-definition.json')) as {
    containerDefinitions: Container[];
  };
  return containerDefinitions.filter(isAgent).map(({ entryPoint = [], command = [], environment }) => ({
    command: [...entryPoint, ...command],
    env: named(environment),
  }));
}

function compose(): AgentContainer[] {
  const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
    services: Record<string, { command: string[]; environment: Record<string, string> }>;
  };
  return Object.entries(services)
    .filter(([name]) => isAgent({ name }))
    .map(([, { command, environment: env }]) => ({ command, env }));
}

const examples: readonly (readonly [string, readonly AgentContainer[]])[] = [
  ['kubernetes/prosody.yaml', kubernetes('kubernetes/prosody.yaml')],
  ['kubernetes/rtcstats.yaml', kubernetes('kubernetes/rtcstats.yaml')],
  ['ecs/task-definition.json', ecs()],
  ['docker/compose.yaml', compose()],
];

test.each(examples)(
  '%s: boot fetches the ring and reports before the server starts',
  async (_, containers) => {
    const [boot, watch] = containers;
    expect(containers).toHaveLength(2);
    expect(boot?.command.at(-1)).toMatch(/boot\s*$/);
    expect(watch?.command.at(-1)).toMatch(/watch\s*$/);
    expect(watch?.env).toEqual(boot?.env);

    const kind = boot?.env['STREAMPASS_KIND'] ?? '';
    await using machine = await createMachine(kind);
    const current = machine.put('first-secret-first-secret-first-secret-1', 'AWSCURRENT');
    const reports: string[] = [];
    const api = createServer((request, response) => {
      reports.push(request.url ?? '');
      request.resume().on('end', () => response.end(JSON.stringify({ servers: current.versionId })));
    }).listen(0, '127.0.0.1');
    await once(api, 'listening');
    // Paths and addresses of this machine in the place of the example's; the rest is as it is there.
    const ring = join(machine.folder, 'ring');
    mkdirSync(ring);
    // As in an image, every user can run it; only root can make a file for another one.
    chmodSync(machine.folder, 0o755);
    const agent = join(machine.folder, 'streampass-node.mjs');
    copyFileSync(AGENT, agent);
    writeFileSync(join(ring, 'keyring.json'), '', { mode: 0o600 });
    const replaced = (text: string) =>
      text
        .replaceAll('/ring/', `${ring}/`)
        .replace('/usr/local/lib/streampass/streampass-node.mjs', agent)
        .replaceAll('-o 1000 -g 1000', process.geteuid?.() === 0 ? '-o 1000 -g 1000' : '');
    const command = boot!.command.map(replaced);
    const [program = '', ...args] = command[0] === 'sh' ? command : [process.execPath, agent, ...command];
    const child = spawn(program, args, {
      env: {
        ...machine.env,
        ...Object.fromEntries(Object.entries(boot!.env).map(([name, value]) => [name, replaced(value)])),
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        STREAMPASS_CONF_DIR: join(machine.folder, 'none'),
        STREAMPASS_SECRET: machine.arn,
        STREAMPASS_REPORT: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      },
    });
    let output = '';
    child.stdout.on('data', (part) => (output += String(part)));
    child.stderr.on('data', (part) => (output += String(part)));
    const [status] = (await once(child, 'close')) as [number];
    api.close();
    expect(status, output).toBe(0);
    expect(Object.keys(parseNodeReport(output)?.ring ?? {})).toEqual([kidOf(current.versionId)]);
    expect(reports).toEqual([`/nodes/${boot?.env['STREAMPASS_TARGET']}`]);
  },
);

test('systemd/red5.conf is settings that the agent takes', async () => {
  await using machine = await createMachine('red5');
  const text = read('systemd/red5.conf').replace(/^secret=.*$/m, `secret=${machine.arn}`);
  writeFileSync(
    join(machine.folder, 'etc/red5.conf'),
    text.replace(/^config=.*$/m, `config=${machine.config}`),
    { mode: 0o600 },
  );
  expect(await machine.run('observe', '--target', 'red5')).toMatchObject({
    status: 0,
    report: { problems: [] },
  });
});

test.each(examples.map(([file]) => file))(
  '%s: no image may change by itself, and the agents can write into their volume alone',
  (file) => {
    const text = read(file);
    const images = [...text.matchAll(/image"?: "?([^\s",]+)/g)].map(([, image]) => image ?? '');
    expect(images.filter((image) => image.includes('streampass-node'))).not.toEqual([]);
    for (const image of images)
      expect(image).toMatch(
        image.includes('streampass-node') ? `streampass-node:${VERSION}` : /:[a-z-]*\d[\d.-]*$/,
      );
    expect(text).toMatch(/(readOnlyRootFilesystem|"readonlyRootFilesystem"|read_only): true/);
  },
);
