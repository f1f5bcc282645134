import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { CALLS_NOBODY } from '../../outside/create-outside.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { UpdateBudget } from '../../slack/update-budget.ts';
import { message } from '../../views/blocks.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { TIMINGS } from '../timings.ts';
import { Room } from './room.ts';
import { Standings } from './standing.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const NAME = FACT.live('S9');

/** A live message that somebody moves down (posts anew, notes, deletes) between our look at where it stands and our edit. */
async function movedMeanwhile(
  moves: boolean,
): Promise<{ shown: boolean; texts: string[]; again: boolean; stands: string | null }> {
  await rig.create({ ready: false });
  const launch = await rig.launch();
  const { slack } = rig;
  const old = await slack.postMessage(launch.channelId, message('live: at first', []), {});
  let isFirst = true;
  const racing: SlackPort = {
    ...slack,
    async update(...args) {
      if (isFirst) {
        isFirst = false;
        if (moves)
          await keepFact(
            context,
            launch.id,
            NAME,
            await slack.postMessage(launch.channelId, message('live: moved down', []), {}),
          );
        await slack.remove(launch.channelId, old);
      }
      return slack.update(...args);
    },
  };
  const context: Context = {
    cloud: rig.cloud,
    journal: rig.journal,
    slack: racing,
    outside: CALLS_NOBODY,
    log: pino({ level: 'silent' }),
    holder: 'first',
    hasEnded: () => false,
    version: null,
    timings: TIMINGS,
    nowMs: () => Date.now(),
    execute: () => Promise.reject(new Error('nothing is decided here')),
  };
  await keepFact(context, launch.id, NAME, old);
  const standings = new Standings(context, new Room(context, launch.id), new UpdateBudget(context.nowMs));
  const show = () =>
    standings.show({
      launch,
      name: NAME,
      message: () => message('live: as it is now', []),
      reserve: 0,
      ifDeleted: 'post',
    });
  const shown = await show();
  const texts = (await rig.messages('live: ')).map(({ text }) => text);
  return { shown, texts, again: await show(), stands: await fact(context, launch.id, NAME) };
}

test('a message that was moved down meanwhile is not posted a second time; the next look finds it in its new place', async () => {
  const { shown, texts, again, stands } = await movedMeanwhile(true);
  expect({ shown, texts, again }).toEqual({ shown: false, texts: ['live: moved down'], again: true });
  expect(await rig.messages('live: ')).toMatchObject([{ text: 'live: as it is now', ts: stands }]);
});

test('one that somebody deleted is posted anew, once', async () => {
  const { shown, texts, again } = await movedMeanwhile(false);
  expect({ shown, texts, again }).toEqual({ shown: true, texts: ['live: as it is now'], again: true });
  expect(await rig.messages('live: ')).toHaveLength(1);
});
