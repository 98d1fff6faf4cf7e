/** One target in the report of the `rotate` function, as far as the page shows it. */
export interface TargetReport {
  readonly phase: string;
  readonly current: string | null;
  readonly fallback?: string;
  readonly nodes: readonly NodeReport[];
  readonly next: {
    readonly step: string;
    readonly reason: string;
    readonly at?: string;
    readonly why: string;
  };
  readonly problems?: readonly string[];
}

/** One server in it. */
export interface NodeReport {
  readonly node: string;
  readonly holds: string | null;
  readonly problem?: string;
}

/** What a button of the page asks for. */
export type RotationAction = 'start' | 'emergency' | 'abort';

type Reports = Readonly<Record<string, TargetReport>>;

/**
 * How the rotation stands, or how it stands after this action.
 *
 * @throws {Error} with what is wrong in one line
 */
export async function askRotation(action?: RotationAction, target?: string): Promise<Reports> {
  const response = await fetch('/rotation', {
    ...(action !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action, target }),
    }),
    signal: AbortSignal.timeout(30_000),
  });
  const { targets, problem } = (await response.json()) as { targets?: Reports; problem?: string };
  if (targets === undefined) throw new Error(problem ?? `the page's server answered ${response.status}`);
  return targets;
}
