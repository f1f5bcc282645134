import { resolve } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import pretty from 'pino-pretty';
import { createCloud } from '../infra/aws/create-cloud.ts';
import { createJournal } from '../infra/aws/journal.ts';
import { secretReader } from '../infra/aws/secret-reader.ts';
import { describeConfigProblems } from '../infra/environment.ts';
import { logDestination } from '../infra/log-destination.ts';
import type { Stop } from '../infra/stop-signal.ts';
import { startTracing } from '../infra/watch/tracing.ts';
import { Vitals } from '../infra/watch/vitals.ts';
import { parseConfig } from './config.ts';
import type { BotConfig } from './config.ts';
import { hasEnded, holderName } from './holder.ts';
import { startBot } from './start-bot.ts';

/** Exit codes: 1 could not start, 0 stopped when asked. Until it has started, a stop is an end at once: what was begun is repaired from the record. */
export async function runBot(handOver: (stop: Stop) => void): Promise<void> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    process.stderr.write(
      `gobutton bot can't start: ${parsed.problems.length} problem${parsed.problems.length === 1 ? '' : 's'} with its environment (see .env.example)\n${describeConfigProblems(parsed.problems)}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const log = createLog(parsed.config);
  const cloud = createCloud(parsed.config.cloud);
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    clock: cloud.clock,
    keyring: parsed.config.keyring,
  });
  const holder = holderName();
  const tracing = startTracing(
    { ...parsed.config, service: 'gobutton-bot' },
    { instance: holder, deployment: parsed.config.cloud.tablePrefix, log, nowMs: cloud.clock.nowMs },
  );
  try {
    const bot = await startBot({
      config: { ...parsed.config, runbooksDir: resolve(parsed.config.runbooksDir) },
      cloud,
      journal,
      holder,
      hasEnded: (other) => hasEnded(other, holder),
      log,
      reread: { env: process.env, valueOf: secretReader(parsed.config.cloud) },
    });
    const vitals = new Vitals({
      service: 'bot',
      deployment: parsed.config.cloud.tablePrefix,
      // In a terminal somebody reads the log.
      write: (line) => void (process.stdout.isTTY || process.stdout.write(`${line}\n`)),
      look: () => bot.signs(),
      nowMs: cloud.clock.nowMs,
    });
    handOver((signal) => {
      log.info({ signal }, 'stopping');
      bot
        .stop()
        .finally(() => vitals.stop())
        .finally(() => tracing?.stop())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            log.error({ err: error }, 'stopping failed');
            process.exit(1);
          },
        );
    });
  } catch (error) {
    log.fatal({ err: error }, 'the bot could not start');
    cloud.close();
    process.exitCode = 1;
  }
}

/** JSON lines; pretty in a terminal. Secrets and device tokens are redacted wherever they stand in a line. */
function createLog(config: BotConfig): Logger {
  const secret = ['token', 'botToken', 'appToken', 'signingSecret', 'authorization', 'secretAccessKey'];
  const options = {
    name: 'bot',
    level: config.logLevel,
    redact: { paths: secret.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]), censor: '[redacted]' },
  };
  return process.stdout.isTTY ? pino(options, pretty({ sync: true })) : pino(options, logDestination());
}
