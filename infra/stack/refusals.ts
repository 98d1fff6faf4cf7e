import { isLocalhost } from '../../lib/config/deploy-options.ts';
import { formatProblem } from '../../lib/config/resolve-config.ts';
import type { StackContext } from './context.ts';
import { neededFunctions, TRACEABLE } from './functions.ts';

/** The region of a deployment, and the values of `--param`. */
interface Deployment {
  readonly region: string;
  readonly params: readonly string[];
}

/** The reasons that a stage must not be deployed although its configuration is sound, one line each; none if it may. */
export function refusals(context: StackContext, { region, params }: Deployment): readonly string[] {
  const { config, stage } = context;
  const { origins = [], localhostStages = [], vpc, telemetry } = config.deploy;
  const functions = neededFunctions(context).map(([name]) => name);
  const line = (path: string, problem: string) => formatProblem({ path, problem });
  return [
    ...params.map(
      (param) =>
        `--param ${param}: no such parameter; the stack is described by streampass.config.ts (deploy), and docs/deploy.md lists its options`,
    ),
    ...(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(stage)
      ? []
      : [
          // Names in IAM ignore case, so prod and Prod would be one.
          `--stage ${stage}: must be 1 to 32 lower-case letters, digits or "-", beginning with a letter and not ending with "-"`,
        ]),
    ...(stage === 'local'
      ? ['--stage local: is the stage of npm start, which is never deployed; choose another name']
      : []),
    ...(config.issuers.length === 0
      ? [
          line(
            'issuers',
            `the stage ${stage} has no issuer, so nobody could get a token; the example takes one from OIDC_ISSUER and OIDC_AUDIENCE, or from COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID`,
          ),
        ]
      : []),
    ...(Object.keys(config.targets).length === 0
      ? [line('targets', `the stage ${stage} has no target, so there would be nothing to get a token for`)]
      : []),
    ...origins.flatMap((origin, index) =>
      isLocalhost(origin) && !localhostStages.includes(stage)
        ? [
            line(
              `deploy.origins[${index}]`,
              `${origin} is on localhost; name ${stage} in deploy.localhostStages if any page on anybody's machine may call this stage`,
            ),
          ]
        : [],
    ),
    ...(vpc?.functions ?? []).flatMap((name, index) =>
      functions.includes(name)
        ? []
        : [line(`deploy.vpc.functions[${index}]`, `must be one of ${functions.join(', ')}`)],
    ),
    ...(telemetry?.functions ?? []).flatMap((name, index) =>
      TRACEABLE.includes(name)
        ? []
        : [
            line(
              `deploy.telemetry.functions[${index}]`,
              `must be one of ${TRACEABLE.join(', ')}: an address that the others get or ask can hold a secret`,
            ),
          ],
    ),
    ...Object.keys(telemetry?.environment ?? {}).flatMap((name) =>
      TELEMETRY_VARIABLE.test(name)
        ? []
        : [
            line(
              `deploy.telemetry.environment.${name}`,
              'must be AWS_LAMBDA_EXEC_WRAPPER or begin with OTEL_ or OPENTELEMETRY_; no variable with HEADERS in its name, because these hold keys or make spans hold headers',
            ),
          ],
    ),
    ...stringsIn(config.deploy, 'deploy')
      .concat(Object.entries(config.targets).map(([name, { secret }]) => [`targets.${name}.secret`, secret]))
      .flatMap(([path, arn]) => {
        const [, there] = /^arn:[^:]*:[^:]*:([^:]+):/.exec(arn) ?? [];
        return there === undefined || there === region
          ? []
          : [line(path, `is in the region ${there}, and the stack in ${region}: name one of ${region}`)];
      }),
  ];
}

/** The variables that a layer reads, except those that hold a key or make it record headers. */
const TELEMETRY_VARIABLE = /^(AWS_LAMBDA_EXEC_WRAPPER|(OTEL|OPENTELEMETRY)_(?!.*HEADERS)[A-Z0-9_]+)$/;

/** The strings of options, each with its path. */
function stringsIn(value: unknown, path: string): (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    stringsIn(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`),
  );
}
