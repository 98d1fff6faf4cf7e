import { VIEWING, byToken, partsOf, tokenOf, viewer } from './attack.ts';
import type { Attack } from './attack.ts';
import { CONCATENATED, PSS, by, byHmac, compact, encode, publicJwk, publicPem } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

const ALGORITHM = '400 invalid_request subject_token_algorithm';
const HEADER = '400 invalid_request subject_token_header';
const SIGNATURE = '400 invalid_request subject_token_signature';

const unsigned = (): Buffer => Buffer.alloc(0);

/** A viewer's token that calls itself signed by an algorithm, and carries no signature. */
function unsignedBy(alg: unknown): (issuer: TokenIssuer) => string {
  return (issuer) => compact({ alg, kid: 'rsa' }, viewer(issuer), unsigned);
}

/** A token of somebody who may do everything, under a good header but somebody else's key. */
function forged(header: Readonly<Record<string, unknown>>): (issuer: TokenIssuer) => string {
  return (issuer) =>
    compact(
      { alg: 'RS256', kid: 'rsa', ...header },
      { ...viewer(issuer), groups: ['moderators'] },
      by(issuer.keys.attacker),
    );
}

/** The order of P-256, at which a signature of zeros is hidden. */
const P256_ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');

const algorithms = byToken([
  ['signs nothing: none', unsignedBy('none'), ALGORITHM],
  ['signs nothing: None', unsignedBy('None'), ALGORITHM],
  ['signs nothing: NONE', unsignedBy('NONE'), ALGORITHM],
  ['signs nothing: nOnE', unsignedBy('nOnE'), ALGORITHM],
  ['names no algorithm', unsignedBy(undefined), ALGORITHM],
  ['names an empty algorithm', unsignedBy(''), ALGORITHM],
  ['names a null algorithm', unsignedBy(null), ALGORITHM],
  ['names a number as algorithm', unsignedBy(256), ALGORITHM],
  ['names a list of algorithms', unsignedBy(['RS256', 'none']), ALGORITHM],
  ['names an object as algorithm', unsignedBy({ toString: 'RS256' }), ALGORITHM],
  ['names the prototype as algorithm', unsignedBy('__proto__'), ALGORITHM],
  ['spells RS256 in lower case', unsignedBy('rs256'), ALGORITHM],
  ['adds a blank to RS256', unsignedBy('RS256 '), ALGORITHM],
  ['adds a NUL to RS256', unsignedBy('RS256\u0000'), ALGORITHM],
  ['encrypts to the public key', unsignedBy('RSA-OAEP'), ALGORITHM],
  ['uses a shared key directly', unsignedBy('dir'), ALGORITHM],
  [
    'keys HS256 with the public key’s PEM',
    (issuer) => compact({ alg: 'HS256', kid: 'rsa' }, viewer(issuer), byHmac(publicPem(issuer.keys.rsa))),
    ALGORITHM,
  ],
  [
    'keys HS256 with the public key’s JWK',
    (issuer) =>
      compact(
        { alg: 'HS256', kid: 'rsa' },
        viewer(issuer),
        byHmac(JSON.stringify(publicJwk(issuer.keys.rsa))),
      ),
    ALGORITHM,
  ],
  ['keys HS256 with nothing', (issuer) => compact({ alg: 'HS256' }, viewer(issuer), byHmac('')), ALGORITHM],
  ['signs by HS384', (issuer) => compact({ alg: 'HS384' }, viewer(issuer), byHmac('x', 'sha384')), ALGORITHM],
  ['signs by HS512', (issuer) => compact({ alg: 'HS512' }, viewer(issuer), byHmac('x', 'sha512')), ALGORITHM],
  [
    'signs by RS1, which is broken',
    (issuer) => compact({ alg: 'RS1', kid: 'rsa' }, viewer(issuer), by(issuer.keys.rsa, 'sha1')),
    ALGORITHM,
  ],
  [
    'signs by PS512, as may be',
    (issuer) => compact({ alg: 'PS512', kid: 'rsa' }, viewer(issuer), by(issuer.keys.rsa, 'sha512', PSS)),
    VIEWING,
  ],
  ['names ES512 without such a key', unsignedBy('ES512'), SIGNATURE],
  ['names ES256K, which no list has', unsignedBy('ES256K'), ALGORITHM],
  [
    'says RS256 and signs by RS512',
    (issuer) => compact({ alg: 'RS256', kid: 'rsa' }, viewer(issuer), by(issuer.keys.rsa, 'sha512')),
    SIGNATURE,
  ],
  [
    'says RS256 and signs by PS256',
    (issuer) => compact({ alg: 'RS256', kid: 'rsa' }, viewer(issuer), by(issuer.keys.rsa, 'sha256', PSS)),
    SIGNATURE,
  ],
  [
    'salts PS256 with nothing',
    (issuer) =>
      compact(
        { alg: 'PS256', kid: 'rsa' },
        viewer(issuer),
        by(issuer.keys.rsa, 'sha256', { ...PSS, saltLength: 0 }),
      ),
    SIGNATURE,
  ],
  ['names an elliptic key for RS256', (issuer) => tokenOf(issuer, {}, { kid: 'p256' }), SIGNATURE],
  ['names an RSA key for ES256', (issuer) => tokenOf(issuer, {}, { alg: 'ES256' }), SIGNATURE],
  ['names an RSA key for EdDSA', (issuer) => tokenOf(issuer, {}, { alg: 'EdDSA' }), SIGNATURE],
  [
    'signs ES256 in ASN.1',
    (issuer) => compact({ alg: 'ES256', kid: 'p256' }, viewer(issuer), by(issuer.keys.p256)),
    SIGNATURE,
  ],
  [
    'signs ES256 with zeros',
    (issuer) => compact({ alg: 'ES256', kid: 'p256' }, viewer(issuer), () => Buffer.alloc(64)),
    SIGNATURE,
  ],
  [
    'signs ES256 with the curve’s order',
    (issuer) =>
      compact({ alg: 'ES256', kid: 'p256' }, viewer(issuer), () => Buffer.concat([P256_ORDER, P256_ORDER])),
    SIGNATURE,
  ],
  [
    'signs ES384 with a key of P-256',
    (issuer) =>
      compact({ alg: 'ES384', kid: 'p256' }, viewer(issuer), by(issuer.keys.p256, 'sha384', CONCATENATED)),
    SIGNATURE,
  ],
  [
    'signs ES256 by a hash of its own choice',
    (issuer) =>
      compact({ alg: 'ES256', kid: 'p256' }, viewer(issuer), by(issuer.keys.p256, 'sha512', CONCATENATED)),
    SIGNATURE,
  ],
  [
    'signs by ES256, as may be',
    (issuer) =>
      compact({ alg: 'ES256', kid: 'p256' }, viewer(issuer), by(issuer.keys.p256, 'sha256', CONCATENATED)),
    VIEWING,
  ],
  [
    'signs by ES384, as may be',
    (issuer) =>
      compact({ alg: 'ES384', kid: 'p384' }, viewer(issuer), by(issuer.keys.p384, 'sha384', CONCATENATED)),
    VIEWING,
  ],
  [
    'signs by EdDSA, as may be',
    (issuer) => compact({ alg: 'EdDSA', kid: 'ed25519' }, viewer(issuer), by(issuer.keys.ed25519, null)),
    VIEWING,
  ],
  [
    'signs by PS256, as may be',
    (issuer) => compact({ alg: 'PS256', kid: 'rsa' }, viewer(issuer), by(issuer.keys.rsa, 'sha256', PSS)),
    VIEWING,
  ],
]);

