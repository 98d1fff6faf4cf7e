import * as v from 'valibot';
import { decodeCwt, signCwt } from '../../cwt/cwt.ts';
import {
  CWT_CLAIMS,
  fromCwtClaims,
  readCoseHeader,
  toCwtClaims,
  toLabels,
  toNames,
  type Labels,
} from '../../cwt/labels.ts';
import { isJsonObject } from '../../jws/compact.ts';
import { plainText } from '../../options/schemas.ts';
import { ROOM_PATH } from '../../policy/room.ts';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims, TokenForm } from '../target.ts';

/** Options of a target whose servers, or whose CDN, take Common Access Tokens. */
export interface CatOptions extends TargetOptions {
  /** The path under which each room is a folder: `/live/`. A token for `lobby` is then good for `/live/lobby/…`. */
  readonly path: string;
  /** The `iss` of the tokens · default: none, which makes them shorter. */
  readonly issuer?: string;
  /** `ES256`, with public keys, or `HS256`, with several secrets by `kid`; default `ES256`. */
  readonly signing?: 'ES256' | 'HS256';
}

const schema: v.GenericSchema<unknown, CatOptions> = v.strictObject({
  ...targetOptions,
  path: v.pipe(
    v.string(),
    v.regex(
      /^\/(?:[A-Za-z0-9._~-]+\/)*$/,
      'must be a path that begins and ends with a slash, such as "/live/"',
    ),
  ),
  issuer: v.exactOptional(plainText),
  signing: v.exactOptional(v.picklist(['ES256', 'HS256'])),
});

/** The HTTP methods of each action: `read` fetches segments, `publish` pushes them or publishes by WHIP. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  read: ['GET', 'HEAD'],
  publish: ['POST', 'PUT', 'PATCH', 'DELETE'],
};

/**
 * A Common Access Token (CTA-5007): a CWT (RFC 8392) whose `catu` names the folder of one room and whose `catm` names the
 * methods. It has no `sub`: a CDN needs no name, and its id (`cti`) is in the audit line.
 *
 * @see CTA-5007-B, "Common Access Token"; RFC 8392; RFC 9052
 */
export const cat = defineTarget('cat', schema, (options) => {
  const signing = options.signing ?? 'ES256';
  return {
    signing,
    keys: signing === 'HS256' ? 'keyring' : 'jwks',
    longestToken: options.longestToken ?? 3600,
    actions: Object.keys(METHODS),
    transports: [],
    roomsPerToken: 1,
    roomsArePaths: true,
    takesSession: false,
    omitsIssuedAt: true,
    omitsForWhom: true,
    namesNobody: true,
    foldsRoomCase: false,
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    form: CAT_FORM,
    claims: (input) => toCatClaims(input, options),
    readClaims: (claims) => readCatClaims(claims, options),
  };
});

function toCatClaims({ grant }: ClaimsInput, { path, issuer }: CatOptions): ServerClaims {
  const folder = grant.rooms === '*' ? path : `${path}${grant.rooms[0] ?? ''}/`;
  return {
    ...(issuer !== undefined && { iss: issuer }),
    catu: { path: { prefix: folder } },
    catm: grant.actions.flatMap((action) => METHODS[action] ?? []),
  };
}

function readCatClaims({ iss, catu, catm }: ServerClaims, options: CatOptions): ClaimedGrant | undefined {
  const at = isJsonObject(catu) ? catu['path'] : undefined;
  const folder = isJsonObject(at) && Object.keys(at).length === 1 ? at['prefix'] : undefined;
  if (iss !== options.issuer || typeof folder !== 'string' || !folder.startsWith(options.path))
    return undefined;
  const room = folder.slice(options.path.length).replace(/\/$/, '');
  const isSound = room === '' || (ROOM_PATH.test(room) && folder.endsWith('/'));
  const actions = Object.keys(METHODS).filter((action) => METHODS[action]?.every((one) => isIn(catm, one)));
  const methods = actions.flatMap((action) => METHODS[action] ?? []);
  if (!isSound || actions.length === 0 || !Array.isArray(catm) || catm.length !== methods.length)
    return undefined;
  return { subject: '', actions, rooms: room === '' ? '*' : [room], transports: [] };
}

function isIn(list: unknown, value: string): boolean {
  return Array.isArray(list) && list.includes(value);
}

/** CTA-5007-B: the labels of its claims; within `catu`, of a URI's components and of the ways to match. */
const CLAIMS: Labels = { ...CWT_CLAIMS, catu: 312, catm: 313 };
const URI_COMPONENTS: Labels = { scheme: 0, host: 1, port: 2, path: 3, query: 4 };
const MATCHES: Labels = { exact: 0, prefix: 1, suffix: 2, contains: 3 };

const CAT_FORM: TokenForm = {
  name: 'CWT',
  write: ({ catu, ...claims }, key) => {
    const restricted = toLabels(catu, URI_COMPONENTS, (component) => toLabels(component, MATCHES));
    return signCwt(toCwtClaims({ ...claims, catu: restricted }, CLAIMS), key);
  },
  read: (token) => {
    const cwt = decodeCwt(token);
    if (cwt === undefined) return undefined;
    const { catu, ...claims } = fromCwtClaims(cwt.claims, CLAIMS);
    const restricted = toNames(catu, URI_COMPONENTS, (component) => toNames(component, MATCHES));
    return { header: readCoseHeader(cwt.header), claims: { ...claims, catu: restricted } };
  },
};
