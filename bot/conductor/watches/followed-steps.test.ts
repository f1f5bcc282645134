import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { begin } from '../effects/perform-begun.ts';
import { performCloud } from '../effects/perform.ts';
import { reportOf } from '../for-tests.ts';
import { followSteps } from './followed-steps.ts';

const step = (id: string, act: object) => ({ id, title: `Step ${id}`, at: 'T-1h', do: act });
const runbook = sampleRunbook({
  pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 1 },
  scale_targets: [{ id: 'workers', kind: 'auto-scaling-group', group: GROUP }],
  phases: [
    {
      id: 'p',
      title: 'P',
      steps: [
        { ...step('up', { kind: 'scale', target: 'workers', to: 1 }), at: 'T-1m' },
        step('load', { kind: 'load', within: '20m' }),
        step('prime', { kind: 'prime', within: '20m' }),
        step('copies', { kind: 'test-send', within: '20m' }),
        step('rehearse', { kind: 'rehearsal' }),
      ],
    },
  ],
});

describe('with a conductor and the local cloud', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
    await rig.create({ runbook });
    const { conductor } = rig.conductor('first', { slack: null, timings: { automationMs: 100 } });
    await conductor.start();
  });
  afterAll(() => rig.stop());

  const runs = (id: string) => rig.append({ kind: 'run-step', by: 'ana', step: id });
  const ended = (id: string, meanwhile: () => Promise<unknown> = async () => {}) =>
    until(`the end of ${id}`, async () => {
      await meanwhile();
      return (await rig.entries('StepDone')).find((entry) => entry.step === id);
    });

  test('an audience is loaded when the workers say so, and connections are primed when their providers have answered', async () => {
    await runs('load');
    await runs('prime');
    const launch = await rig.launch();
    expect(await rig.entries('StepDone')).toEqual([]);
    const report = async () => rig.reports(reportOf(launch, 'one', Date.now()));
    expect((await ended('load', report)).say).toMatch(/^1 of 1 ready, 1 reporting, after /);
    expect((await ended('prime', report)).say).toMatch(
      /^apns \d+ of \d+, fcm \d+ of \d+ connections have an authenticated answer, after /,
    );
  });

  test('copies go out by the plan, to every phone of the roster, and the step ends with what the providers answered', async () => {
    await runs('copies');
    const asked = await until('the copies', async () => (await rig.entries('TestRequested'))[0]);
    expect(asked).toMatchObject({ by: { system: 'conductor' }, step: 'copies', to: ['ana'] });
    const result = { person: 'ana', platform: 'ios' as const, locale: 'en', tookMs: 9 };
    await rig.append({
      kind: 'report-test',
      testId: asked.testId,
      results: [{ ...result, accepted: false, reason: 'BadDeviceToken' }],
    });
    expect(await ended('copies')).toMatchObject({ refused: true, say: '1 of 1 were not accepted (BadDeviceToken)' });
  });

  test('a rehearsal is begun by the plan, and its step ends with the report', async () => {
    await runs('rehearse');
    const begun = await until('the rehearsal', async () => (await rig.entries('RehearsalBegun'))[0]);
    expect(begun).toMatchObject({ by: { system: 'conductor' }, step: 'rehearse', what: 'infrastructure' });
    await until('its scale-up', async () => (await rig.entries('ScaleOrdered'))[0]);
    const { rehearsalId } = begun;
    await rig.append({ kind: 'turn-rehearsal', by: 'ana', rehearsalId, outcome: 'stopped', why: 'enough' });
    expect(await ended('rehearse')).toMatchObject({ refused: true, say: 'it was stopped (enough)' });
  });
});

describe('a step that is under way', () => {
  async function begun(id: string, earlierMs = 0) {
    const memory = await MemoryContext.ready(runbook);
    memory.nowMs -= earlierMs;
    await memory.does({ kind: 'run-step', by: 'ana', step: id });
    return {
      memory,
      effect: async () =>
        performCloud(memory.context, { id: 'e', kind: 'do-step', step: id } as never, await memory.launch()),
      looks: async () => {
        await followSteps(memory.context, await memory.launch());
        const { state, say, refused } = (await memory.launch()).steps[id] ?? {};
        return { state, say, refused };
      },
    };
  }

  test.each([
    ['load', /^refused: not within 20 min: 0 of 1 ready/],
    ['prime', /^refused: not within 20 min: .* no connections yet/],
    ['copies', /^refused: not within 20 min: the copies have no answer yet/],
  ])('%s turns red once it is late, and not before', async (id, say) => {
    const { memory, effect, looks } = await begun(id);
    expect(await effect()).toBe('started');
    memory.nowMs += 1_199_999;
    expect((await looks()).state).toBe('started');
    memory.nowMs += 1;
    expect(await looks()).toMatchObject({ state: 'done', refused: true, say: expect.stringMatching(say) });
  });

  test('goes on where the store has no answer, and says so once it is late', async () => {
    const { memory, looks } = await begun('load');
    memory.reports = null;
    expect((await looks()).state).toBe('started');
    memory.nowMs += 1_200_000;
    expect((await looks()).say).toContain('cannot be measured: MEMORY_NO_ANSWER');
  });

  test.each(['copies', 'rehearse'])('%s is begun once, however often and by whichever bot it is tried', async (id) => {
    const { memory, effect } = await begun(id, 4 * 3_600_000);
    expect([await effect(), await effect()]).toEqual(['started', 'started']);
    const launch = await memory.launch();
    expect([...Object.values(launch.tests), ...Object.values(launch.rehearsals)]).toHaveLength(1);
  });

  test('that only looks has nothing to begin: workers load and meet the providers by themselves', async () => {
    const { memory } = await begun('load');
    const launch = await memory.launch();
    expect(await begin(memory.context, launch, 'load', { kind: 'load', at_least: 0, within: 1 })).toBeNull();
    expect((await memory.launch()).seq).toBe(launch.seq);
  });

  test('that can not begin is red at once, in the words of the refusal', async () => {
    const { memory, effect } = await begun('rehearse');
    await effect();
    expect((await memory.launch()).steps['rehearse']).toMatchObject({
      state: 'done',
      refused: true,
      say: expect.stringContaining('it would take down what the plan raises'),
    });
  });

  test('is given up when the launch is called off', async () => {
    const { memory, looks } = await begun('load');
    await memory.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
    expect(await looks()).toMatchObject({ refused: true, say: expect.stringContaining('called off') });
  });
});
