'use strict';

// The origins of the parameter `corsOrigins`, as the list that serverless.yml needs. (CommonJS: osls loads no other kind.)
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
