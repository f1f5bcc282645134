import { expect, test } from 'vitest';
import { loadRunbook } from '../../../runbooks/playbook/load.ts';
import { adaptRunbook } from './adapt.ts';
import { bazaar } from './for-tests.ts';

function adapted(loaded = bazaar(), workers: number | null = null) {
  const { text, notes } = adaptRunbook(loaded, workers);
  const again = loadRunbook(text, 'played.yaml');
  if (!again.ok) throw new Error(JSON.stringify(again.problems));
  return { runbook: again.runbook, notes };
}

test('who has no Slack id gets one that nobody else has, and it is said', () => {
  const { runbook, notes } = adapted();
  expect(runbook.people.map(({ id, slack }) => [id, slack])).toEqual([
    ['zoe', ['U0ZOE']],
    ['yan', ['U0YAN', 'U0YAN2']],
    ['z-oe', ['U0ZOE2']],
    ['kim', ['U0KIM']],
  ]);
  expect(notes[0]).toBe(
    'Without a Slack id in the runbook, so made up here: Zoe Park is U0ZOE, Xenia Roth is U0ZOE2, Kim Boss is U0KIM.',
  );
});

test('where nobody has a phone, those who may press get one each, in every language', () => {
  const { runbook, notes } = adapted();
  const phones = runbook.people.flatMap(({ id, devices }) =>
    devices.map((one) => [id, one.platform, one.locale, 'token' in one ? one.token : ''] as const),
  );
  expect(phones.map(([id, platform, locale]) => `${id} ${platform} ${locale}`)).toEqual([
    'zoe ios de',
    'yan android fr',
    'z-oe ios de',
  ]);
  expect(new Set(phones.map(([, , , token]) => token)).size).toBe(3);
  expect(
    phones.every(([, platform, , token]) =>
      (platform === 'ios' ? /^face0\d{59}$/ : /^face0\w{17}:APA91b\d+$/).test(token),
    ),
  ).toBe(true);
  expect(notes[1]).toContain('Zoe Park an iPhone in de, Yan Li an Android phone in fr, Xenia Roth an iPhone in de');
});

test('phones that people have stay theirs; that the page shows none for such a token is said', () => {
  const own = bazaar(
    'name: Zoe Park, roles: [on-call]',
    'name: Zoe Park, roles: [on-call], devices: [{ platform: ios, token: abcdef0123 }]',
  );
  const { runbook, notes } = adapted(own);
  expect(runbook.people.flatMap(({ devices }) => devices)).toEqual([
    { platform: 'ios', token: 'abcdef0123', locale: 'en' },
  ]);
  expect(notes[1]).toMatch(/^1 of 1 phones of the runbook's people have tokens that don't begin with face0/);
  const shown = bazaar(
    'name: Zoe Park, roles: [on-call]',
    'name: Zoe Park, roles: [on-call], devices: [{ platform: ios, token: face0abcdef }]',
  );
  expect(adapted(shown).notes.filter((note) => note.includes('phone'))).toEqual([]);
});

test('the pool is as small as the machine, and what is ordered and asked of it with it', () => {
  const { runbook, notes } = adapted();
  const steps = runbook.phases.flatMap(({ steps: of }) => of);
  const ordered = (id: string) => {
    const step = steps.find((one) => one.id === id);
    return step?.do.kind === 'scale' ? step.do.to : null;
  };
  expect(runbook.pool).toMatchObject({ workers: 2, ready_at_least: 2 });
  expect(runbook.gates[0]?.probe).toEqual({ kind: 'workers-ready', at_least: 2 });
  expect([ordered('workers-up'), ordered('workers-down'), ordered('shop-up')]).toEqual([2, 0, 120]);
  expect(notes).toContain('40 workers in the runbook, 2 here: each is a process of this machine (--workers).');
});

test('as many workers play as are asked for; a pool that fits stays as it is', () => {
  const four = adapted(bazaar(), 4);
  expect(four.runbook.pool).toMatchObject({ workers: 4, ready_at_least: 4 });
  const small = adapted(bazaar('workers: 40, ready_at_least: 38', 'workers: 1'));
  expect(small.runbook.pool.workers).toBe(1);
  expect(small.notes.filter((note) => note.includes('worker'))).toEqual([]);
});

test('a second region is left out with its gate, and it is said', () => {
  const { runbook, notes } = adapted();
  expect(runbook.regions).toBeUndefined();
  expect(runbook.gates.map(({ id }) => id)).toEqual(['workers', 'shop']);
  expect(notes.at(-1)).toMatch(/^Left out here: `regions`/);
});

test('everything else is as it was written', () => {
  const { runbook } = adapted();
  const before = bazaar().runbook;
  const rest = ({ title, target, targets, campaign, scale_targets: fleets, switches }: typeof runbook) => ({
    title,
    target,
    targets,
    campaign,
    fleets,
    switches,
  });
  expect(rest(runbook)).toEqual(rest(before));
});

test('a text of several lines is played as it is written', () => {
  const body = 'The bazaar is open, from now on until noon.\n\n  "Half" price, on everything.';
  const { runbook } = adapted(bazaar('body: "Der Basar ist offen."', `body: ${JSON.stringify(body)}`));
  expect(runbook.campaign.locales['de']?.body).toBe(body);
});