const signatures = byToken([
  ['cuts the signature off', (issuer) => `${partsOf(issuer).header}.${partsOf(issuer).payload}.`, SIGNATURE],
  [
    'cuts the signature short',
    (issuer) => {
      const { header, payload, signature } = partsOf(issuer);
      return `${header}.${payload}.${signature.slice(0, 340)}`;
    },
    SIGNATURE,
  ],
  [
    'turns one bit of the signature',
    (issuer) =>
      compact({ alg: 'RS256', kid: 'rsa' }, viewer(issuer), (input) => {
        const signature = by(issuer.keys.rsa)(input);
        signature[17] = (signature[17] ?? 0) ^ 1;
        return signature;
      }),
    SIGNATURE,
  ],
  [
    'puts another payload under a good signature',
    (issuer) => {
      const { header, signature } = partsOf(issuer);
      return `${header}.${encode({ ...viewer(issuer), groups: ['moderators'] })}.${signature}`;
    },
    SIGNATURE,
  ],
  [
    'puts another header over a good signature',
    (issuer) => {
      const { payload, signature } = partsOf(issuer);
      return `${encode({ alg: 'RS256', kid: 'rsa', typ: 'JWT' })}.${payload}.${signature}`;
    },
    SIGNATURE,
  ],
  ['signs with a key of its own under our kid', forged({}), SIGNATURE],
  [
    'brings a key of its own (jwk)',
    (issuer) => forged({ jwk: publicJwk(issuer.keys.attacker) })(issuer),
    SIGNATURE,
  ],
  ['says where its keys are (jku)', forged({ jku: 'https://evil.example/jwks' }), SIGNATURE],
  ['says where its certificate is (x5u)', forged({ x5u: 'https://evil.example/cert' }), SIGNATURE],
  ['brings a certificate of its own (x5c)', forged({ x5c: ['MIIB'] }), SIGNATURE],
  ['demands an extension (crit)', (issuer) => tokenOf(issuer, {}, { crit: ['exp'] }), HEADER],
  ['demands nothing, which is forbidden (crit)', (issuer) => tokenOf(issuer, {}, { crit: [] }), HEADER],
  [
    'leaves the payload unencoded (b64)',
    (issuer) => tokenOf(issuer, {}, { b64: false, crit: ['b64'] }),
    HEADER,
  ],
  ['names a key by number', (issuer) => tokenOf(issuer, {}, { kid: 0 }), HEADER],
  ['names a key by null', (issuer) => tokenOf(issuer, {}, { kid: null }), HEADER],
  ['names keys by a list', (issuer) => tokenOf(issuer, {}, { kid: ['rsa'] }), HEADER],
  [
    'names no key where one alone fits, as may be',
    (issuer) => tokenOf(issuer, {}, { kid: undefined }),
    VIEWING,
  ],
  [
    'thumbprints another certificate, which nothing reads',
    (issuer) => tokenOf(issuer, {}, { x5t: 'x' }),
    VIEWING,
  ],
]);

/** Attacks on how a subject token is signed, and with which key. */
export const attacksOnTheSignature: readonly Attack[] = [...algorithms, ...signatures];
