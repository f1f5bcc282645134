import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { BAZAAR } from '../../infra/local/event/for-tests.ts';
import { readEvent } from '../../infra/local/event/local-event.ts';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { apns, csv, fcm } from '../../workers/audience/for-tests.ts';
import { play } from './play.ts';

/** One's own event, and one of the library, played to the end by real processes. */

/** Two texts that are tried against each other, and a fifth of the users that gets neither. */
const SPLIT_BAZAAR = BAZAAR.replace(
  '  default_locale: de\n',
  '  default_locale: de\n  variants: [{ id: a, share: 0.4 }, { id: b, share: 0.4 }]\n  hold_out: 0.2\n',
)
  .replace('Der Basar ist offen."', 'Der Basar ist offen.", variants: { b: { title: "Komm vorbei" } }')
  .replace('Le bazar est ouvert."', 'Le bazar est ouvert.", variants: { b: { title: "Viens voir" } }');

/** As docs/runbook.md says that anybody can work it out. */
const placeOf = (user: string): number => Number.parseInt(sha256(`bazaar/${user}`).slice(0, 12), 16) / 2 ** 48;

const folder = await mkdtemp(join(tmpdir(), 'gobutton-own-'));
afterAll(() => rm(folder, { recursive: true }));

test(
  'the flash sale plays itself: each country at its own moment, what is far enough ahead armed and by itself, every device once',
  { timeout: 200_000 },
  async () => {
    // New York two days later, which is less than a minute: the others are over before anything is ready.
    const file = join(folder, 'flash-sale.yaml');
    const text = await readFile(new URL('../../runbooks/library/flash-sale.yaml', import.meta.url), 'utf8');
    await writeFile(file, text.replace('us: 2027-11-26', 'us: 2027-11-28'));
    const event = await readEvent(file, 2);
    const { report, timelineText, recordText, states } = await play({ event, devices: 2_000, compress: 3_600 });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(2_000);
    expect(report.provider).toMatchObject({ received: 2_000, duplicates: 0 });
    expect(report.shots.map(({ segments }) => segments[0]?.slice(0, 2))).toEqual(['jp', 'de', 'gb', 'br', 'us']);
    expect(timelineText).toContain('short-checkout');
    const [entries] = JSON.parse(recordText) as [Entry[]];
    const last = entries.findLast((entry) => entry.kind === 'FireApproved');
    expect(last).toMatchObject({ by: { system: 'conductor' }, armed: { by: expect.any(String) as string } });
    expect(report.plan).toMatchObject({ isPlayed: true, refused: [], held: [], redAtGo: [] });
  },
);

test(
  "somebody's own runbook and list are rehearsed: what the list holds is what is sent, but to those who are held out",
  { timeout: 200_000 },
  async () => {
    const file = join(folder, 'bazaar.yaml');
    const list = join(folder, 'list.csv');
    await writeFile(file, SPLIT_BAZAAR);
    await writeFile(
      list,
      csv(
        ...Array.from({ length: 300 }, (_, n) =>
          n % 3 === 0 ? `u${n},android,${fcm(n)},fr,fr` : `u${n},ios,${apns(n)},de,${n % 2 === 0 ? 'de' : 'fr'}`,
        ),
      ),
    );
    const event = await readEvent(file, 1);
    const { report, timelineText, states } = await play({
      event,
      workers: 1,
      audience: { file: list, options: [], accept: false },
    });
    expect(verdictOf(report).faults).toEqual([]);
    const heldOut = Array.from({ length: 300 }, (_, n) => `u${n}`).filter((user) => placeOf(user) < 0.2).length;
    expect(states).toBe(300 - heldOut);
    expect(report.provider).toMatchObject({ received: 300 - heldOut, duplicates: 0 });
    expect(timelineText).toContain(`${heldOut} held out, on purpose`);
    expect(timelineText).toMatch(/variant a: \d+ accepted; variant b: \d+ accepted/);
    // In the order of their moments, what has none at T; nothing waits for a plan that does not run.
    expect(report.shots.map(({ segments }) => segments)).toEqual([['de-ios'], ['fr-android'], ['fr-ios']]);
  },
);
