import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import pretty from 'pino-pretty';
import { logDestination } from '../infra/log-destination.ts';

/** Field names that hold device tokens or secrets, wherever in a line they stand. */
const SECRETS = [
  'token',
  'tokens',
  'authorization',
  'keyPem',
  'privateKey',
  'private_key',
  'access_token',
  'signature',
];

/** JSON lines on stdout, readable ones in a terminal. Tokens and secrets are replaced whatever object they are logged in. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { app: 'worker' },
    redact: {
      paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`), ...SECRETS.map((name) => `*.*.${name}`)],
      censor: '[redacted]',
    },
  };
  if (destination !== undefined) return pino(options, destination);
  return process.stdout.isTTY ? pino(options, pretty({ colorize: true })) : pino(options, logDestination());
}
