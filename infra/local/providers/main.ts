import { z } from 'zod';
import { ensureCredentials } from '../credentials.ts';
import { behaviour } from './behaviour.ts';
import { startProviders } from './start.ts';

/**
 * The providers as a process of their own: `node infra/local/providers/main.ts '<JSON>'`. Prints one line of
 * JSON {apnsUrl, fcmUrl, tokenUrl, controlUrl} when ready; stops on SIGTERM and SIGINT.
 */

const port = z.number().int().min(0).max(65_535).default(0);
const optionsShape = z.strictObject({
  /** Made there if missing. */
  credentialsDir: z.string(),
  /** Where counts outlive the process; absent: nowhere. */
  dataDir: z.string().nullable().default(null),
  /** Wished ports; a taken one is replaced by a free one. 0 (default): any free one. */
  apnsPort: port,
  fcmPort: port,
  controlPort: port,
  behaviour: behaviour.optional(),
  /** Of loopback, all with the same port. Default 127.0.0.1. */
  addresses: z.tuple([z.string()], z.string()).optional(),
  /** First part of the control API's paths, so that it outlives a restart; absent: a random one. */
  controlToken: z
    .string()
    .regex(/^[0-9a-f]{16,}$/)
    .optional(),
});

function optionsFrom(text: string | undefined): z.output<typeof optionsShape> {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '');
  } catch {
    given = undefined;
  }
  const parsed = optionsShape.safeParse(given);
  if (parsed.success) return parsed.data;
  process.stderr.write(
    `providers: the argument must be JSON like {"credentialsDir": "…"}, found ${text ?? 'none'}:\n${z.prettifyError(parsed.error)}\n`,
  );
  process.exit(2);
}

const { credentialsDir, behaviour: wished, controlToken, addresses, ...options } = optionsFrom(process.argv[2]);
const providers = await startProviders({
  ...options,
  credentials: await ensureCredentials(credentialsDir),
  ...(wished === undefined ? {} : { behaviour: wished }),
  ...(controlToken === undefined ? {} : { controlToken }),
  ...(addresses === undefined ? {} : { addresses }),
});
const { apnsUrl, fcmUrl, tokenUrl, controlUrl } = providers;
process.stdout.write(`${JSON.stringify({ apnsUrl, fcmUrl, tokenUrl, controlUrl })}\n`);

const stop = (): void => {
  providers.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`providers: stopping failed: ${String(error)}\n`);
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
