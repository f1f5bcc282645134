import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { isHaltSaid } from './halt-said.ts';

test.each([
  'HALT!!!',
  'halt',
  'Stop!',
  '*STOP*',
  'hlat',
  'abort now',
  'please halt',
  'go halt',
  '/go halt',
  ':octagonal_sign:',
  'stop everything right now please',
  'h a l t',
])('%s is a halt that somebody wrote into the channel', (text) => {
  expect(isHaltSaid(text)).toBe(true);
});

test.each([
  '',
  'halt?',
  'halt lifted',
  'halt over',
  'we go on',
  'the stop sign on the second slide is wrong',
  'stop me if I am wrong but the title has a typo',
  "can't stop laughing",
  'oops',
  'cancel',
  'nonstop',
])('%j is talk', (text) => {
  expect(isHaltSaid(text)).toBe(false);
});

describe('in the war room', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
    await readyLaunch(rig);
  });
  afterAll(() => rig.stop());

  const privately = async () => (await rig.mia.messages()).filter((one) => one.ephemeralTo !== undefined);
  const answerTo = async (act: () => Promise<unknown>) => {
    const before = new Set((await privately()).map(({ ts }) => ts));
    await act();
    return until('a private answer', async () => (await privately()).find(({ ts }) => !before.has(ts)));
  };

  test('a halt without /go halts nothing, says so at once and gives the button, which halts', async () => {
    const answer = await answerTo(() => rig.mia.say('HALT!!!'));
    expect(textOf(answer)).toContain('*Nothing is halted yet.*');
    expect(buttonsOf([answer], 'halt.press')).toHaveLength(1);
    expect((await rig.launch()).halt).toMatchObject({ active: false, epoch: 0 });
    expect(await rig.press(rig.mia, 'halt.press')).toContain('*Halted*');
  });

  test('while a halt stands there is nothing to say to it', async () => {
    await rig.mia.say('halt');
    // What is answered later shows that the message has been read.
    for (const typed of ['status', 'ready', 'people']) await rig.ask(rig.mia, typed);
    expect((await privately()).filter((one) => textOf(one).includes('Nothing is halted yet'))).toHaveLength(1);
  });
});
