import type { App } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person, SECRETS, socketApp, startTestWorkspace, until } from '../for-tests.ts';
import type { Workspace } from '../start.ts';

describe('a Bolt app on Socket Mode', () => {
  let workspace: Workspace;
  let app: App;
  const ana = () => person(workspace, 'U0ONCALL');
  const heard: { type: string; subtype?: string; text?: string }[] = [];
  const seen: Record<string, unknown>[] = [];

  beforeAll(async () => {
    workspace = await startTestWorkspace({ events: ['message.channels', 'app_mention'] });
    app = socketApp(workspace);
    app.command('/go', async ({ command, ack, respond, client }) => {
      seen.push(command as unknown as Record<string, unknown>);
      if (command.text === 'slow') return;
      if (command.text === 'answer') return await ack({ response_type: 'in_channel', text: 'for all' });
      if (command.text === 'bad') return await ack({ blocks: [{ type: 'section' }] } as never);
      await ack();
      if (command.text === 'later') await respond({ text: 'for you' });
      if (command.text === 'modal') {
        await client.views.open({
          trigger_id: command.trigger_id,
          view: {
            type: 'modal',
            callback_id: 'why',
            title: { type: 'plain_text', text: 'Why' },
            submit: { type: 'plain_text', text: 'Send' },
            notify_on_close: true,
            private_metadata: 'L1',
            blocks: [
              {
                type: 'input',
                block_id: 'reason',
                label: { type: 'plain_text', text: 'Reason' },
                element: { type: 'plain_text_input', action_id: 'text' },
              },
            ],
          },
        });
      }
      if (command.text === 'button') {
        await client.chat.postMessage({
          channel: command.channel_id,
          text: 'press',
          blocks: [
            {
              type: 'actions',
              block_id: 'b1',
              elements: [
                { type: 'button', action_id: 'fire.go', value: '{"x":1}', text: { type: 'plain_text', text: 'GO' } },
              ],
            },
          ],
        });
      }
    });
    app.action('fire.go', async ({ body, ack, respond, action }) => {
      await ack();
      seen.push(body as unknown as Record<string, unknown>);
      await respond({
        replace_original: true,
        text: `pressed by ${body.user.id} with ${'value' in action ? String(action.value) : ''}`,
      });
    });
    app.view('why', async ({ ack, view, body }) => {
      const text = view.state.values['reason']?.['text']?.value;
      seen.push({ ...body });
      if (text === 'bad') await ack({ response_action: 'errors', errors: { reason: 'say more' } });
      else if (text === 'next')
        await ack({
          response_action: 'update',
          view: { type: 'modal', title: { type: 'plain_text', text: 'Thanks' }, blocks: [{ type: 'divider' }] },
        });
      else await ack();
    });
    app.view({ callback_id: 'why', type: 'view_closed' }, async ({ ack, body }) => {
      await ack();
      seen.push({ ...body });
    });
    app.event('message', async ({ event }) => void heard.push(event as never));
    app.event('app_mention', async ({ event }) => void heard.push(event as never));
    await app.start();
  });

  afterAll(async () => {
    await app.stop();
    await workspace.stop();
  });

  it('is connected once hello came', () => expect(workspace.connectionCount()).toBe(1));

  it('answers a slash command to the person alone through response_url', async () => {
    expect(await ana().go('later')).toEqual({ ok: true });
    const message = await until('the answer', async () =>
      (await ana().messages()).find((one) => one.text === 'for you'),
    );
    expect(message.ephemeralTo).toBe('U0ONCALL');
    expect((await person(workspace, 'U0MARKET1').messages()).some((one) => one.text === 'for you')).toBe(false);
    expect(seen.at(-1)).toMatchObject({
      command: '/go',
      channel_id: 'C0WARROOM',
      channel_name: 'superbowl-war-room',
      user_id: 'U0ONCALL',
      team_id: 'T0GOBUTTON',
      api_app_id: 'A0GOBUTTON',
    });
  });

  it('answers to all with the acknowledgement', async () => {
    expect(await ana().go('answer')).toMatchObject({ ok: true, response: { text: 'for all' } });
    expect((await person(workspace, 'U0MARKET1').messages()).at(-1)).toMatchObject({
      text: 'for all',
      bot_id: 'B0GOBUTTON',
    });
  });

  it('shows the person a command that is not acknowledged within 3 s', async () => {
    const startMs = Date.now();
    expect(await ana().go('slow')).toEqual({ ok: false, error: '/go failed with the error "operation_timeout"' });
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(2_990);
  });

  it('refuses blocks in an acknowledgement that Slack would refuse', async () => {
    expect(await ana().go('bad')).toEqual({ ok: false, error: '/go failed with the error "invalid_blocks"' });
  });

  it('knows no other command', async () =>
    expect((await ana().go('', '/stop')).error).toContain('/stop is not a valid command'));

  it('brings a press with the message, and replaces the message', async () => {
    await ana().go('button');
    const message = await until('the button', async () => (await ana().messages()).find((one) => one.text === 'press'));
    const mia = person(workspace, 'U0MARKET1');
    expect(await mia.press(message.ts, 'fire.go')).toEqual({ ok: true });
    const after = await until('the change', async () =>
      (await mia.messages()).find((one) => one.ts === message.ts && one.text.startsWith('pressed')),
    );
    expect(after.text).toBe('pressed by U0MARKET1 with {"x":1}');
    expect(seen.at(-1)).toMatchObject({
      type: 'block_actions',
      container: { type: 'message', message_ts: message.ts, channel_id: 'C0WARROOM', is_ephemeral: false },
      channel: { id: 'C0WARROOM' },
      message: { ts: message.ts, bot_id: 'B0GOBUTTON' },
      actions: [{ action_id: 'fire.go', block_id: 'b1', type: 'button', value: '{"x":1}' }],
    });
  });

  it("opens a modal, holds back an empty one, shows the app's errors, updates and closes it", async () => {
    await ana().go('modal');
    const [view] = await until('the modal', async () =>
      (await ana().views()).length > 0 ? await ana().views() : null,
    );
    const submit = (value: string | null) =>
      ana().submit(view?.id ?? '', { reason: { text: { type: 'plain_text_input', value } } });
    expect(await submit(null)).toMatchObject({ ok: false, errors: { reason: 'Please complete this required field.' } });
    expect(await submit('bad')).toMatchObject({ ok: false, errors: { reason: 'say more' } });
    expect(seen.at(-1)).toMatchObject({
      type: 'view_submission',
      view: {
        callback_id: 'why',
        private_metadata: 'L1',
        state: { values: { reason: { text: { type: 'plain_text_input', value: 'bad' } } } },
      },
    });
    expect((await ana().views())[0]?.html).toContain('say more');
    expect(await submit('next')).toEqual({ ok: true });
    expect((await ana().views())[0]?.title.text).toBe('Thanks');
    await ana().send('POST', `views/${view?.id}/close`, {});
    expect(await ana().views()).toEqual([]);
  });

  it('tells the app that a modal was closed when it asked to know', async () => {
    await ana().go('modal');
    const [view] = await until('the modal', async () =>
      (await ana().views()).length > 0 ? await ana().views() : null,
    );
    expect((await person(workspace, 'U0MARKET1').submit(view?.id ?? '', {})).error).toBe('not_found');
    await ana().send('POST', `views/${view?.id}/close`, {});
    expect(seen.at(-1)).toMatchObject({ type: 'view_closed', is_cleared: false, view: { callback_id: 'why' } });
  });

  it('tells the app what people write, change and delete, and when they mention it', async () => {
    heard.length = 0;
    const { ts } = (await ana().say('hello @gobutton & <you>')) as unknown as { ts: string };
    await ana().send('PATCH', `messages/C0WARROOM/${ts}`, { text: 'hello again' });
    await ana().send('DELETE', `messages/C0WARROOM/${ts}`, {});
    await until('four events', () => heard.length >= 4);
    expect(heard.map((one) => one.subtype ?? one.type)).toEqual([
      'message',
      'app_mention',
      'message_changed',
      'message_deleted',
    ]);
    expect(heard[0]?.text).toBe('hello <@U0GOBUTTON> &amp; &lt;you&gt;');
  });

  it('puts a tombstone in place of a deleted message that has replies, and takes it away with the last one', async () => {
    const client = new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl });
    const { ts } = (await ana().say('the first')) as unknown as { ts: string };
    const { ts: reply = '' } = await client.chat.postMessage({ channel: 'C0WARROOM', thread_ts: ts, text: 'a reply' });
    await until('the first', () => heard.at(-1)?.text === 'the first');
    heard.length = 0;
    await ana().send('DELETE', `messages/C0WARROOM/${ts}`, {});
    await until('the tombstone', () => heard.length >= 1);
    expect(heard[0]).toMatchObject({
      subtype: 'message_changed',
      message: { ts, subtype: 'tombstone', user: 'USLACKBOT', reply_count: 1 },
      previous_message: { ts, text: 'the first' },
    });
    expect(
      (await client.conversations.history({ channel: 'C0WARROOM' })).messages?.find((one) => one.ts === ts)?.text,
    ).toBe('This message was deleted.');
    await client.chat.delete({ channel: 'C0WARROOM', ts: reply });
    await until('both gone', () => heard.length >= 3);
    expect(heard.slice(1).map((one) => one.subtype)).toEqual(['message_deleted', 'message_deleted']);
    expect(heard.at(-1)).toMatchObject({ deleted_ts: ts, previous_message: { subtype: 'tombstone' } });
  });

  it('keeps a person from changing what another wrote', async () => {
    const { ts } = (await ana().say('mine')) as unknown as { ts: string };
    expect(
      (await person(workspace, 'U0MARKET1').send('PATCH', `messages/C0WARROOM/${ts}`, { text: 'yours' })).error,
    ).toBe('cant_update_message');
  });
});

