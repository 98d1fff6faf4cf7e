'use strict';

// Values of serverless.yml that its own syntax cannot express: lists, and variables that are there or not. (CommonJS: osls
// loads no other kind.) A variable without a value is left out: set to nothing it would reach a function as text.

exports.allowedOrigins = async ({ resolveVariable }) => {
  const origins = String(await resolveVariable('param:corsOrigins')).split(',');
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error(
        `corsOrigins: ${JSON.stringify(origin)} is no origin; write https://app.example.com, without a path and without blanks`,
      );
    }
  }
  return origins;
};

exports.everyFunction = async (serverless) => ({
  STREAMPASS_STAGE: await serverless.resolveVariable('sls:stage'),
  ...(await given(serverless, {
    OIDC_ISSUER: 'oidcIssuer',
    OIDC_AUDIENCE: 'oidcAudience',
    COGNITO_USER_POOL_ID: 'cognitoUserPoolId',
    COGNITO_CLIENT_ID: 'cognitoClientId',
    JITSI_DOMAIN: 'jitsiDomain',
    PUBLIC_URL: 'publicUrl',
  })),
});

exports.judgesTokens = async (serverless) => {
  if ((await serverless.resolveVariable('param:denyTable')) !== 'true') return {};
  return { DENY_TABLE: await serverless.resolveConfigurationProperty(['custom', 'denyTableName']) };
};

exports.callbacks = async (serverless) => ({
  ...(await exports.judgesTokens(serverless)),
  ...(await given(serverless, { RED5_CALLER_SECRET_ID: 'red5CallerSecret' })),
});

exports.authorizer = async (serverless) => ({
  ...(await exports.judgesTokens(serverless)),
  ...(await given(serverless, {
    AUTHORIZER_TARGETS: 'authorizerTargets',
    AUTHORIZER_CACHE_SECONDS: 'authorizerCacheSeconds',
  })),
});

exports.rotate = async (serverless) => ({
  SSM_DOCUMENT: await serverless.resolveConfigurationProperty(['custom', 'documentName']),
  ...(await given(serverless, {
    RED5_SERVER_TAG: 'red5ServerTag',
    JITSI_SERVER_TAG: 'jitsiServerTag',
    RTCSTATS_SERVER_TAG: 'rtcstatsServerTag',
    RED5_SERVER_PROBE: 'red5ServerProbe',
    JITSI_SERVER_PROBE: 'jitsiServerProbe',
    RTCSTATS_SERVER_PROBE: 'rtcstatsServerProbe',
  })),
});

async function given({ resolveVariable }, parameters) {
  const environment = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = await resolveVariable(`param:${parameter}`);
    if (value) environment[name] = String(value);
  }
  return environment;
}
