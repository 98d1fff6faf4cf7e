/** jose in a middy handler, with the logger and the metrics of Powertools for AWS Lambda. */

import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { signByJose, verifyByJose } from './jose-parts.ts';
import { tokenHandler } from './whole-job.ts';
import type { TokenAnswer, TokenEvent } from './whole-job.ts';

const logger = new Logger({ serviceName: 'token' });
const metrics = new Metrics({ namespace: 'token', serviceName: 'token' });

export const handler = middy<TokenEvent, TokenAnswer>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(
    tokenHandler({
      verify: verifyByJose,
      sign: signByJose,
      log: (record) => {
        logger.info('exchange', { ...record });
        metrics.addMetric('TokensIssued', MetricUnit.Count, 1);
      },
    }),
  );
