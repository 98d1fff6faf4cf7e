import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { expect, test } from 'vitest';
import { billOfMaterials, bundledPackages, licencesOf } from '../../build/bill-of-materials.ts';
import { bundleNodeAgent } from '../../build/bundle.ts';
import { PROJECT, ROOT } from '../support/project.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

async function shipped() {
  const meta = join(PROJECT, 'dist/meta');
  const functions = readdirSync(meta).map(
    (file) => JSON.parse(readFileSync(join(meta, file), 'utf8')) as Metafile,
  );
  const folder = await mkdtemp(join(tmpdir(), 'streampass-agent-'));
  try {
    const agent = await bundleNodeAgent(join(ROOT, 'node-agent/main.ts'), join(folder, 'agent.mjs'));
    return await bundledPackages([...functions, agent]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
const packages = await shipped();
const names = packages.map(({ name }) => name);

test('nothing that only development needs is in a bundle', () => {
  expect(names.filter((name) => name in manifest.devDependencies)).toEqual([]);
});

test('each dependency is in a bundle, or is asked for by an operator’s command, by kms(), or by a target whose tokens are CWTs', () => {
  const elsewhere = ['@aws-sdk/client-lambda', '@aws-sdk/client-kms', 'cborg'];
  const unused = Object.keys(manifest.dependencies).filter((name) => !names.includes(name));
  expect(unused.filter((name) => !elsewhere.includes(name))).toEqual([]);
});

test('the bill of materials names each package with its version, licence and hash', async () => {
  const bill = (await billOfMaterials(packages)) as {
    readonly components: readonly Record<string, unknown>[];
  };
  expect(bill.components).toHaveLength(packages.length);
  for (const component of bill.components) {
    expect(component).toMatchObject({
      purl: expect.stringMatching(/^pkg:npm\/.+@\d+\.\d+\.\d+/) as string,
      licenses: [
        { expression: expect.stringMatching(/^(Apache-2\.0|MIT|MIT-0|ISC|0BSD|BSD-3-Clause)$/) as string },
      ],
      hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) as string }],
    });
  }
});

test('the licences name each package, with the text that it asks for', () => {
  const text = licencesOf(packages);
  expect(packages.filter(({ name, version }) => !text.includes(`${name} ${version}`))).toEqual([]);
  expect(packages.filter(({ licenseText = '' }) => !/copyright/i.test(licenseText))).toEqual([]);
});

test('no package has a NOTICE file, which Apache-2.0 section 4 would have us hand on', () => {
  const noticeOf = (name: string) =>
    readdirSync(join(ROOT, 'node_modules', name)).filter((file) => /^notice/i.test(file));
  expect(names.flatMap(noticeOf)).toEqual([]);
});
