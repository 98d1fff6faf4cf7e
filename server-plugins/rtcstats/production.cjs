'use strict';

/**
 * Settings for rtcstats-server that let it know several secrets at one time: it asks `jwtSecret` for the secret of each
 * token, and gets it by the token's `kid` from the key ring file, which is read again for each connection. Nothing has to be
 * restarted when a secret changes.
 *
 * Put it beside the server's own `config/default.yaml` (node-config reads it where NODE_ENV is `production`), and set
 * STREAMPASS_KEYRING to the path of the file where it is another one.
 *
 * @see https://github.com/node-config/node-config/wiki/Configuration-Files
 * @see https://github.com/auth0/node-jsonwebtoken#readme, `secretOrPublicKey` as a function
 */

const { readFileSync } = require('node:fs');

const FILE = process.env.STREAMPASS_KEYRING || '/etc/streampass/rtcstats.keyring.json';

/** RFC 7518 §3.2; an empty secret would let anybody in. */
const MINIMUM_SECRET_BYTES = 32;

/** What the file held when it was last in order; nothing before that. */
let ring = new Map();
let lastProblem;

function readRing() {
  try {
    const secrets = Object.entries(JSON.parse(readFileSync(FILE, 'utf8')));
    if (secrets.length === 0) throw new Error('it holds no secret');
    const sound = secrets.every(
      ([, secret]) => typeof secret === 'string' && Buffer.byteLength(secret) >= MINIMUM_SECRET_BYTES,
    );
    if (!sound) throw new Error('an entry is no secret of 32 bytes or more');
    ring = new Map(secrets);
    lastProblem = undefined;
  } catch (error) {
    // Not the message of a parser: it repeats what it read.
    const problem = error instanceof SyntaxError ? 'it is no JSON' : (error.code ?? error.message);
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
