import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createApp } from './app.ts';
import type { Desk } from './desk.ts';
import { SlackIdentity } from './slack/slack-identity.ts';

it("an event of the bot's own is acknowledged, and nothing looks at it; one of a person goes its way", async () => {
  const log = pino({ level: 'silent' });
  // Nothing listens on this port: whatever asks Slack fails.
  const apiUrl = 'http://127.0.0.1:9/api/';
  const desk = { log, nowMs: () => Date.now(), cloud: {}, rooms: { launchOf: async () => null } } as unknown as Desk;
  const receiver = { init: () => undefined, start: async () => undefined, stop: async () => undefined };
  const app = createApp({
    desk,
    receiver,
    botToken: () => 'xoxb-x',
    apiUrl,
    identity: new SlackIdentity({ client: new WebClient('xoxb-x', { slackApiUrl: apiUrl }), log }),
  });
  const looked: unknown[] = [];
  app.use(async ({ payload, next }) => {
    looked.push(payload);
    await next();
  });
  let acked = 0;
  const deliver = (event: object) =>
    app.processEvent({
      body: {
        type: 'event_callback',
        api_app_id: 'A1',
        team_id: 'T1',
        event: { type: 'message', channel: 'C1', ts: '1.1', ...event },
      },
      ack: async () => void (acked += 1),
    });
  await deliver({ bot_id: 'B1', app_id: 'A1', user: 'U0', text: 'posted' });
  await deliver({ subtype: 'message_changed', message: { bot_id: 'B1', app_id: 'A1', ts: '1.1' } });
  expect({ acked, looked: looked.length }).toEqual({ acked: 2, looked: 0 });
  await deliver({ user: 'U1', text: 'said' });
  expect({ acked, looked: looked.length }).toEqual({ acked: 3, looked: 1 });
});

it('the log of a command that failed says which it was, and nothing that somebody typed', async () => {
  let lines = '';
  const log = pino({}, { write: (line: string) => void (lines += line) });
  const apiUrl = 'http://127.0.0.1:9/api/';
  const away = () => Promise.reject(new Error('STORE_AWAY'));
  const rooms = { launchOf: away };
  const teller = { tell: async () => undefined };
  const desk = { log, nowMs: () => Date.now(), cloud: {}, rooms, teller } as unknown as Desk;
  const receiver = { init: () => undefined, start: async () => undefined, stop: async () => undefined };
  const identity = new SlackIdentity({ client: new WebClient('xoxb-x', { slackApiUrl: apiUrl }), log });
  const app = createApp({ desk, receiver, botToken: () => 'xoxb-x', apiUrl, identity });
  const typed = async (text: string) =>
    app.processEvent({
      body: {
        command: '/go',
        text,
        channel_id: 'C1',
        user_id: 'U1',
        team_id: 'T1',
        trigger_id: text,
        response_url: 'x',
      },
      ack: async () => undefined,
    });
  await typed('note the password is hunter2');
  await typed('hunter2');
  const failed = lines
    .split('\n')
    .filter((line) => line.includes('a handler failed'))
    .map((line) => (JSON.parse(line) as { command: string }).command);
  expect(failed[0]).toBe('note');
  expect(lines).not.toContain('hunter2');
});
