import type { TargetRotationOptions } from '../rotation/options.ts';
import type { Identity } from '../identity/identity.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import type { SigningKey } from '../jws/sign.ts';
import type { OptionProblem } from '../options/check-options.ts';
import type { Grant, Transport } from '../policy/grant.ts';

/**
 * How many keys a target's servers accept at one time, which decides how its secret is rotated:
 * `single`, one secret, changed by a reload, so a fallback token is needed; `keyring`, several secrets by `kid` from a
 * file of ours; `jwks`, several public keys that the servers fetch themselves.
 */
export type KeyDistribution = 'single' | 'keyring' | 'jwks';

/**
 * `public`, the provider's subject; or pairwise (OpenID Connect Core 1.0 §8.1), an HMAC under a salt of 32 characters or
 * more, so that two targets cannot find out that they serve the same user.
 */
export type SubjectForm = 'public' | { readonly pairwiseSalt: string };

/** From what a target's claims are made. */
export interface ClaimsInput {
  readonly grant: Grant;
  readonly identity: Identity;
  /** The subject as this target may see it: the provider's, or a pairwise one. */
  readonly subject: string;
  /** The session id asked for, or a fresh one. */
  readonly session: string;
  /** The session id asked for. */
  readonly namedSession?: string;
  /** The id of the key that signs. */
  readonly kid: string;
}

/** Claims in a server's own names; `iat`, `exp` and `jti` are added by the signer. */
export type ServerClaims = Readonly<Record<string, unknown>>;

/** What a token of a target allows, read back from its claims. */
export interface ClaimedGrant {
  /** The user, as this target sees them; empty if its tokens name nobody. */
  readonly subject: string;
  readonly actions: readonly string[];
  readonly rooms: readonly string[] | '*';
  /** Empty for a target that knows no transports. */
  readonly transports: readonly string[];
  readonly session?: string;
}

/** How `rotate` reaches a target's servers. */
export type Fleet =
  | {
      readonly by: 'files';
      /** Paths of the servers' config files, one a node. */
      readonly files: readonly string[];
      /** A command run after a change; `{file}` in it stands for the path. */
      readonly reload?: string;
      /** Addresses that a probe token is tried on before a promotion. */
      readonly probe?: readonly string[];
    }
  | {
      readonly by: 'ssm';
      /** The tag that selects the instances. */
      readonly tag: { readonly key: string; readonly value: string };
      /** The name of the Systems Manager document that runs the agent. */
      readonly document: string;
      /** A role of another account in which the instances are; it must trust `rotate`. */
      readonly roleArn?: string;
      readonly probe?: readonly string[];
    }
  | {
      /** Servers anywhere, whose agents follow the rotation and report. */
      readonly by: 'reported';
      /** Seconds after which a server that reports nothing counts as gone; default 24 h. */
      readonly goneAfter?: number;
      readonly probe?: readonly string[];
    };

/** A fleet as the configuration has it. The default of `document` is the deployment's own document. */
export type FleetOptions =
  | Exclude<Fleet, { readonly by: 'ssm' }>
  | (Omit<Extract<Fleet, { readonly by: 'ssm' }>, 'document'> & { readonly document?: string });

/** Who holds the keys of a target and signs, as `kms()` makes it. */
export interface SignerOptions {
  readonly by: 'kms';
  /** The beginning of the aliases of the keys · default `alias/streampass/STAGE/TARGET`. */
  readonly keyId?: string;
  /** The problems of its options, and those of using it as the signer of the target `name`. */
  problems(targets: Readonly<Record<string, ConfiguredTarget>>, name: string): readonly OptionProblem[];
}

/** The signer of a configured target: each option is set. */
export type Signer = Required<SignerOptions>;

/** The stream that an encoder publishes, and its room. */
export interface WhipPlace {
  readonly room: string;
  readonly stream: string;
}

/** The address of one node, with this token in it. */
export type AddressWith = (token: string) => string;

/** Another form of token than a signed JWT. */
export interface TokenForm {
  /** What it is called: `CWT`. */
  readonly name: string;
  /** The token of these claims, signed with a key. Claims that the form cannot hold are left out. */
  readonly write: (claims: ServerClaims, key: SigningKey) => Promise<string>;
  /** Set if the key of its MAC is not the shared secret, but is derived from it. */
  readonly derivesKey?: true;
  /** Takes a token apart without verifying it; `undefined` if it does not have this form. */
  readonly read: (
    token: string,
  ) => { readonly header: ServerClaims; readonly claims: ServerClaims } | undefined;
}

