'use strict';

/**
 * Settings that let rtcstats-server know several secrets at one time. The server calls the function `jwtSecret` for each token.
 * It finds the secret by the token's `kid` in the key ring file, which it reads again for each connection. Nothing has to be
 * restarted when a secret changes.
 *
 * Put it beside the server's own `config/default.yaml` (node-config reads it if NODE_ENV is `production`). If the key ring file is
 * elsewhere, set STREAMPASS_KEYRING to its path.
 *
 * @see https://github.com/node-config/node-config/wiki/Configuration-Files
 * @see https://github.com/auth0/node-jsonwebtoken#readme, `secretOrPublicKey` as a function
 */

const { readFileSync } = require('node:fs');

const FILE = process.env.STREAMPASS_KEYRING || '/etc/streampass/rtcstats.keyring.json';

/** RFC 7518 §3.2; an empty secret would let anybody in. */
const MINIMUM_SECRET_BYTES = 32;

/** The content of the file when it was last valid; empty before that. */
let ring = new Map();
let lastProblem;

function readRing() {
  try {
    const secrets = Object.entries(JSON.parse(readFileSync(FILE, 'utf8')));
    if (secrets.length === 0) throw new Error('it holds no secret');
    const sound = secrets.every(
      ([, secret]) => typeof secret === 'string' && Buffer.byteLength(secret) >= MINIMUM_SECRET_BYTES,
    );
    if (!sound) throw new Error('an entry is not a secret of 32 bytes or more');
    ring = new Map(secrets);
    lastProblem = undefined;
  } catch (error) {
    // The parser's message is left out: it repeats what it read, which may be a secret.
    const problem = error instanceof SyntaxError ? 'it is not JSON' : (error.code ?? error.message);
    if (problem !== lastProblem) console.error(`streampass: ${FILE} is not used as it is: ${problem}`);
    lastProblem = problem;
  }
}

readRing();

module.exports = {
  authorization: {
    jwtSecret(header, done) {
      readRing();
      const secret = ring.get(header.kid);
      if (secret === undefined) done(new Error('no secret has this kid'));
      else done(null, secret);
    },
  },
};
