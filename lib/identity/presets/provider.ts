import * as v from 'valibot';
import type { JsonObject } from '../../jws/compact.ts';
import { isLoopback } from '../../oauth/loopback.ts';
import { filledText, oneOrMore, ownFunction, toArray } from '../../options/schemas.ts';
import { toGroupSources } from '../groups.ts';
import type { GroupClaim, Groups, GroupsFunction, GroupSource } from '../groups.ts';
import { defineIssuer } from '../issuer.ts';
import type { Issuer, TokenKind } from '../issuer.ts';
import { tokenKind } from '../token-kind.ts';

/** What every provider's options have in common, Cognito's too. */
export interface CommonOptions {
  /** The application's client id, or ids. */
  readonly clientId: string | readonly string[];
  /** Where groups are; each provider has its own default. */
  readonly groups?: Groups;
  /** The address of the provider's keys, if it is another one than usual. */
  readonly jwksUri?: string;
  /** Services that may exchange tokens of their own (client credentials), by rules with `subject: 'service'`; left out, none. */
  readonly services?: ServiceClients & Partial<ServiceAudience>;
}

/** The services of a provider. */
export interface ServiceClients {
  /** The services' own client ids. */
  readonly clientId: string | readonly string[];
}
interface ServiceAudience {
  /** What their tokens must be meant for: the identifier of your API at the provider. */
  readonly audience: string | readonly string[];
}
/** Which services may exchange their tokens, at a provider whose access tokens have an audience. */
export type ServicesOption = ServiceClients & ServiceAudience;

/** The options of a provider whose access tokens have an audience. */
export interface ProviderOptions extends CommonOptions {
  readonly services?: ServicesOption;
}

/** What sets one provider apart from any other OpenID provider. */
export interface Difference {
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** Other spellings of `iss`. */
  readonly alsoIssuers?: readonly string[];
  /** Addresses of its keys; left out, discovery finds them. */
  readonly keys?: readonly string[];
  /** Where its groups are unless the options say so; left out, nobody has a group. */
  readonly groups?: Groups;
  /** By claim, the form that a group in it must have to count. */
  readonly forms?: Readonly<Record<string, RegExp>>;
  /** Claims that its access tokens have and its ID tokens have not, for a provider that types both `JWT`. */
  readonly accessClaims?: readonly string[];
  /** Replaces what the token's types say. */
  readonly kindOf?: Issuer['kindOf'];
  /** Left out, ID tokens alone. */
  readonly exchanges?: readonly TokenKind[];
  /** Left out, `aud`. */
  readonly audienceClaim?: Issuer['audienceClaim'];
  readonly isService?: Issuer['isService'];
  readonly refuses?: Issuer['refuses'];
}

const groupClaim: v.GenericSchema<unknown, GroupClaim> = v.strictObject({
  claim: filledText,
  separator: v.exactOptional(v.pipe(v.string(), v.minLength(1, 'must not be empty'))),
});
const groupsFunction = ownFunction<GroupsFunction>();
const groupPlace = v.lazy((input): v.GenericSchema<unknown, string | GroupClaim | GroupsFunction> => {
  if (typeof input === 'function') return groupsFunction;
  return typeof input === 'object' && input !== null ? groupClaim : filledText;
});

/** Where groups are: see `Groups`. */
export const groupsOption: v.GenericSchema<unknown, Groups> = oneOrMore(groupPlace);

/** An address of keys: `https:`, or `http:` on loopback, which `defineIssuer` refuses to an issuer elsewhere. */
const keysAddress = v.pipe(
  v.string(),
  v.check((address) => {
    const url = URL.parse(address);
    const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
    return isSecure && !/[#\s]/.test(address) && url.username === '' && url.password === '';
  }, 'must be the https address of a JWK Set (http only on loopback)'),
  v.check(
    (address) => !/\/\.well-known\/(openid-configuration|oauth-authorization-server)/.test(address),
    'must be the address of the keys (jwks_uri in the discovery document), not the one of the discovery document',
  ),
);

/** The members of `ProviderOptions`, for a preset's schema. */
export const providerOptions = {
  clientId: oneOrMore(filledText),
  groups: v.exactOptional(groupsOption),
  jwksUri: v.exactOptional(keysAddress),
  services: v.exactOptional(
    v.strictObject({ clientId: oneOrMore(filledText), audience: oneOrMore(filledText) }),
  ),
};

/**
 * A preset of one provider: a schema of its options, and what sets it apart. All the rest is OpenID Connect: ID tokens alone
 * are exchanged, the client id is in `aud`, and keys are found by discovery.
 */
export function defineProvider<Options extends CommonOptions>(
  preset: string,
  schema: v.GenericSchema<unknown, Options>,
  differenceOf: (options: Options) => Difference,
): (options: Options) => Issuer {
  return defineIssuer(preset, schema, (options) => toIssuer(options, differenceOf(options)));
}

/** An issuer made of what all providers have in common and what sets this one apart. */
export function toIssuer(
  { clientId, groups, jwksUri, services }: CommonOptions,
  difference: Difference,
): Omit<Issuer, 'preset' | 'problems'> {
  const { accessClaims = [], forms = {}, isService, refuses } = difference;
  const places = groups ?? difference.groups;
  const sources = places === undefined ? [] : toGroupSources(places);
  return {
    issuer: difference.issuer,
    alsoIssuers: difference.alsoIssuers ?? [],
    audience: toArray(clientId),
    jwksUris: jwksUri === undefined ? (difference.keys ?? []) : [jwksUri],
    exchanges: difference.exchanges ?? ['id_token'],
    groupSources: sources.map((source) => inForm(source, forms)),
    kindOf: difference.kindOf ?? ((header, claims) => kindBy(accessClaims, header, claims)),
    audienceClaim: difference.audienceClaim ?? (() => 'aud'),
    ...(services && {
      services: {
        clientIds: toArray(services.clientId),
        audience: services.audience === undefined ? undefined : toArray(services.audience),
      },
    }),
    ...(isService && { isService }),
    ...(refuses && { refuses }),
  };
}

function inForm(source: GroupSource, forms: Readonly<Record<string, RegExp>>): GroupSource {
  if (typeof source === 'function') return source;
  const only = Object.hasOwn(forms, source.claim) ? forms[source.claim] : undefined;
  return only === undefined ? source : { ...source, only };
}

function kindBy(
  accessClaims: readonly string[],
  header: JsonObject,
  claims: JsonObject,
): TokenKind | undefined {
  return accessClaims.some((name) => Object.hasOwn(claims, name))
    ? 'access_token'
    : tokenKind(header, claims);
}
