import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BAZAAR } from '../../infra/local/event/for-tests.ts';
import { readEvent } from '../../infra/local/event/local-event.ts';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import { apns, csv, fcm } from '../../workers/audience/for-tests.ts';
import { play } from './play.ts';

/** One's own event, and one of the library, played to the end by real processes. */

const folder = await mkdtemp(join(tmpdir(), 'gobutton-own-'));
afterAll(() => rm(folder, { recursive: true }));

test(
  'the flash sale plays itself: each country at its own moment, every device once',
  { timeout: 200_000 },
  async () => {
    const event = await readEvent('flash-sale', 2);
    const { report, timelineText, states } = await play({ event, devices: 2_000, compress: 3_600 });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(2_000);
    expect(report.provider).toMatchObject({ received: 2_000, duplicates: 0 });
    expect(report.shots.map(({ segments }) => segments[0]?.slice(0, 2))).toEqual(['jp', 'de', 'gb', 'br', 'us']);
    expect(timelineText).toContain('short-checkout');
  },
);

test(
  "somebody's own runbook and list are rehearsed: what the list holds is what is sent",
  { timeout: 200_000 },
  async () => {
    const file = join(folder, 'bazaar.yaml');
    const list = join(folder, 'list.csv');
    await writeFile(file, BAZAAR);
    await writeFile(
      list,
      csv(
        ...Array.from({ length: 300 }, (_, n) =>
          n % 3 === 0 ? `u${n},android,${fcm(n)},fr,fr` : `u${n},ios,${apns(n)},de,${n % 2 === 0 ? 'de' : 'fr'}`,
        ),
      ),
    );
    const event = await readEvent(file, 1);
    const { report, states } = await play({ event, workers: 1, audience: { file: list, options: [], accept: false } });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(300);
    // In the order of their moments, what has none at T; nothing waits for a plan that does not run.
    expect(report.shots.map(({ segments }) => segments)).toEqual([['de-ios'], ['fr-android'], ['fr-ios']]);
  },
);
