import { expect, test } from 'vitest';
import type { Appended } from '../infra/aws/journal.ts';
import type { Command } from '../runbooks/launch/commands.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { correctClosed, correctShot } from './correct.ts';
import type { LateAccount } from './correct.ts';

/** What a correction says. That the record takes it, once: close.test.ts and attempts.test.ts, with real stores. */

const COUNT = 4;
const account = (states: AttemptState[], reasons = {}) => toAccount(Uint8Array.from(states, stateCode), reasons);
const late = (change: Partial<LateAccount> = {}): LateAccount => ({
  launchId: 'l',
  shotId: 'S5',
  segment: 'ios',
  attempt: 2,
  batch: 'ios.0',
  holder: 1,
  count: COUNT,
  variant: null,
  closed: account(['uncertain', 'uncertain', 'uncertain', 'uncertain']),
  account: account(['accepted', 'failed', 'bad-token', 'late'], { Shutdown: 1, Unregistered: 1 }),
  ...change,
});

const none = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {} };
const standing = {
  segment: 'ios',
  attempt: 2,
  devices: 100,
  totals: {
    ...none,
    accepted: 80,
    failed: 10,
    uncertain: 10,
    reachable: 3,
    reasons: { Shutdown: 3, TopicDisallowed: 7 },
  },
};
/** A launch as far as a correction looks at it. */
const launchWith = (shot: object | undefined) =>
  ({ shots: shot === undefined ? {} : { S5: shot } }) as unknown as Launch;
const closedShot = {
  closed: { atMs: 1 },
  totals: [{ ...standing, segment: 'android', devices: 7 }, { ...standing, attempt: 1 }, standing],
};

/** A journal that takes everything, and what was submitted. */
function journalOf(...launches: (Launch | null)[]) {
  const submitted: Command[] = [];
  const answer = { ok: true } as Appended;
  return {
    submitted,
    looks: 0,
    answer,
    launch(this: { looks: number }, id: string) {
      if (id !== 'l') throw new Error(`asked for ${id}`);
      this.looks += 1;
      return Promise.resolve(launches[Math.min(this.looks, launches.length) - 1] ?? null);
    },
    append(
      this: { answer: Appended },
      id: string,
      command: Command | ((launch: Launch | null, nowMs: number) => Command),
    ) {
      if (id !== 'l' || typeof command !== 'function') throw new Error('unexpected');
      submitted.push(command(launches.at(-1) ?? null, 0));
      return Promise.resolve(this.answer);
    },
  };
}

async function corrected(change: Partial<LateAccount> = {}, shot: object = closedShot) {
  const journal = journalOf(launchWith(shot));
  await correctClosed(journal, late(change));
  const [command] = journal.submitted;
  if (command?.kind !== 'correct-shot' || journal.submitted.length !== 1) throw new Error('no correction');
  return command;
}

test("a correction moves exactly the batch's devices, and adds the reasons that its holder knows to those that stand", async () => {
  expect(await corrected()).toEqual({
    kind: 'correct-shot',
    shotId: 'S5',
    batch: 'ios.0',
    segments: [
      {
        segment: 'ios',
        attempt: 2,
        devices: 100,
        totals: {
          ...none,
          accepted: 81,
          failed: 12,
          uncertain: 6,
          late: 1,
          reachable: 4,
          reasons: { Shutdown: 4, TopicDisallowed: 7, Unregistered: 1 },
        },
      },
    ],
  });
});

test("what the holder does not know of stays as the closer said, and a later holder's part has its own name", async () => {
  const { batch, segments } = await corrected({
    holder: 2,
    closed: account(['absent', 'uncertain', 'failed', 'uncertain']),
    account: account(['accepted', 'accepted', 'accepted', 'absent']),
  });
  expect(batch).toBe('ios.0~2');
  expect(segments[0]?.totals).toMatchObject({ accepted: 82, failed: 9, uncertain: 9, reachable: 2 });
});

test("reasons of the closer's word go with its devices", async () => {
  const { segments } = await corrected({
    closed: account(['failed', 'uncertain', 'uncertain', 'uncertain'], { Shutdown: 1 }),
    account: account(['failed', 'accepted', 'accepted', 'accepted'], { TopicDisallowed: 1 }),
  });
  expect(segments[0]?.totals).toMatchObject({ accepted: 83, reasons: { Shutdown: 2, TopicDisallowed: 8 } });
});

test("a batch's devices move in its variant too, and in no other; without variants nothing is said of any", async () => {
  const variants = ['a', 'b'].map((variant) => ({
    variant,
    devices: 50,
    totals: { ...none, accepted: 40, uncertain: 10 },
  }));
  const [one] = (await corrected({ variant: 'b' }, { ...closedShot, totals: [{ ...standing, variants }] })).segments;
  expect(one?.variants).toEqual([
    variants[0],
    {
      variant: 'b',
      devices: 50,
      totals: {
        ...none,
        accepted: 41,
        failed: 2,
        uncertain: 6,
        late: 1,
        reachable: 1,
        reasons: { Shutdown: 1, Unregistered: 1 },
      },
    },
  ]);
  expect((await corrected()).segments[0]).not.toHaveProperty('variants');
});

test('within reach is said of somebody alone', async () => {
  const shot = { ...closedShot, totals: [{ ...standing, totals: { ...none, accepted: 96, uncertain: 4 } }] };
  const [one] = (await corrected({}, shot)).segments;
  expect(one?.totals).toMatchObject({ accepted: 97, failed: 2, reachable: 1 });
  const nobody = account(['accepted', 'accepted', 'accepted', 'bad-token']);
  const [other] = (await corrected({ account: nobody }, shot)).segments;
  expect(other?.totals).not.toHaveProperty('reachable');
});

test('a shot without totals of that attempt is a fault that says so', async () => {
  for (const shot of [{ closed: {}, totals: [{ ...standing, attempt: 1 }] }, { closed: {}, totals: null }, undefined]) {
    const journal = journalOf(launchWith(shot));
    await expect(async () => correctClosed(journal, late())).rejects.toThrow(
      'TOTALS_MISSING: shot S5 has none for ios',
    );
  }
  await expect(async () => correctClosed(journalOf(null), late())).rejects.toThrow('TOTALS_MISSING');
});

test('what is so already is nothing to correct; any other refusal is for the caller', async () => {
  const journal = journalOf(launchWith(closedShot));
  journal.answer = { ok: false, code: 'ALREADY_SO', say: '' };
  expect(await correctClosed(journal, late())).toBeNull();
  journal.answer = { ok: false, code: 'TOTALS_WRONG', say: 'no' };
  expect(await correctClosed(journal, late())).toEqual({ ok: false, code: 'TOTALS_WRONG', say: 'no' });
});

test('a shot that is open is waited for, until it is closed or the wait is ended', async () => {
  const open = { ...closedShot, closed: null };
  const journal = journalOf(null, launchWith(undefined), launchWith(open), launchWith(closedShot));
  expect(await correctShot(journal, late(), AbortSignal.timeout(5_000), 1)).toBe(journal.answer);
  expect([journal.looks, journal.submitted.length]).toEqual([4, 1]);

  const ended = new AbortController();
  const waiting = journalOf(launchWith(open));
  const correcting = correctShot(waiting, late(), ended.signal, 600_000);
  await Promise.resolve();
  ended.abort();
  expect(await correcting).toBeNull();
  expect([waiting.looks, waiting.submitted.length]).toEqual([1, 0]);
});
