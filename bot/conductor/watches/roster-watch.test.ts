import { beforeEach, expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { ANA, people, sampleRunbook } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Context } from '../context.ts';
import { RosterWatch } from './roster-watch.ts';

/** Over a record in memory; Slack's answers are the test's. With a real workspace: bot/conductor/room/slack-faults.test.ts. */

const ROSTER_MS = 180_000;
const ACCOUNTS = people.flatMap(({ slack }) => slack);

let memory: MemoryContext;
let context: Context;
let asked: string[];
/** What Slack says of an account; rejects: it does not answer. */
let answer: (slackId: string) => Promise<boolean>;

beforeEach(async () => {
  await begin();
});

async function begin(runbook = sampleRunbook()): Promise<void> {
  memory = await MemoryContext.ready(runbook);
  asked = [];
  answer = () => Promise.resolve(false);
  const isDeactivated: SlackPort['isDeactivated'] = (slackId) => {
    asked.push(slackId);
    return answer(slackId);
  };
  context = {
    ...memory.context,
    slack: { isDeactivated } as SlackPort,
    timings: { ...memory.context.timings, rosterMs: ROSTER_MS },
  };
}

const look = async (watch: RosterWatch): Promise<void> => watch.look(await memory.launch());
const gone =
  (...ids: string[]) =>
  (slackId: string) =>
    Promise.resolve(ids.includes(slackId));
const onRoster = async () => (await memory.launch()).people.map(({ id }) => id);
const removals = async () =>
  (await memory.entries()).flatMap((entry) => (entry.kind === 'PersonRemoved' ? [entry.person] : []));

test('everybody is asked about at the first look, and again once the time is over, not before', async () => {
  const watch = new RosterWatch(context);
  await look(watch);
  expect(asked).toEqual(ACCOUNTS);
  memory.nowMs += ROSTER_MS - 1;
  await look(watch);
  expect(asked).toHaveLength(ACCOUNTS.length);
  memory.nowMs += 1;
  await look(watch);
  expect(asked).toEqual([...ACCOUNTS, ...ACCOUNTS]);
});

test('without Slack nobody is asked about', async () => {
  await look(new RosterWatch({ ...context, slack: null }));
  expect(asked).toEqual([]);
  expect(await onRoster()).toHaveLength(people.length);
});

test('who was deactivated leaves the roster, by one account of two as well, and is removed once', async () => {
  answer = gone(ANA.secondSlack);
  const watch = new RosterWatch(context);
  await look(watch);
  expect(await onRoster()).toEqual(['mia', 'ben', 'olu']);
  memory.nowMs += ROSTER_MS;
  await look(watch);
  expect(await removals()).toEqual(['ana']);
});

test('a person with two roles leaves with both', async () => {
  await begin(
    sampleRunbook({
      people: people.map((person) => (person.id === 'mia' ? { ...person, roles: ['marketer', 'on-call'] } : person)),
    }),
  );
  answer = gone('U0MARKET1');
  await look(new RosterWatch(context));
  const launch = await memory.launch();
  expect(launch.people.filter(({ roles }) => roles.includes('marketer')).map(({ id }) => id)).toEqual(['ben']);
  expect(launch.people.filter(({ roles }) => roles.includes('on-call')).map(({ id }) => id)).toEqual(['ana']);
  expect(await removals()).toEqual(['mia']);
});

test('one that Slack does not answer for keeps nobody else on the roster, and all are asked about at the next look', async () => {
  const watch = new RosterWatch(context);
  answer = (slackId) =>
    slackId === ANA.slack ? Promise.reject(new Error('internal_error')) : gone('U0MARKET2')(slackId);
  await expect(look(watch)).rejects.toThrow('ROSTER_UNKNOWN');
  expect(await removals()).toEqual(['ben']);
  asked = [];
  answer = gone(ANA.slack);
  await look(watch);
  expect(asked).toContain('U0MARKET1');
  expect(await onRoster()).toEqual(['mia', 'olu']);
});

test('who was given another account while Slack took its time stays, and so does who has left meanwhile', async () => {
  const returned = people.map((person) => (person.id === 'mia' ? { ...person, slack: ['U0MIANEW'] } : person));
  answer = async (slackId) => {
    if (slackId !== 'U0MARKET1') return false;
    const change = await memory.does({
      kind: 'request-roster-change',
      by: 'ana',
      people: returned,
      reason: 'new account',
    });
    if (change.kind !== 'RosterChangeRequested') throw new Error(change.kind);
    await memory.does({ kind: 'approve-roster-change', by: 'ben', changeId: change.changeId });
    return true;
  };
  await look(new RosterWatch(context));
  expect(await removals()).toEqual([]);

  await begin();
  const executed: string[] = [];
  answer = async (slackId) => {
    if (slackId !== 'U0MARKET1') return false;
    await memory.does({ kind: 'remove-person', person: 'mia', reason: 'deactivated in Slack' });
    return true;
  };
  await look(
    new RosterWatch({
      ...context,
      execute: (launchId, command) => {
        executed.push(launchId);
        return memory.context.execute(launchId, command);
      },
    }),
  );
  expect(executed).toEqual([]);
  expect(await removals()).toEqual(['mia']);
});
