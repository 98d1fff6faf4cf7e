import { attribute, ref, type Resources, type Value } from './cloudformation.ts';
import { isLivekitServed, type StackContext } from './context.ts';
import { neededFunctions } from './functions.ts';

/** The optional domain. */
export function apiResources({ config }: StackContext): Resources {
  const { domain } = config.deploy;
  if (domain === undefined) return {};
  return {
    Domain: {
      Type: 'AWS::ApiGatewayV2::DomainName',
      Properties: {
        DomainName: domain.name,
        DomainNameConfigurations: [
          {
            CertificateArn: domain.certificateArn,
            EndpointType: 'REGIONAL',
            SecurityPolicy: 'TLS_1_2',
          },
        ],
      },
    },
    DomainMapping: {
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      DependsOn: ['HttpApiStage'],
      Properties: { ApiId: ref('HttpApi'), DomainName: ref('Domain'), Stage: '$default' },
    },
  };
}

/**
 * What the stack adds to osls's API: the throttling of each route (API Gateway answers 429 past it), and whether
 * its default address answers. Metrics of single routes are off: they would be charged one by one.
 */
export function apiExtensions(context: StackContext): Readonly<Record<string, Value>> {
  const routes = neededFunctions(context).flatMap(([, row]) => Object.entries(row.routes ?? {}));
  return {
    HttpApi: {
      Properties: { DisableExecuteApiEndpoint: context.config.deploy.defaultEndpoint === false },
    },
    HttpApiStage: {
      // A route's settings can be created only after the route.
      DependsOn: routes.map(([route]) => routeId(route)),
      Properties: {
        DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
        RouteSettings: Object.fromEntries(
          routes.map(([route, throttle]) => {
            const { rate, burst } = typeof throttle === 'function' ? throttle(context) : throttle;
            return [route, { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }];
          }),
        ),
      },
    },
  };
}

/** The logical id that osls gives to a route: `POST /red5/{key}/validateCredentials` is `HttpApiRoutePostRed5KeyVarValidatecredentials`. */
export function routeId(route: string): string {
  const parts = route.split('/').map((part) => {
    const plain = part
      .toLowerCase()
      .replaceAll('-', 'Dash')
      .replace(/\{(.*)\}/, '$1Var')
      .replace(/[^0-9A-Za-z]/g, '');
    return plain.charAt(0).toUpperCase() + plain.slice(1);
  });
  return `HttpApiRoute${parts.join('')}`;
}

/** The pages that may call the API; `false`: none. The functions themselves do not handle CORS. */
export function corsOf(context: StackContext): Value {
  const { config, page } = context;
  const { origins = [], allowedHeaders = [] } = config.deploy;
  const allowedOrigins = [...new Set([...(page === undefined ? [] : [page]), ...origins])];
  if (allowedOrigins.length === 0) return false;
  return {
    allowedOrigins,
    allowedHeaders: [
      ...new Set([
        'content-type',
        // The sign-in of whoever asks `/livekit/token`.
        ...(isLivekitServed(context) ? ['authorization'] : []),
        ...allowedHeaders.map((name) => name.toLowerCase()),
      ]),
    ],
    allowedMethods: ['GET', 'POST'],
    exposedResponseHeaders: ['retry-after'],
    maxAge: 600,
  };
}

/** Addresses and names for those who set up DNS and other APIs. */
export function apiOutputs({ config, stage }: StackContext): Readonly<Record<string, Value>> {
  return {
    // What a CNAME or alias record of the domain has to point to.
    ...(config.deploy.domain !== undefined && {
      DomainTarget: { Value: attribute('Domain', 'RegionalDomainName') },
    }),
    AuthorizerArn: {
      Value: attribute('AuthorizerLambdaFunction', 'Arn'),
      Export: { Name: `streampass-${stage}-AuthorizerArn` },
    },
  };
}
