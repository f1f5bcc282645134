import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buttonsOf, readyLaunch, startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';

const HOUR_MS = 3_600_000;

describe('a time that depends on the person', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  it('creates nothing, is offered back in their zone, and the press creates', async () => {
    expect(await rig.ask(rig.ana, 'create Drill 14:30 compress 24 called “Dress rehearsal”')).toMatch(
      /14:30 in New York = 1[89]:30 UTC\?/,
    );
    expect(await rig.cloud.live.launches()).toEqual([]);
    expect(await rig.press(rig.ana, 'typed.again.0')).toContain('Created *Dress rehearsal*');
    const launch = await rig.launch();
    expect(launch).toMatchObject({ name: 'Dress rehearsal', compress: 24 });
    expect(new Date(launch.targetAtMs).toISOString()).toMatch(/T1[89]:30:00\.000Z$/);
    expect(launch.targetAtMs - rig.nowMs()).toBeLessThanOrEqual(25 * HOUR_MS);
    await rig.ask(rig.ana, 'close it was a test of times');
  });

  it('`2h` may count from now or from the target, and each has its button', async () => {
    const { targetAtMs } = await readyLaunch(rig);
    const answer = await rig.ask(rig.ana, 'move 2h because of overtime');
    expect(answer).toContain('Which is meant?');
    expect((await rig.launch()).targetAtMs).toBe(targetAtMs);
    expect(await rig.press(rig.ana, 'typed.again.1')).toContain('The target is');
    expect((await rig.launch()).targetAtMs).toBe(targetAtMs + 2 * HOUR_MS);
    expect(
      (await rig.journal.entries((await rig.launch()).id)).findLast((entry) => entry.kind === 'TargetMoved'),
    ).toMatchObject({ reason: 'of overtime' });
  });

  it('the press is for the one who was asked, and not for later', async () => {
    const { targetAtMs } = await rig.launch();
    await rig.ask(rig.ana, 'move tomorrow 6pm ET');
    const [button] = buttonsOf((await rig.ana.messages()).toReversed(), 'typed.again.0');
    const value = JSON.parse(button?.value ?? '{}') as Record<string, string>;
    expect(value).toMatchObject({
      typed: expect.stringMatching(/^move \d{4}-\d\d-\d\dT2[23]:00:00Z$/) as string,
      by: 'U0ONCALL',
    });
    rig.later(601_000);
    expect(await rig.press(rig.ana, 'typed.again.0', '"move 2')).toContain('The question is over');
    expect((await rig.launch()).targetAtMs).toBe(targetAtMs);
  });

  it.each([
    'create drill 2027-02-30T23:30Z',
    'move 2027-02-30T23:30Z',
    'move 30 Feb 2027 14:30',
    'move 02/07 14:30',
    'move in 1.500h',
    'move kickoff',
  ])('/go %s is refused with what is possible', async (typed) => {
    const { targetAtMs } = await rig.launch();
    expect(await rig.ask(rig.ana, typed)).toMatch(/February 2027 has 28 days|everybody reads the same/);
    expect((await rig.launch()).targetAtMs).toBe(targetAtMs);
  });
});

describe('when Slack does not say the zone', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({
      workspace: {
        scopes: [
          'commands',
          'chat:write',
          'channels:history',
          'channels:read',
          'groups:read',
          'pins:write',
          'files:write',
        ],
      },
    });
  });
  afterAll(() => rig.stop());

  it('nothing is guessed: the format is shown, and a zone that is typed is enough', async () => {
    expect(await rig.ask(rig.ana, 'create drill 14:30')).toContain(
      'because Slack did not say which one is yours: `14:30 UTC`',
    );
    expect(await rig.ask(rig.ana, 'create drill 14:30 Berlin')).toMatch(/14:30 in Berlin = 1[23]:30 UTC\?/);
    expect(await rig.cloud.live.launches()).toEqual([]);
    expect(await rig.ask(rig.ana, 'create drill in 2h')).toContain('Created');
  });
});

it(
  'Slack and AWS that hang hold nobody up: the zone, the form that asks why, and what runs',
  secondTry(A_WAIT),
  async () => {
    const rig = await startRig();
    const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
      const startMs = performance.now();
      const done = await work;
      expect(performance.now() - startMs).toBeLessThan(ms);
      return done;
    };
    try {
      await readyLaunch(rig);
      rig.workspace.faults.set('users.info', { kind: 'hang' });
      expect(await within(4_000, rig.ask(rig.ana, 'move 14:30'))).toContain(
        'because Slack did not say which one is yours',
      );
      await rig.ask(rig.ana, 'fire us-ios');
      rig.workspace.faults.set('views.open', { kind: 'hang' });
      expect(await within(4_500, rig.press(rig.ben, 'fire.decline'))).toContain(
        'Declined; nothing was sent. Slack opened no form',
      );
      rig.cloud.scaling.observe = () => new Promise(() => undefined);
      expect(await within(4_000, rig.ask(rig.ana, 'scale workers 2'))).toContain('What runs now could not be read');
    } finally {
      await rig.stop();
    }
  },
);

it("the other person's press on an offer changes nothing", async () => {
  const rig = await startRig({ mode: 'http' });
  try {
    const { targetAtMs } = await readyLaunch(rig);
    const value = { typed: 'move in 2h', by: 'U0ONCALL', untilMs: String(rig.nowMs() + HOUR_MS) };
    expect(await rig.pressAnyway(rig.mia, 'U0MARKET1', 'typed.again.0', value)).toContain(
      'Somebody else was asked this',
    );
    expect((await rig.launch()).targetAtMs).toBe(targetAtMs);
    const change = {
      launchId: (await rig.launch()).id,
      kind: 'pace',
      id: 'ios',
      to: '5',
      from: 'Infinity',
      state: '0',
      by: 'U0ONCALL',
      untilMs: value.untilMs,
      reason: '',
    };
    expect(await rig.pressAnyway(rig.mia, 'U0MARKET1', 'change.confirm', change)).toContain(
      'Somebody else was asked this',
    );
    // The record is as it was, what runs is not.
    expect(
      await rig.pressAnyway(rig.ana, 'U0ONCALL', 'change.confirm', {
        ...change,
        kind: 'scale',
        id: 'workers',
        to: '2',
        from: '40',
        state: 'none',
      }),
    ).toContain('has moved since this was asked');
    expect((await rig.launch()).scale).toEqual({});
    // The figures are as they were, the record is not.
    expect(await rig.pressAnyway(rig.ana, 'U0ONCALL', 'change.confirm', { ...change, state: '7' })).toContain(
      'has moved since this was asked',
    );
    expect((await rig.launch()).switches['pace.ios']).toBeUndefined();
    expect(await rig.pressAnyway(rig.ana, 'U0ONCALL', 'change.confirm', change)).toContain('to *5 a second*');
  } finally {
    await rig.stop();
  }
});
