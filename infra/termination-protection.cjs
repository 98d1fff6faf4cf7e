'use strict';

// `deploy.terminationProtection`: CloudFormation has no property for it, so it is set by a call after each deployment.

module.exports = function TerminationProtection(serverless) {
  this.hooks = {
    'after:deploy:deploy': async () => {
      const provider = serverless.getProvider('aws');
      await provider.request('CloudFormation', 'updateTerminationProtection', {
        StackName: provider.naming.getStackName(),
        EnableTerminationProtection: serverless.service.custom.terminationProtection,
      });
    },
  };
};
