import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction, FUNCTION_OPTIONS } from '../build/bundle.ts';
import type { Algorithm } from './scene.ts';

/** A way to do the whole job of an exchange. */
export interface Contestant {
  readonly name: string;
  /** Where its `handler` is, from the root of the repository. */
  readonly source: string;
  /** Whether it is bundled as streampass's functions are, with what makes them start fast; else as one usually does. */
  readonly tuned?: boolean;
  /** Whether it answers with claims that it verified before, and so does less than the job. */
  readonly remembersClaims?: true;
  /** Algorithms that its library cannot verify. */
  readonly lacks?: readonly Algorithm[];
}

/** What the others are measured by: the least that any program must do, unsafe. */
export const FLOOR: Contestant = { name: 'floor', source: 'bench/contestants/floor.ts' };
/** The function as it is deployed. */
export const STREAMPASS: Contestant = { name: 'streampass', source: 'functions/token.ts', tuned: true };
/** The floor as it starts where it is bundled as streampass is. */
export const TUNED_FLOOR: Contestant = { ...FLOOR, name: 'floor, bundled as streampass', tuned: true };

/** What one would write with well-known libraries instead. */
export const PEERS: readonly Contestant[] = [
  { name: 'jose', source: 'bench/contestants/jose.ts' },
  { name: 'jose + middy + Powertools', source: 'bench/contestants/jose-middy-powertools.ts' },
  { name: 'livekit-server-sdk + jose', source: 'bench/contestants/livekit.ts' },
  { name: 'aws-jwt-verify + jsonwebtoken', source: 'bench/contestants/aws-jwt-verify.ts' },
  { name: 'jsonwebtoken + jwks-rsa', source: 'bench/contestants/jsonwebtoken.ts', lacks: ['EdDSA'] },
  { name: 'fast-jwt', source: 'bench/contestants/fast-jwt.ts' },
  { name: 'fast-jwt, cached', source: 'bench/contestants/fast-jwt-cache.ts', remembersClaims: true },
];

/** A contestant made into the one file that runs. */
export interface Built extends Contestant {
  readonly file: string;
  readonly bytes: number;
  /** Bytes in the bundle by source file. */
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/** Bundles contestants into a folder of their own, which `remove` removes; all with the same settings but for `tuned`. */
export async function buildContestants(contestants: readonly Contestant[]): Promise<{
  readonly built: readonly Built[];
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-bench-'));
  const built = await Promise.all(
    contestants.map(async (contestant, index) => {
      const file = join(folder, `${index}.mjs`);
      const { outputs } = await bundle(contestant, file);
      const [output] = Object.values(outputs);
      return { ...contestant, file, bytes: output?.bytes ?? 0, inputs: output?.inputs ?? {} };
    }),
  );
  return { built, folder, remove: () => rm(folder, { recursive: true }) };
}

async function bundle({ source, tuned = false }: Contestant, outfile: string): Promise<Metafile> {
  const entryPoint = join(import.meta.dirname, '..', source);
  if (tuned) return bundleFunction(entryPoint, outfile);
  const { metafile } = await build({ ...FUNCTION_OPTIONS, entryPoints: [entryPoint], outfile });
  return metafile;
}
