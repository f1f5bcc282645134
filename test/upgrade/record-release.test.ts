import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Context } from '../../bot/conductor/context.ts';
import { RollCall } from '../../bot/conductor/shots/roll-call.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { startStage } from '../worker-stage.ts';

/**
 * Writes down a launch of this release, for the tests of the next ones: GOBUTTON_RECORD_RELEASE=test/upgrade/<version>.json. Done
 * once a release, before anything is changed that crosses between processes.
 */
const out = process.env['GOBUTTON_RECORD_RELEASE'] ?? '';

/** Notes what is put into queues, and passes it on. */
function noted(cloud: Cloud, sent: { queue: string; body: string }[]): Cloud {
  const { queues } = cloud;
  const note = (queue: string, bodies: readonly string[]) => {
    for (const body of bodies) sent.push({ queue: queue.replace(/^.*?-(?=segments|batches)/, ''), body });
  };
  return Object.assign(cloud, {
    queues: {
      ...queues,
      send: (...args: Parameters<typeof queues.send>) => {
        note(args[0], args[1]);
        return queues.send(...args);
      },
      sendFifo: (...args: Parameters<typeof queues.sendFifo>) => {
        note(
          args[0],
          args[1].map(({ body }) => body),
        );
        return queues.sendFifo(...args);
      },
    },
  });
}

test.skipIf(out === '')('a launch of this release is written down', { timeout: 60_000 }, async () => {
  const messages: { queue: string; body: string }[] = [];
  const stage = await startStage();
  try {
    noted(stage.cloud, messages);
    const launch = await stage.newLaunch({ ios: 40, android: 20, batchSize: 10 });
    await launch.worker({}, { cloud: noted(createCloud(stage.cloudConfig), messages) });
    const shot = await launch.fire();
    const state = await stage.journal.launch(launch.id);
    if (state === null) throw new Error('RELEASE_EMPTY');
    const log = pino({ level: 'silent' });
    // All that it uses of a bot.
    const context = { cloud: stage.cloud, journal: stage.journal, nowMs: Date.now, log } as Context;
    await new RollCall(context).look(state);
    const roll = await stage.cloud.live.roll(launch.id);
    await launch.closed(shot.id);
    await stage.stopWorkers();
    const entries = await stage.cloud.record.readAfter(launch.id, 0);
    const { reports } = await stage.cloud.live.provenReports(launch.id);
    expect(messages.length).toBeGreaterThan(6);
    const release = { launchId: launch.id, entries, messages, reports: reports.map(({ text }) => text), roll };
    await writeFile(out, `${JSON.stringify(release, null, 1)}\n`);
  } finally {
    await stage.stop();
  }
});
