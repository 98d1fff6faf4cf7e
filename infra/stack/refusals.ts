import { isLocalhost } from '../../lib/config/deploy-options.ts';
import { formatProblem } from '../../lib/config/resolve-config.ts';
import type { StackContext } from './context.ts';
import { neededFunctions } from './functions.ts';

/**
 * Why a stage must not be deployed, although its configuration is sound: one line each, none if it may. The stage `local` is
 * never deployed: whoever develops may go without an issuer.
 */
export function refusals(context: StackContext, params: readonly string[]): readonly string[] {
  const { config, stage } = context;
  const { origins = [], localhostStages = [], vpc } = config.deploy;
  const functions = neededFunctions(context).map(([name]) => name);
  const line = (path: string, problem: string) => formatProblem({ path, problem });
  return [
    ...params.map(
      (param) =>
        `--param ${param}: no such parameter; the stack is described by streampass.config.ts (deploy), and docs/deploy.md lists its options`,
    ),
    ...(/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(stage)
      ? []
      : [`--stage ${stage}: must be 1 to 32 letters, digits or "-", beginning with a letter`]),
    ...(stage !== 'local' && config.issuers.length === 0
      ? [
          line(
            'issuers',
            `the stage ${stage} has no issuer, so nobody could get a token; the example takes one from OIDC_ISSUER and OIDC_AUDIENCE, or from COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID`,
          ),
        ]
      : []),
    ...origins.flatMap((origin, index) =>
      isLocalhost(origin) && stage !== 'local' && !localhostStages.includes(stage)
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
  ];
}
