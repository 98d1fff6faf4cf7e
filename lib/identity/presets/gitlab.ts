import * as v from 'valibot';
import { issuerAddress } from '../../options/schemas.ts';
import { tokenKind } from '../token-kind.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of GitLab. */
export interface GitlabOptions extends ProviderOptions {
  /** The address of the instance; default `https://gitlab.com`. */
  readonly url?: string;
}

const schema: v.GenericSchema<unknown, GitlabOptions> = v.strictObject({
  ...providerOptions,
  url: v.exactOptional(issuerAddress),
});

/** A CI job may ask for a token of the same issuer, for any audience, about a project instead of a user. */
const CLAIMS_OF_JOBS = ['job_id', 'pipeline_id', 'project_id'];

/**
 * GitLab, hosted or one's own. An ID token lists the groups that the user is a direct member of, by their paths. ID tokens of
 * CI jobs are refused: everybody who may run a job chooses its audience.
 *
 * @see GitLab documentation, "GitLab as OpenID Connect identity provider", "OpenID Connect (OIDC) authentication using ID
 *   tokens"
 */
export const gitlab = defineProvider('gitlab', schema, ({ url = 'https://gitlab.com' }) => ({
  issuer: url.replace(/\/$/, ''),
  keys: [`${url.replace(/\/$/, '')}/oauth/discovery/keys`],
  groups: 'groups_direct',
  kindOf: (header, claims) =>
    CLAIMS_OF_JOBS.some((name) => Object.hasOwn(claims, name)) ? undefined : tokenKind(header, claims),
}));