/** One kind of media server, configured: the only thing that knows that server's claims and limits. */
export interface Target {
  /** The server's kind, such as `red5`; names its config format and its probe. */
  readonly kind: string;
  /** Name or ARN of its secret in Secrets Manager; absent: `streampass/STAGE/TARGET`. */
  readonly secret?: string;
  readonly signing: SigningAlgorithm;
  readonly keys: KeyDistribution;
  /** The longest lifetime that the servers accept, in seconds. */
  readonly longestToken: number;
  /** The server's own limit on a lifetime measured at its clock, in seconds; absent if it has none. */
  readonly serverLimit?: number;
  /** The actions it knows, in the order in which `scope` lists them. */
  readonly actions: readonly string[];
  /** Actions that are useless without another one: `moderate` needs `join`. */
  readonly needs?: Readonly<Record<string, string>>;
  /** The transports it knows; empty if it knows none and ignores the parameter. */
  readonly transports: readonly Transport[];
  /**
   * Set if a token is good over every transport, so that no rule can allow only some of them. A request may still name
   * transports: the token must then fit into their addresses.
   */
  readonly ignoresTransports?: true;
  /** Set if a token holds exactly one action. */
  readonly oneAction?: true;
  /** Set if a token must name its rooms, so that none can be good for every room. */
  readonly namesRooms?: true;
  /** How many rooms one token can hold. */
  readonly roomsPerToken: number;
  /** Whether it reads the `session` parameter. */
  readonly takesSession: boolean;
  /** Set if a token has no `iat`, because a server whose clock is behind ours would refuse it. */
  readonly omitsIssuedAt?: true;
  /** Set if a token does not say for whom it is (`for`): its servers refuse what they do not know, or it has to be short. */
  readonly omitsForWhom?: true;
  /** Set if a token does not name its user, whom `readClaims` then gives as an empty string. */
  readonly namesNobody?: true;
  /** Absent for a signed JWT in compact form (RFC 7519). */
  readonly form?: TokenForm;
  /** Set if a token has `nbf`, the time from which it is good. */
  readonly notBefore?: true;
  /** Whether the server folds the case of room names, so that rules and requests must as well. */
  readonly foldsRoomCase: boolean;
  /** Set if a room may be a path of names, such as `live/cam1`. */
  readonly roomsArePaths?: true;
  /** Set if its servers can ask a callback about each token, which can then cap streams. */
  readonly asksAboutTokens?: true;
  /** Whether the servers see the provider's subject, or one of this target's own, made with a salt. */
  readonly subject: SubjectForm;
  /** The issuer that the servers expect in `iss`, if they check it. */
  readonly issuer?: string;
  readonly audience?: string;
  readonly domain?: string;
  /** Header members beyond `alg`, `typ` and `kid`; `kid` replaces ours. */
  readonly header?: Readonly<Record<string, string>>;
  /** False if another service gives the key its name, so that only an operator can change it. */
  readonly rotates?: false;
  /** How long its servers keep public keys, in seconds, if they ignore `cache-control`; absent if they obey it. */
  readonly publicKeyCache?: number;
  /**
   * The room of a stream, for a server that asks about a token and names only a stream; `undefined` if the name belongs to no
   * room.
   */
  readonly roomOfStream?: (stream: string) => string | undefined;
  /** Addresses of its servers' control API, which can end connections. */
  readonly control?: readonly string[];
  /** Set if the agents of its servers tell them who is denied, so that they end those sessions. */
  readonly kick?: true;
  readonly fleet?: FleetOptions;
  /** The service that holds its keys; absent if they are in its secret. */
  readonly signer?: SignerOptions;
  /** Options that override the configuration's `rotation`. */
  readonly rotation?: TargetRotationOptions;
  /** True if its servers sign tokens themselves with any key they hold, so that an old key stays one rotation longer. */
  readonly resignsTokens?: true;
  /** Where servers that keep public keys are asked to fetch them again after an emergency; addresses with their path. */
  readonly keyRefresh?: readonly string[];
  /** What an operator still has to do on its servers after an emergency, in one sentence. */
  readonly afterEmergency?: string;
  /**
   * Where an encoder publishes by WHIP, with a token in the address; absent if its servers take no token there, or if no
   * address is configured. It may ask for a node, and rejects if there is none.
   */
  readonly whipUrl?: (place: WhipPlace) => Promise<AddressWith>;
  /** Where LiveKit's clients connect; absent if it is not configured. With it, `POST /livekit/token` gives tokens of this target. */
  readonly livekitUrl?: string;
  /** What is wrong with its options. A target with problems is never used. */
  readonly problems: readonly OptionProblem[];
  /** The claims of a grant, in the server's own names, every restriction stated. */
  claims(input: ClaimsInput): ServerClaims;
  /** The inverse of `claims`; `undefined` if this target never issues such claims. */
  readClaims(claims: ServerClaims): ClaimedGrant | undefined;
}

/** A target of a resolved configuration: the defaults of `secret`, `fleet` and `signer` are filled in. */
export type ConfiguredTarget = Omit<Target, 'fleet' | 'signer'> & {
  readonly secret: string;
  readonly fleet?: Fleet;
  readonly signer?: Signer;
};
