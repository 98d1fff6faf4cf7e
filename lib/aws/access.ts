type Env = Readonly<Record<string, string | undefined>>;

/** The region and credentials that a client of an AWS service needs. */
export interface AwsAccess {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** The region of the function; `us-east-1` if the environment has none. */
export function regionOf(env: Env): string {
  return env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
}

/** Region and credentials as Lambda puts them into the environment. No other source is used. */
export function awsAccess(env: Env): AwsAccess {
  return {
    region: regionOf(env),
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
    },
  };
}
