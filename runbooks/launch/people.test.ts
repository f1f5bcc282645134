import { describe, expect, test } from 'vitest';
import { ANA, keyVia, people, Scene, slackVia } from '../../test/properties/scene.ts';
import type { Via } from './entries.ts';
import { nameOf, personOf, teamProblem, viaProblem } from './people.ts';

const { state: launch, nowMs } = Scene.ready();
const MIA = people[1]?.operator_keys[0] ?? '';
const says = (via: Via, by = 'ana', at = launch) => viaProblem(at, by, via, nowMs)?.say ?? null;

describe('one human, whatever they act with', () => {
  test.each([
    { key: { slackId: ANA.slack }, is: 'ana' },
    { key: { slackId: ANA.secondSlack }, is: 'ana' },
    { key: { publicKey: ANA.key }, is: 'ana' },
    { key: { publicKey: MIA }, is: 'mia' },
    { key: { slackId: 'U0NOBODY' }, is: undefined },
    { key: { publicKey: ANA.slack }, is: undefined },
    { key: { slackId: ANA.key }, is: undefined },
  ])('$key is $is', ({ key, is }) => expect(personOf(launch, key)?.id).toBe(is));

  test('a name is known after its person has left, and before they have come; else the id stands for it', () => {
    const newcomer = { ...people[0], id: 'zoe', name: 'Zoe Park' } as (typeof people)[number];
    const changed = {
      ...launch,
      people: people.slice(1),
      rosterChanges: { P1: { id: 'P1', people: [newcomer], by: 'ana', reason: '', open: true } },
    };
    expect(['ana', 'mia', 'zoe', 'eve'].map((id) => nameOf(changed, id))).toEqual([
      'Ana Ortiz',
      'Mia Chen',
      'Zoe Park',
      'eve',
    ]);
    const renamed = people.map((one) => ({ ...one, name: `${one.name} II` }));
    expect(nameOf({ ...launch, people: renamed }, 'ana')).toBe('Ana Ortiz II');
  });
});

describe('a press from Slack', () => {
  const ours = { ...launch, teamId: 'T0' };
  const at = (more: object): Via => ({ kind: 'slack', slackId: ANA.slack, ...more });

  test('is that of its account alone', () => {
    expect(says(slackVia('ana'))).toBeNull();
    expect(says(slackVia('mia'))).toMatch(/^This Slack account is not Ana Ortiz's on the roster/);
  });

  test.each([
    { where: 'of the launch and its war room', on: ours, more: { teamId: 'T0', channelId: 'C0WARROOM' }, why: null },
    {
      where: 'of another workspace',
      on: ours,
      more: { teamId: 'T1', channelId: 'C0WARROOM' },
      why: /another Slack workspace/,
    },
    { where: 'that is not said', on: ours, more: { channelId: 'C0WARROOM' }, why: /another Slack workspace/ },
    {
      where: 'of the launch, in another channel',
      on: ours,
      more: { teamId: 'T0', channelId: 'C1' },
      why: /another channel/,
    },
    { where: 'of the launch, in no channel', on: ours, more: { teamId: 'T0' }, why: /another channel/ },
    { where: 'of any, for a launch from before', on: launch, more: { teamId: 'T1' }, why: null },
    {
      where: 'of any but another channel, for a launch from before',
      on: launch,
      more: { channelId: 'C1' },
      why: /another channel/,
    },
    {
      where: 'of any in the war room, for a launch from before',
      on: launch,
      more: { channelId: 'C0WARROOM' },
      why: null,
    },
  ])('from a workspace $where: $why', ({ on, more, why }) => {
    const say = says(at(more), 'ana', on);
    if (why === null) expect(say).toBeNull();
    else expect(say).toMatch(why);
  });

  test('a launch that noted no workspace takes any', () => {
    expect([teamProblem({ teamId: null }, 'T1'), teamProblem({ teamId: 'T1' }, 'T1')]).toEqual([null, null]);
    expect([teamProblem({ teamId: 'T1' }, null), teamProblem({ teamId: 'T1' }, 'T2')]).toEqual([
      expect.objectContaining({ code: 'PROOF_INVALID' }),
      expect.objectContaining({ code: 'PROOF_INVALID' }),
    ]);
  });
});

describe("an operator's signature", () => {
  const signed = (more: object) => says({ ...keyVia(ANA.key, nowMs), ...more } as Via);

  test.each([
    { say: 'as the command line makes it', more: {}, why: null },
    { say: "by another's key", more: { publicKey: MIA }, why: /This operator key is not Ana Ortiz's/ },
    { say: 'of 63 bytes', more: { signature: `${'A'.repeat(85)}==` }, why: /malformed/ },
    { say: 'of 65 bytes', more: { signature: `${'A'.repeat(87)}==` }, why: /malformed/ },
    { say: 'with something before it', more: { signature: ` ${'A'.repeat(86)}==` }, why: /malformed/ },
    { say: 'with something after it', more: { signature: `${'A'.repeat(86)}==\n` }, why: /malformed/ },
    { say: 'with a nonce of 16 characters', more: { nonce: 'n'.repeat(16) }, why: null },
    { say: 'with a nonce of 15', more: { nonce: 'n'.repeat(15) }, why: /malformed/ },
    {
      say: 'a minute ahead of our clock',
      more: { signedAtMs: nowMs + 60_000, expiresAtMs: nowMs + 90_000 },
      why: null,
    },
    { say: 'further ahead', more: { signedAtMs: nowMs + 60_001, expiresAtMs: nowMs + 90_000 }, why: /holds now/ },
    { say: 'that ends now', more: { expiresAtMs: nowMs }, why: /holds now/ },
    { say: 'that ends right after', more: { expiresAtMs: nowMs + 1 }, why: null },
    { say: 'for an hour', more: { signedAtMs: nowMs, expiresAtMs: nowMs + 3_600_000 }, why: null },
    { say: 'for longer', more: { signedAtMs: nowMs, expiresAtMs: nowMs + 3_600_001 }, why: /for an hour at most/ },
  ])('$say', ({ more, why }) => {
    if (why === null) expect(signed(more)).toBeNull();
    else expect(signed(more)).toMatch(why);
  });

  test('proves one press', () => {
    const used = { ...launch, usedNonces: ['n'.repeat(22)] };
    expect(says(keyVia(ANA.key, nowMs), 'ana', used)).toMatch(/used before/);
    expect(says(keyVia(ANA.key, nowMs, 'm'.repeat(22)), 'ana', used)).toBeNull();
  });
});
