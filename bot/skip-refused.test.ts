import { expect, test } from 'vitest';
import type { Launch } from '../runbooks/launch/launch.ts';
import { noTotals } from '../runbooks/launch/totals.ts';
import { LAUNCH_ID, Scene } from '../test/properties/scene.ts';
import { taskDesk } from '../test/task-desk.ts';
import type { TaskDeskOptions } from '../test/task-desk.ts';
import { pressSkipRefused } from './actions/compile.ts';
import { askSkipRefused, skipRefused } from './skip-refused.ts';

const SOURCE = 'sb-rehearsal-1';

/** A launch of the same people in which so many of 500 were refused for good. */
function sourceWith(refused: number, sent = true): Launch {
  const scene = Scene.ready();
  const reasons = refused === 0 ? {} : { Unregistered: refused };
  if (sent) scene.closes(scene.fired(['us-ios']), { 'us-ios': { ...noTotals(), failed: refused, reasons } });
  return { ...scene.state, id: SOURCE, name: 'REHEARSAL of Super Bowl' };
}

interface Given extends Partial<TaskDeskOptions> {
  scene?: Scene;
  who?: string;
}

/** What is answered, what was asked of the conductor, and what was noted as refused. */
async function by(
  act: typeof skipRefused | typeof askSkipRefused,
  { source = sourceWith(4), scene = Scene.ready(), who = 'mia', ...more }: Given = {},
  sourceId: string | null = SOURCE,
) {
  const run = { number: 3, by: 'ana', refusedIn: { launchId: SOURCE, tokens: 4 } };
  const { desk, asked, noted } = taskDesk({ run, source, ...more });
  const launch = scene.state;
  const slackId = launch.people.find(({ id }) => id === who)?.slack[0] ?? 'U0STRANGER';
  const said = JSON.stringify(await act({ desk, launch, slackId }, sourceId ?? ''));
  return { said, asked, noted };
}

test('before the press it is said how many there are, what is open by it, and that no order is void; nothing is done', async () => {
  const { said, asked } = await by(askSkipRefused);
  expect(said).toContain(`*4 tokens refused for good* in \`${SOURCE}\``);
  expect(said).toContain('No order is void by it');
  expect(said).toMatch(/Until workers have taken it in, this gate is open: \*[^*]+\*\./);
  expect(said).toContain('compile.skip-refused');
  expect(said).not.toContain(':warning:');
  expect(asked).toEqual([]);
});

test('where half of the answers are refusals, the question says what that rather is', async () => {
  expect((await by(askSkipRefused, { source: sourceWith(250) })).said).toContain(
    ':warning: *Of 500 answers*: so many are rather a wrong topic',
  );
});

test('the press has them skipped, by the one who presses, with the count of the record', async () => {
  const { said, asked, noted } = await by(skipRefused);
  expect(said).toContain('Skip list 3 is on its way');
  expect([asked, noted]).toEqual([[{ by: 'mia', refusedIn: { launchId: SOURCE, tokens: 4 } }], []]);
});

test('one runs at a time: the answer says whose', async () => {
  const { said } = await by(skipRefused, { runs: true });
  expect(said).toContain('Skip list 3 is under way already, asked for by Ana');
});

const taken = Scene.ready();
taken.does({
  kind: 'set-skip-list',
  by: 'ana',
  skipList: { hash: 'h', key: 'k', tokens: 4 },
  adds: null,
  refusedIn: { launchId: SOURCE, tokens: 4 },
});
const running = sourceWith(4);
const open = {
  ...running,
  shots: Object.fromEntries(Object.entries(running.shots).map(([id, shot]) => [id, { ...shot, closed: null }])),
};

test.each<[string, Given, RegExp, string[]]>([
  ['a launch that nobody knows', { source: null }, /There is no launch `sb-rehearsal-1`/, []],
  ['one that still sends', { source: open }, /is still sending/, ['SHOT_RUNNING']],
  ['one that has sent nothing', { source: sourceWith(0, false) }, /has sent nothing yet/, ['NO_REFUSED_TOKENS']],
  ['one that refused none', { source: sourceWith(0) }, /No token was refused for good/, ['NO_REFUSED_TOKENS']],
  ['tokens that are taken', { scene: taken }, /are on the skip list already/, ['ALREADY_SO']],
  [
    'a bot without the task',
    { hasTask: false },
    /npm run audience -- skip --refused-in sb-rehearsal-1 --launch superbowl-2027/,
    [],
  ],
  ['somebody of no roster', { who: 'nobody' }, /You are not on this launch's roster/, ['NOT_ON_ROSTER']],
  ['an observer', { who: 'olu' }, /needs on-call or marketer/, ['ROLE_MISSING']],
  [
    'somebody whom the other launch does not have',
    { source: { ...sourceWith(4), people: sourceWith(4).people.filter(({ id }) => id !== 'mia') } },
    /You are not on the roster of REHEARSAL/,
    [],
  ],
])('%s is refused in words, before the question and at the press', async (_, given, expected, codes) => {
  for (const act of [askSkipRefused, skipRefused]) {
    const { said, asked, noted } = await by(act, given);
    expect(said).toMatch(expected);
    expect([asked, noted]).toEqual([[], codes]);
  }
});

test('without a name the last rehearsal is meant that has sent; where there is none, or in its own room, the answer says so', async () => {
  const scene = Scene.ready();
  const ask = (launch: Launch) =>
    askSkipRefused({ desk: null as never, launch, slackId: 'U0MARKET1' }, null).then((one) => JSON.stringify(one));
  expect(await ask(scene.state)).toContain('No rehearsal of this launch that sends has ended yet');
  const rehearses = { launchId: LAUNCH_ID } as Launch['rehearses'];
  expect(await ask({ ...scene.state, rehearses })).toContain(`Type it in the channel of \`${LAUNCH_ID}\``);
  const one = { id: 'r', what: 'limited', endedAtMs: 1, report: { launchId: SOURCE } } as Launch['rehearsals'][string];
  scene.launch = { ...scene.state, rehearsals: { r: one } };
  expect(
    (await by((asker: Parameters<typeof askSkipRefused>[0]) => askSkipRefused(asker, null), { scene })).said,
  ).toContain(`refused for good* in \`${SOURCE}\``);
});

test('the button stays on the report, and goes from the question that only one person sees', async () => {
  const press = async (isPrivate: boolean) => {
    const [answers, shown]: string[][] = [[], []];
    const scene = Scene.ready();
    await pressSkipRefused({
      desk: { journal: { peek: () => scene.state, launch: async () => null } },
      value: { launchId: LAUNCH_ID, from: SOURCE },
      slackId: 'U0MARKET1',
      isPrivate,
      answer: async ({ text }: { text: string }) => void answers?.push(text),
      refresh: async ({ text }: { text: string }) => void shown?.push(text),
    } as never);
    return [answers, shown];
  };
  const gone = [`There is no launch \`${SOURCE}\`. Nothing was changed.`];
  expect(await press(false)).toEqual([gone, []]);
  expect(await press(true)).toEqual([gone, ['This question is answered.']]);
});
