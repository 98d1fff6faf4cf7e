/**
 * Whether a request that waits for this start has as much CPU as the start: then work that the request may not need is best
 * left to it. With provisioned concurrency no request waits.
 *
 * @see AWS Lambda Developer Guide, "Configure Lambda function memory": 1,769 MB are one vCPU
 */
export function hasWholeCpu(env: Readonly<Record<string, string | undefined>>): boolean {
  return (
    env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'on-demand' &&
    Number(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']) >= 1769
  );
}
