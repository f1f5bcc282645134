import { expect, test } from 'vitest';
import type { Launch } from '../runbooks/launch/launch.ts';
import { rehearsesOf } from '../runbooks/launch/rehearsal-launch.ts';
import { Scene } from '../test/properties/scene.ts';
import { taskDesk } from '../test/task-desk.ts';
import type { TaskDeskOptions } from '../test/task-desk.ts';
import { takeSample } from './take-sample.ts';

const day = Scene.ready().state;
const rehearsal: Launch = { ...day, rehearses: rehearsesOf({ ...day, id: 'day' }, { share: 1 }, 'silent') };

/** What is answered, what was asked of the conductor, and what was noted as refused. */
async function by(launch: Launch, { who = 'U0MARKET1', ...more }: Partial<TaskDeskOptions> & { who?: string } = {}) {
  const run = { number: 3, by: 'ana', takesFrom: 'day', sample: { share: 1 } };
  const { desk, asked, noted } = taskDesk({ run, ...more });
  return { said: JSON.stringify(await takeSample({ desk, launch, slackId: who })), asked, noted };
}

test('the sample that the rehearsal was begun for is taken, in the name of who asked', async () => {
  const { said, asked } = await by(rehearsal);
  expect(said).toContain('Sample 3, its audience, is on its way');
  expect(asked).toEqual([{ by: 'mia', takesFrom: 'day', sample: { share: 1 } }]);
});

const fired = Scene.ready();
fired.fired();

test.each<[string, Launch, Parameters<typeof by>[1], RegExp, string[]]>([
  ['a launch that is no rehearsal', day, {}, /is no rehearsal that sends/, ['NO_SUCH_REHEARSAL']],
  ['an observer', rehearsal, { who: 'U0OBSERVER' }, /needs on-call or marketer/, ['ROLE_MISSING']],
  ['somebody of no roster', rehearsal, { who: 'U0NOBODY' }, /not on this launch's roster/, ['NOT_ON_ROSTER']],
  [
    'a rehearsal that was fired',
    { ...fired.state, rehearses: rehearsal.rehearses },
    {},
    /can no longer be replaced/,
    ['AUDIENCE_IN_USE'],
  ],
  ['a second one', rehearsal, { runs: true }, /Sample 3 is under way already, asked for by Ana/, []],
  [
    'a bot without the task',
    rehearsal,
    { hasTask: false },
    /npm run audience -- take --launch superbowl-2027 --as mia/,
    [],
  ],
])('%s is refused in words, and nothing is asked for', async (_, launch, given, say, codes) => {
  const { said, asked, noted } = await by(launch, given);
  expect(said).toMatch(say);
  expect([asked, noted]).toEqual([[], codes]);
});
