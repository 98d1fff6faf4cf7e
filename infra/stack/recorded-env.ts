/** An environment that remembers which variables were read. */
export interface RecordedEnv {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The variables that were read and have a value. */
  readonly read: () => Readonly<Record<string, string>>;
}

/** Lambda sets these itself, and a deployment's own credentials must never reach a function. */
const NOT_OURS = /^(AWS_|LAMBDA_|_)/;

/**
 * What a configuration may read when it is packaged. Each function gets the variables that were read, so that it sees the
 * configuration that was packaged. An environment cannot be listed: a copy of all of it would hold the credentials of whoever
 * deploys.
 */
export function recordedEnv(env: Readonly<Record<string, string | undefined>>): RecordedEnv {
  const names = new Set<string>();
  const proxy = new Proxy(env, {
    get(target, name) {
      if (typeof name === 'string') names.add(name);
      return Reflect.get(target, name) as unknown;
    },
    ownKeys() {
      throw new TypeError('read the variables of `env` one by one, such as env.OIDC_ISSUER');
    },
  });
  return {
    env: proxy,
    read: () =>
      Object.fromEntries(
        [...names]
          .toSorted()
          .flatMap((name) => (env[name] && !NOT_OURS.test(name) ? [[name, env[name]]] : [])),
      ),
  };
}
