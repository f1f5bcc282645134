import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, sampleRunbook } from '../../../test/properties/scene.ts';
import type { Sent } from '../../outside/outside.ts';
import { performCloud } from './perform.ts';

const plan = (act: object, more: object = {}) =>
  sampleRunbook({
    ...more,
    phases: [{ id: 'p', title: 'P', steps: [{ id: 's', title: 'Call them', at: 'T-1h', do: act }] }],
  });
const PAGE = { kind: 'page', say: 'Servers are late', link: 'https://wiki.example.com/p' };

/** The step has begun; what is answered to its call, and what it ends with when its effect is performed now. */
async function begun(act: object, answer: Sent | null = null, more: object = {}) {
  const memory = await MemoryContext.ready(plan(act, more));
  if (answer !== null) memory.context.outside = { page: async () => answer, webhook: async () => answer };
  const { seq } = await memory.does({ kind: 'start-step', step: 's' });
  const effect = {
    kind: 'do-step',
    step: 's',
    id: `${seq}/do-step`,
    launchId: LAUNCH_ID,
    seq,
    urgent: false,
    lane: 'cloud',
  } as const;
  return { memory, perform: async () => performCloud(memory.context, effect, await memory.launch()) };
}

test('a page and a webhook are called by an id of launch and step, and their step is done when they were taken', async () => {
  for (const [act, to] of [
    [PAGE, 'pager'],
    [{ kind: 'webhook', to: 'ads-team', data: { banner: 'on' } }, 'ads-team'],
  ] as const) {
    const { memory, perform } = await begun(act);
    await perform();
    expect(memory.calls).toEqual([{ to, id: `gobutton_${LAUNCH_ID}_s` }]);
    expect((await memory.launch()).steps['s']).toMatchObject({ state: 'done', say: `${to} has taken it` });
    // Performed a second time, by whoever takes over: the step is over.
    expect(await perform()).toBe('the step is over');
    expect(memory.calls).toHaveLength(1);
  }
});

test("a page has the playbook of its step, else the runbook's, else none", async () => {
  const { link: own, ...plain } = PAGE;
  const playbook = 'https://wiki.example.com/all';
  const linkOf = async (act: object, more: object) => {
    const { memory, perform } = await begun(act, null, more);
    const links: (string | null)[] = [];
    memory.context.outside = {
      ...memory.outside,
      page: async ({ link }) => {
        links.push(link);
        return { ok: true, say: 'taken' };
      },
    };
    await perform();
    return links;
  };
  expect(await linkOf(PAGE, { playbook })).toEqual([own]);
  expect(await linkOf(plain, { playbook })).toEqual([playbook]);
  expect(await linkOf(plain, {})).toEqual([null]);
});

test('a webhook is told of launch and step, and nothing of its data takes their place', async () => {
  const { memory, perform } = await begun({ kind: 'webhook', to: 'ads-team', data: { banner: 'on', launch: 'mine' } });
  const told: object[] = [];
  memory.context.outside = {
    ...memory.outside,
    webhook: async (_, { data }) => {
      told.push(data);
      return { ok: true, say: 'taken' };
    },
  };
  await perform();
  expect(told).toEqual([
    {
      banner: 'on',
      launch: { id: LAUNCH_ID, name: 'Super Bowl', target_at: '2027-02-14T23:30:00.000Z' },
      step: { id: 's', title: 'Call them' },
    },
  ]);
});

test('what may be taken later is tried again for five minutes, and is red then', async () => {
  const { memory, perform } = await begun(PAGE, { ok: false, again: true, say: 'PagerDuty answers 503' });
  await expect(perform()).rejects.toThrow('OUTSIDE_NOT_TAKEN s: PagerDuty answers 503');
  memory.nowMs += 299_999;
  await expect(perform()).rejects.toThrow('OUTSIDE_NOT_TAKEN');
  memory.nowMs += 1;
  await perform();
  expect((await memory.launch()).steps['s']).toMatchObject({
    state: 'done',
    refused: true,
    say: 'refused: PagerDuty answers 503',
  });
});

test('nobody is called any more for a launch that was called off while it was tried again, or closed', async () => {
  for (const end of ['stand-down', 'close-launch'] as const) {
    const { memory, perform } = await begun(PAGE, { ok: false, again: true, say: 'PagerDuty answers 503' });
    await expect(perform()).rejects.toThrow('OUTSIDE_NOT_TAKEN');
    await memory.does({ kind: end, by: 'ana', reason: '' });
    memory.context.outside = memory.outside;
    await perform();
    expect(memory.calls).toEqual([]);
  }
});

test('nor is a fleet raised, or an automation started, by a step that had begun; what puts back is done all the same', async () => {
  for (const end of ['stand-down', 'close-launch'] as const) {
    const { memory, perform } = await begun({ kind: 'scale', target: 'workers', to: 2 });
    await memory.does({ kind: end, by: 'ana', reason: '' });
    await perform();
    expect((await memory.launch()).scale).toEqual({});
  }
  const automation = await begun({ kind: 'automation', document: 'warm' });
  automation.memory.context.cloud.automations = {
    start: () => Promise.reject(new Error('it was started')),
    look: () => Promise.reject(new Error('nobody looks here')),
  };
  await automation.memory.does({ kind: 'stand-down', by: 'ana', reason: '' });
  await automation.perform();
  expect((await automation.memory.launch()).steps['s']).toMatchObject({ state: 'done', refused: true });
  const { memory, perform } = await begun({ kind: 'scale', target: 'workers', to: 2 });
  await memory.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 9, step: null, reason: '' });
  await memory.does({ kind: 'stand-down', by: 'ana', reason: '' });
  await perform();
  expect((await memory.launch()).scale['workers']).toMatchObject({ desired: 2, lowers: true });
});

test('what is refused for good is red at once', async () => {
  const { memory, perform } = await begun(PAGE, { ok: false, again: false, say: 'PagerDuty answers 400' });
  await perform();
  expect((await memory.launch()).steps['s']).toMatchObject({ state: 'done', refused: true });
});

test('a question leaves its step open until somebody answers', async () => {
  const { memory, perform } = await begun({ kind: 'ask', say: 'Is it up?' });
  expect(await perform()).toBe('asked');
  expect((await memory.launch()).steps['s']?.state).toBe('started');
  await memory.does({ kind: 'answer-step', by: 'mia', step: 's', answer: 0 });
  expect((await memory.launch()).steps['s']).toMatchObject({ state: 'done', say: 'Yes' });
});
