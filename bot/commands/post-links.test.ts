import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { WAR_ROOM } from '../../infra/local/slack/state/seed.ts';
import { postLinks } from './post-links.ts';

let workspace: Workspace;
let client: WebClient;
let ts: string[];
beforeAll(async () => {
  workspace = await startTestWorkspace();
  client = new WebClient(SECRETS.botToken, { slackApiUrl: `${workspace.url}/api/` });
  ts = [];
  for (const text of ['first', 'second'])
    ts.push((await client.chat.postMessage({ channel: WAR_ROOM, text })).ts ?? '');
});
afterAll(() => workspace.stop());

const links = (postedAt: () => Promise<Map<number, string>>, from = client) =>
  postLinks(
    { client: from, conductor: { postedAt }, log: pino({ level: 'silent' }) },
    { id: 'L', channelId: WAR_ROOM },
    [{ seq: 3, kind: 'HaltSet' }],
  );
const linkOf = async (at: number) =>
  (await client.chat.getPermalink({ channel: WAR_ROOM, message_ts: ts[at] ?? '' })).permalink;

test('links are as Slack itself gives them, by one call for all', async () => {
  const posted = new Map(ts.map((one, at) => [at + 3, one]));
  expect([...(await links(() => Promise.resolve(posted)))]).toEqual([
    [3, await linkOf(0)],
    [4, await linkOf(1)],
  ]);
});

test('without an answer of Slack or of the store there are none, and nothing else is missing', async () => {
  expect(await links(() => Promise.resolve(new Map()))).toEqual(new Map());
  expect(await links(() => Promise.resolve(new Map([[4, '1.000001']])))).toEqual(new Map());
  expect(await links(() => Promise.reject(new Error('no store')))).toEqual(new Map());
});

test('of a link in another form than Slack has by now no other is made', async () => {
  const getPermalink = () => Promise.resolve({ ok: true, permalink: 'https://example.slack.com/client/T1/C1' });
  const odd = Object.assign(Object.create(client) as WebClient, { chat: { getPermalink } });
  expect(await links(() => Promise.resolve(new Map([[3, ts[0] ?? '']])), odd)).toEqual(new Map());
});
