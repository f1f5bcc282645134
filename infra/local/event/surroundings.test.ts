import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeProblem } from '../../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../../runbooks/playbook/load.ts';
import { projectRoot } from '../child.ts';
import { person, startTestWorkspace } from '../slack/for-tests.ts';
import { adaptRunbook } from './adapt.ts';
import { BAZAAR, bazaar } from './for-tests.ts';
import { accountOf, LOCAL_RULES, SAMPLE_SURROUNDINGS, surroundingsOf } from './surroundings.ts';

function played() {
  const loaded = loadRunbook(adaptRunbook(bazaar()).text, 'played.yaml');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return surroundingsOf(loaded.runbook);
}

test('the local cloud has the pool and every fleet of a runbook, by its own names', () => {
  const surroundings = played();
  expect(surroundings.pool).toBe('bazaar-pool');
  // Its cluster is written as an ARN.
  expect(surroundings.workers).toEqual({ cluster: 'push', service: 'bazaar-senders' });
  expect(surroundings.fleets.map(({ id }) => id)).toEqual(['shop', 'edge', 'stock']);
  expect(accountOf(surroundings)).toMatchObject({
    pools: ['bazaar-pool'],
    scaled: {
      services: [
        { cluster: 'push', service: 'bazaar-senders' },
        { cluster: 'shop', service: 'shop-api' },
      ],
      groups: ['shop-edge'],
      tables: ['gobutton-claims', 'stock'],
    },
  });
});

test('whatever runbook of the library is created in the sample room, what it scales is there', async () => {
  const folder = join(projectRoot, 'runbooks/library');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
    const loaded = loadRunbook(await readFile(join(folder, file), 'utf8'), file, { rules: LOCAL_RULES });
    if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join('\n'));
    const { pool, workers, fleets, automations } = surroundingsOf(loaded.runbook);
    const known = accountOf(SAMPLE_SURROUNDINGS);
    const own = accountOf({ pool, workers, fleets, automations });
    expect([...known.automations.documents], file).toEqual(expect.arrayContaining([...own.automations.documents]));
    expect(known.pools).toEqual(own.pools);
    for (const kind of ['services', 'groups', 'tables'] as const)
      expect([...known.scaled[kind]], `${file}: ${kind}`).toEqual(expect.arrayContaining([...own.scaled[kind]]));
  }
});

test("the local Slack has the runbook's people, an account each, in a room that is called after it", async () => {
  const workspace = await startTestWorkspace({ seed: played().seed });
  try {
    const zoe = person(workspace, 'U0ZOE');
    const state = await zoe.get<{
      users: { id: string; name: string; real_name: string; title: string }[];
      channels: { id: string; name: string; members: string[] }[];
    }>('state');
    expect(state.users.map(({ id, name, real_name: real, title }) => [id, name, real, title])).toEqual([
      ['U0ZOE', 'zoe', 'Zoe Park', 'On call'],
      ['U0YAN', 'yan', 'Yan Li', 'Marketer'],
      ['U0YAN2', 'yan-2', 'Yan Li (2)', 'Marketer'],
      ['U0ZOE2', 'z-oe', 'Xenia Roth', 'Marketer'],
      ['U0KIM', 'kim', 'Kim Boss', 'Observer'],
      ['U0GOBUTTON', 'gobutton', 'gobutton', 'App'],
    ]);
    expect(state.channels.map(({ name }) => name)).toEqual(['bazaar-war-room', 'general']);
    expect(state.channels[0]?.members).toContain('U0GOBUTTON');
    expect(await zoe.say('Hello')).toMatchObject({ ok: true });
    expect((await zoe.messages())[0]).toMatchObject({ user: 'U0ZOE', text: 'Hello' });
  } finally {
    await workspace.stop();
  }
});

test.each([
  [
    'a pool that is no ECS service',
    'kind: ecs-service, cluster: "arn:aws:ecs:eu-central-1:111111111111:cluster/push", service: bazaar-senders',
    'kind: auto-scaling-group, group: senders',
    /^bazaar.yaml:27:\d+ scale_targets.0.kind: found auto-scaling-group for the pool, expected ecs-service: the local cloud starts send workers/,
  ],
  [
    "the bot's own account",
    'U0YAN2',
    'U0GOBUTTON',
    /^bazaar.yaml:10:\d+ people.1.slack.1: found U0GOBUTTON, which is the bot in the local Slack, expected a person's id/,
  ],
])('%s is refused at its line', (_, find, replacement, expected) => {
  const loaded = loadRunbook(BAZAAR.replace(find, replacement), 'bazaar.yaml', { rules: LOCAL_RULES });
  expect(loaded.ok ? [] : loaded.problems.map(describeProblem)).toEqual([expect.stringMatching(expected)]);
});
