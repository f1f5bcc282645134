import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver } from '@slack/bolt';
import { afterEach, describe, expect, it } from 'vitest';
import { person, SECRETS, startTestWorkspace, until } from '../for-tests.ts';
import type { Workspace } from '../start.ts';

const nothing = (): void => undefined;
const quiet = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => 'error' as never,
  setName: nothing,
};
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function workspaceInHttpMode(requestUrl: string): Promise<Workspace> {
  const workspace = await startTestWorkspace({ requestUrl });
  stops.push(() => workspace.stop());
  return workspace;
}

/** A Bolt app on its HTTPReceiver. `signingSecret` is what the app believes it to be. */
async function boltOverHttp(signingSecret: string): Promise<{ app: App; workspace: Workspace }> {
  const workspace = await startTestWorkspace();
  stops.push(() => workspace.stop());
  const receiver = new HTTPReceiver({ signingSecret, logger: quiet });
  const app = new App({
    token: SECRETS.botToken,
    receiver,
    logger: quiet,
    clientOptions: { slackApiUrl: workspace.apiUrl },
  });
  const server = (await app.start({ port: 0, host: '127.0.0.1' })) as Server;
  stops.push(() => app.stop());
  workspace.setRequestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return { app, workspace };
}

/** An app that is only an HTTP server: `answer` says what each request gets. */
async function bareApp(
  answer: (
    request: IncomingMessage,
    body: string,
    count: number,
  ) => { status: number; body?: string; headers?: Record<string, string> },
) {
  const requests: { headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ headers: request.headers, body });
      const { status, body: text = '', headers = {} } = answer(request, body, requests.length);
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events` };
}

describe('HTTP mode with a real Bolt HTTPReceiver', () => {
  it('passes the signature check, the challenge, commands and events', async () => {
    const { app, workspace } = await boltOverHttp(SECRETS.signingSecret);
    const heard: string[] = [];
    app.command('/go', async ({ command, ack }) => ack({ text: `heard ${command.text}` }));
    app.event('message', async ({ event }) => void heard.push('text' in event ? (event.text ?? '') : ''));
    app.action('halt.press', async ({ ack, respond }) => {
      await ack();
      await respond({ text: 'halting', replace_original: false });
    });
    expect(await workspace.verifyRequestUrl()).toBe(true);
    expect(await person(workspace, 'U0ONCALL').go('fire now')).toMatchObject({
      ok: true,
      response: { text: 'heard fire now' },
    });
    await person(workspace, 'U0ONCALL').say('hello');
    await until('the event', () => heard.includes('hello'));
  });

  it('is refused by an app that has another signing secret', async () => {
    const { app, workspace } = await boltOverHttp('another-secret');
    app.command('/go', async ({ ack }) => ack());
    expect(await workspace.verifyRequestUrl()).toBe(false);
    expect(await person(workspace, 'U0ONCALL').go('fire')).toEqual({
      ok: false,
      error: '/go failed with the error "http_client_error"',
    });
  });
});

describe('HTTP mode', () => {
  it('says dispatch_failed when nobody listens, and http_service_error when the app breaks', async () => {
    const nobody = await workspaceInHttpMode('http://127.0.0.1:9/slack/events');
    expect(await person(nobody, 'U0ONCALL').go('x')).toEqual({
      ok: false,
      error: '/go failed with the error "dispatch_failed"',
    });
    const broken = await bareApp(() => ({ status: 500 }));
    const workspace = await workspaceInHttpMode(broken.url);
    expect(await person(workspace, 'U0ONCALL').go('x')).toEqual({
      ok: false,
      error: '/go failed with the error "http_service_error"',
    });
    expect(broken.requests.length).toBe(1);
  });

  it('tries an event again at once, with the number and the reason', async () => {
    const app = await bareApp((_request, _body, count) => ({ status: count === 1 ? 503 : 200 }));
    const workspace = await workspaceInHttpMode(app.url);
    await person(workspace, 'U0ONCALL').say('hello');
    await until('the second try', () => app.requests.length === 2);
    expect(app.requests[0]?.headers['x-slack-retry-num']).toBeUndefined();
    expect(app.requests[1]?.headers).toMatchObject({ 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_error' });
    expect(app.requests[1]?.body).toBe(app.requests[0]?.body);
  });

  it('does not try again when the app says so', async () => {
    const app = await bareApp((request) => ({
      status: request.headers['content-type'] === 'application/json' ? 500 : 200,
      headers: { 'x-slack-no-retry': '1' },
    }));
    const workspace = await workspaceInHttpMode(app.url);
    await person(workspace, 'U0ONCALL').say('hello');
    await until('the first try', () => app.requests.length === 1);
    // The command comes after whatever a retry at once would have sent.
    await person(workspace, 'U0ONCALL').go('x');
    expect(app.requests.length).toBe(2);
  });

  it('lets a response_url be used five times within 30 minutes', async () => {
    let nowMs = Date.now();
    const app = await bareApp(() => ({ status: 200 }));
    const workspace = await startTestWorkspace({ requestUrl: app.url, nowMs: () => nowMs });
    stops.push(() => workspace.stop());
    const use = async (url: string | null, body: object) =>
      (await fetch(url ?? '', { method: 'POST', body: JSON.stringify(body) })).status;
    await person(workspace, 'U0ONCALL').go('x');
    const url = new URLSearchParams(app.requests[0]?.body).get('response_url');
    for (let i = 0; i < 5; i++) expect(await use(url, { text: `answer ${i}` })).toBe(200);
    expect(await use(url, { text: 'one too many' })).toBe(404);
    await person(workspace, 'U0ONCALL').go('y');
    const second = new URLSearchParams(app.requests[1]?.body).get('response_url');
    expect(await use(second, { text: 'x', blocks: [{ type: 'banner' }] })).toBe(400);
    nowMs += 31 * 60_000;
    expect(await use(second, { text: 'late' })).toBe(404);
    expect((await person(workspace, 'U0ONCALL').messages()).length).toBe(5);
  });

  it('lets a modal be opened within 3 s of the press, once', async () => {
    let nowMs = Date.now();
    const app = await bareApp(() => ({ status: 200 }));
    const workspace = await startTestWorkspace({ requestUrl: app.url, nowMs: () => nowMs });
    stops.push(() => workspace.stop());
    const view = { type: 'modal', title: { type: 'plain_text', text: 'T' }, blocks: [{ type: 'divider' }] };
    const open = async (trigger: string | null) => {
      const answer = await fetch(`${workspace.apiUrl}views.open`, {
        method: 'POST',
        body: new URLSearchParams({ token: SECRETS.botToken, trigger_id: trigger ?? '', view: JSON.stringify(view) }),
      });
      return (await answer.json()) as { ok: boolean; error?: string };
    };
    const trigger = (i: number) => new URLSearchParams(app.requests[i]?.body).get('trigger_id');
    await person(workspace, 'U0ONCALL').go('x');
    expect(await open(trigger(0))).toMatchObject({
      ok: true,
      view: { type: 'modal', root_view_id: expect.any(String) as string },
    });
    expect(await open(trigger(0))).toEqual({ ok: false, error: 'exchanged_trigger_id' });
    await person(workspace, 'U0ONCALL').go('y');
    nowMs += 3_001;
    expect(await open(trigger(1))).toEqual({ ok: false, error: 'expired_trigger_id' });
  });
});
