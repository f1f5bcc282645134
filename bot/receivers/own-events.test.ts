import { App } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EVERY_SCOPE, person, SECRETS, startTestWorkspace, until } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { slackLogger } from '../slack/slack-client.ts';
import { isOwnEvent } from './own-events.ts';

const unknown = { botId: null, botUserId: null, name: null, teamId: null };
let workspace: Workspace;
beforeEach(async () => {
  workspace = await startTestWorkspace({ scopes: EVERY_SCOPE, rateLimits: false });
});
afterEach(() => workspace.stop());

it("the bot's posts, edits and deletions come back as events and are known for its own, by the envelope alone; what people write, edit and delete is not", async () => {
  const bodies: Record<string, unknown>[] = [];
  const app = new App({
    authorize: async () => ({ botToken: SECRETS.botToken }),
    appToken: SECRETS.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: workspace.apiUrl },
    logger: slackLogger(pino({ level: 'silent' })),
  });
  const handle = app.processEvent.bind(app);
  app.processEvent = async (event) => {
    bodies.push(event.body as Record<string, unknown>);
    await handle(event);
  };
  await app.start();
  try {
    const client = new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl });
    const { ts = '' } = await client.chat.postMessage({ channel: 'C0WARROOM', text: 'ours' });
    await client.chat.update({ channel: 'C0WARROOM', ts, text: 'ours, edited' });
    await client.chat.delete({ channel: 'C0WARROOM', ts });
    const mia = person(workspace, 'U0MARKET1');
    await mia.say('hers');
    const { ts: hers = '' } = (await mia.messages()).find(({ text }) => text === 'hers') ?? {};
    await mia.send('PATCH', `messages/C0WARROOM/${hers}`, { text: 'hers, edited' });
    workspace.admin.deleteMessage('C0WARROOM', hers);
    await until('all events', () => bodies.length >= 6);
    expect(bodies.map((body) => isOwnEvent(body, unknown))).toEqual([true, true, true, false, false, false]);
  } finally {
    await app.stop();
  }
});

it('an older shape without an app id is known by our own ids, once they are known', () => {
  const body = (event: object) => ({ type: 'event_callback', api_app_id: 'A1', event: { type: 'message', ...event } });
  const known = { botId: 'B1', botUserId: 'U1', name: 'go', teamId: 'T1' };
  expect(isOwnEvent(body({ subtype: 'bot_message', bot_id: 'B1' }), known)).toBe(true);
  expect(isOwnEvent(body({ subtype: 'bot_message', bot_id: 'B1' }), unknown)).toBe(false);
  expect(isOwnEvent(body({ user: 'U1' }), known)).toBe(true);
  expect(isOwnEvent(body({ bot_id: 'B2', app_id: 'A2' }), known)).toBe(false);
  // Slack's tombstone in place of a message with replies: whose it was counts.
  const tombstone = { ts: '1.1', subtype: 'tombstone', user: 'USLACKBOT' };
  expect(
    isOwnEvent(
      body({
        subtype: 'message_changed',
        message: tombstone,
        previous_message: { ts: '1.1', bot_id: 'B1', app_id: 'A1' },
      }),
      unknown,
    ),
  ).toBe(true);
  expect(
    isOwnEvent(
      body({ subtype: 'message_changed', message: tombstone, previous_message: { ts: '1.1', user: 'U2' } }),
      known,
    ),
  ).toBe(false);
  expect(
    isOwnEvent({ type: 'event_callback', api_app_id: 'A1', event: { type: 'user_change', user: { id: 'U1' } } }, known),
  ).toBe(false);
  expect(isOwnEvent({ type: 'block_actions', api_app_id: 'A1', message: { app_id: 'A1' } }, known)).toBe(false);
});
