import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AUDIENCE, buttonsOf, RUNBOOK, startRig } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';
import { pressRehearse } from './actions/rehearsal.ts';
import type { Message } from './views/message.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  const up = '{ id: up, title: Workers up, at: T-4h, do: { kind: scale, target: workers, to: 1 } }';
  await writeFile(
    join(rig.runbooksDir, 'game.yaml'),
    RUNBOOK.replace('id: drill\n', 'id: game\n').replace('    steps:\n', `    steps:\n      - ${up}\n`),
  );
  expect(await rig.ask(rig.ana, 'create game in 3d')).toContain('Created');
});
afterAll(() => rig.stop());

const question = async () => {
  const found = buttonsOf(await rig.ana.messages(), 'rehearsal.begin').at(-1);
  if (found === undefined) throw new Error('no question');
  return found;
};

it('what would be refused is refused before anything is asked', async () => {
  expect(await rig.ask(rig.mia, 'rehearse infrastructure')).toContain('needs on-call');
  expect(await rig.ask(rig.ana, 'rehearse infrastructure')).toContain('has no audience yet');
  expect(await rig.ask(rig.ana, 'rehearse everything')).toContain('There is no rehearsal `everything`');
});

it('a question of somebody else, or of long ago, begins nothing', async () => {
  const { id } = await rig.launch();
  expect((await rig.bot.conductor.execute(id, { kind: 'set-audience', by: 'ana', audience: AUDIENCE })).ok).toBe(true);
  await rig.ask(rig.ana, 'rehearse infrastructure');
  const told: string[] = [];
  // It is on a message of Ana's alone; whoever else has its value has it from elsewhere.
  await pressRehearse({
    value: JSON.parse((await question()).value) as object,
    slackId: 'U0MARKET1',
    answer: async ({ text }: Message) => void told.push(text),
  } as never);
  expect(told.join()).toContain('Somebody else was asked this');
  rig.later(121_000);
  expect(await rig.press(rig.ana, 'rehearsal.begin')).toContain('nothing was begun');
  expect((await rig.launch()).rehearsals).toEqual({});
});

it('says all that it will do, begins on a second press of the same person, and is stopped by a word', async () => {
  const asked = await rig.ask(rig.ana, 'rehearse infrastructure');
  expect(asked).toContain('Nothing is sent: no order is made, and nobody gets a push.');
  expect(asked).toContain('*Send workers* to 1');
  expect((await rig.launch()).rehearsals).toEqual({});
  expect(await rig.press(rig.ana, 'rehearsal.begin')).toContain('The rehearsal has begun');
  expect(Object.values((await rig.launch()).rehearsals)).toMatchObject([{ by: 'ana', turned: null }]);
  expect(await rig.ask(rig.ana, 'rehearse')).toContain('runs');
  expect(await rig.ask(rig.ana, 'rehearse stop it costs too much')).toContain('the fleets go back');
  expect(Object.values((await rig.launch()).rehearsals)).toMatchObject([
    { turned: { outcome: 'stopped', why: 'it costs too much' } },
  ]);
  expect(await rig.ask(rig.ana, 'rehearse stop')).toContain('its fleets are going back');
});
