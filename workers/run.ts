import { workerSigns } from '../contract/vital-signs.ts';
import { createCloud } from '../infra/aws/create-cloud.ts';
import { secretReader } from '../infra/aws/secret-reader.ts';
import { describeConfigProblems } from '../infra/environment.ts';
import { answerHealth } from '../infra/health.ts';
import { listen } from '../infra/http-server.ts';
import type { Stop } from '../infra/stop-signal.ts';
import { startTracing } from '../infra/watch/tracing.ts';
import { Vitals } from '../infra/watch/vitals.ts';
import { parseConfig } from './config.ts';
import { watchedSecrets } from './credentials/provider-secrets.ts';
import { createLog } from './log.ts';
import { Worker } from './worker.ts';

const EXIT_CONFIG = 78;

/** Exit codes: 78 the configuration is not usable, 1 could not start or failed, 0 stopped when asked. */
export async function runWorker(handOver: (stop: Stop) => void): Promise<void> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    process.stderr.write(`The worker's configuration is not usable:\n${describeConfigProblems(parsed.problems)}\n`);
    process.exit(EXIT_CONFIG);
  }

  const { config } = parsed;
  const log = createLog(config.logLevel);
  process.on('uncaughtException', (error) => {
    // State is unknown from here on; what was claimed becomes uncertain by the closers' hand.
    log.fatal({ err: error }, 'uncaught');
    process.exit(1);
  });
  const metricsLine = (line: string) => void process.stdout.write(`${line}\n`);
  const cloud = createCloud(config.cloud);
  const worker = new Worker({
    config,
    cloud,
    log,
    metricsLine,
    secrets: watchedSecrets({ config, env: process.env, valueOf: secretReader(config.cloud), log }),
    onMoved: () => stop('the pool serves another launch'),
  });
  const tracing = startTracing(
    { ...config, service: 'gobutton-worker' },
    { instance: worker.bootId, deployment: config.cloud.tablePrefix, log, nowMs: cloud.clock.nowMs },
  );
  const health = await listen(config.healthHost, config.healthPort, (request, response) =>
    answerHealth(request, response, () => worker.health()),
  );
  log.info({ pool: config.pool, bootId: worker.bootId, healthPort: health.port, pid: process.pid }, 'worker started');

  const vitals = new Vitals({
    service: 'worker',
    deployment: config.cloud.tablePrefix,
    write: metricsLine,
    look: () => workerSigns(worker.report()),
    nowMs: cloud.clock.nowMs,
  });

  let stopping = false;
  function stop(why: string): void {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    worker
      .stop()
      .then(() => health.close())
      .then(() => vitals.stop())
      .then(() => tracing?.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, 'stop failed');
          process.exit(1);
        },
      );
  }
  handOver(stop);

  await worker.start().catch((error: unknown) => {
    log.fatal({ err: error }, 'worker could not start');
    process.exit(1);
  });
}
