/** One step of a room pattern: a character, `+` for a claim's value (one character or more), `*` for any rest. */
type Step = { readonly literal: string } | 'claim' | 'rest';

/**
 * Whether some room is matched by both patterns of a rule's `rooms`, for some values of the claims in them. The two patterns
 * are for different users, so the same claim may have different values.
 */
export function patternsMeet(one: string, other: string): boolean {
  return meet(toSteps(one), toSteps(other));
}

function toSteps(pattern: string): readonly Step[] {
  return (pattern.match(/\$\{[^${}]+\}|[^]/g) ?? []).map((part) =>
    part.length > 1 ? 'claim' : part === '*' ? 'rest' : { literal: part },
  );
}

/** Walks both patterns at once, through every pair of positions that some room can reach. */
function meet(steps: readonly Step[], others: readonly Step[]): boolean {
  const reached = new Set<string>();
  const waiting: (readonly [number, number])[] = [[0, 0]];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const [i, j] = place;
    const [a, b] = [steps[i], others[j]];
    if (a === undefined && b === undefined) return true;
    if (reached.has(`${i} ${j}`)) continue;
    reached.add(`${i} ${j}`);
    // The rest may be empty.
    if (a === 'rest') waiting.push([i + 1, j]);
    if (b === 'rest') waiting.push([i, j + 1]);
    if (a === undefined || b === undefined || !canBeSame(a, b)) continue;
    // Both accept the same character; a step that accepts several characters may continue.
    waiting.push([i + 1, j + 1]);
    if (typeof a === 'string') waiting.push([i, j + 1]);
    if (typeof b === 'string') waiting.push([i + 1, j]);
  }
  return false;
}

function canBeSame(a: Step, b: Step): boolean {
  if (typeof a === 'string' || typeof b === 'string') return true;
  return a.literal === b.literal;
}