// At the same time: each has a workspace of its own, and two of them are about waiting.
describe.concurrent('connections', () => {
  it('bring a payload to another connection when the first dies with it', async () => {
    const workspace = await startTestWorkspace();
    const reached: string[] = [];
    const apps = ['one', 'two'].map((name) => {
      const app = socketApp(workspace);
      app.command('/go', async ({ ack }) => {
        reached.push(name);
        // The first one to get it says nothing, and dies with it.
        if (reached.length === 1) return await app.stop().then(() => undefined);
        await ack({ text: `from ${name}` });
      });
      return app;
    });
    for (const app of apps) await app.start();
    expect(workspace.connectionCount()).toBe(2);
    const answer = await person(workspace, 'U0ONCALL').go('status');
    expect(answer).toMatchObject({ ok: true });
    expect(new Set(reached).size).toBe(2);
    for (const app of apps) await app.stop();
    await workspace.stop();
  });

  it('wait for a connection within the 3 s, and say dispatch_failed when none comes', async () => {
    const workspace = await startTestWorkspace();
    const waiting = person(workspace, 'U0ONCALL').go('early');
    const app = socketApp(workspace);
    app.command('/go', async ({ ack }) => ack({ text: 'in time' }));
    await app.start();
    expect(await waiting).toMatchObject({ ok: true, response: { text: 'in time' } });
    await app.stop();
    await until('no connection', () => workspace.connectionCount() === 0);
    expect(await person(workspace, 'U0ONCALL').go('late')).toEqual({
      ok: false,
      error: '/go failed with the error "dispatch_failed"',
    });
    await workspace.stop();
  });

  it('come back by themselves when Slack refreshes them', async () => {
    const workspace = await startTestWorkspace();
    const app = socketApp(workspace);
    app.command('/go', async ({ ack }) => ack({ text: 'here' }));
    await app.start();
    workspace.refreshConnections('refresh_requested');
    await until('the old one gone', () => workspace.connectionCount() === 0);
    await until('the new one', () => workspace.connectionCount() === 1);
    expect(await person(workspace, 'U0ONCALL').go('x')).toMatchObject({ ok: true });
    await app.stop();
    await workspace.stop();
  });

  it('need a ticket that is used once', async () => {
    const workspace = await startTestWorkspace();
    const open = await fetch(`${workspace.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: 'Bearer xapp-local-app' },
    });
    const { url } = (await open.json()) as { url: string };
    const dial = (address: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address);
        socket.onmessage = (event) => {
          resolve((JSON.parse(String(event.data)) as { type: string }).type);
          socket.close();
        };
        socket.onerror = () => resolve('refused');
      });
    expect(await dial(url)).toBe('hello');
    expect(await dial(url)).toBe('refused');
    await workspace.stop();
  });
});
