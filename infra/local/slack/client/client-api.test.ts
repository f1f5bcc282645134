import { mkdtempSync, appendFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebClient } from '@slack/web-api';
import { afterEach, describe, expect, it } from 'vitest';
import { EVERY_SCOPE, person, SECRETS, startTestWorkspace, until } from '../for-tests.ts';
import type { Workspace } from '../start.ts';

let workspace: Workspace;
afterEach(() => workspace.stop());

const slack = () => new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl });

/** A request with headers that fetch would not let through. */
function status(path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${workspace.url}${path}`, { method, headers }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end(method === 'GET' ? undefined : '{"as":"U0ONCALL","channel":"C0WARROOM","text":"x"}');
  });
}

describe('another page in the same browser', () => {
  const json = { 'content-type': 'application/json' };

  it('cannot reach the client API by a foreign name, origin or site', async () => {
    workspace = await startTestWorkspace();
    const own = { host: `127.0.0.1:${workspace.port}`, origin: workspace.url, 'sec-fetch-site': 'same-origin' };
    expect(await status('/client/messages', { ...json, ...own }, 'POST')).toBe(200);
    expect(await status('/client/messages', { ...json, ...own, origin: 'https://evil.example' }, 'POST')).toBe(403);
    expect(await status('/client/messages', { ...json, ...own, origin: 'null' }, 'POST')).toBe(403);
    expect(await status('/client/messages', { ...json, host: 'evil.example' }, 'POST')).toBe(403);
    expect(await status('/client/messages', { ...json, host: own.host, 'sec-fetch-site': 'cross-site' }, 'POST')).toBe(
      403,
    );
    expect(await status('/client/state', { host: `evil.example:${workspace.port}` })).toBe(403);
    // A form post needs no preflight, and would be let through by the browser.
    expect(await status('/client/actions', { host: own.host, 'content-type': 'text/plain' }, 'POST')).toBe(415);
    expect((await person(workspace, 'U0ONCALL').messages()).length).toBe(1);
  });

  it('cannot frame the room or run scripts in it', async () => {
    workspace = await startTestWorkspace();
    const { headers } = await fetch(workspace.url);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
  });

  it("gets no other file than the page's own", async () => {
    workspace = await startTestWorkspace();
    for (const path of [
      '/page/../start.ts',
      '/page/%2e%2e/start.ts',
      '/fonts/lato/../../../package.json',
      '/fonts/zod/package.json',
      '/start.ts',
    ])
      expect(await status(path, {})).toBe(404);
  });
});

describe('messages as HTML', () => {
  it('holds no markup and no script link of people or apps', async () => {
    workspace = await startTestWorkspace();
    await person(workspace, 'U0ONCALL').say('<img src=x onerror=alert(1)> javascript:alert(1) https://example.com/a');
    const evil =
      '<script>alert(1)</script> <javascript:alert(1)|click> <data:text/html,x|click> <https://example.com|ok>';
    await slack().chat.postMessage({
      channel: 'C0WARROOM',
      text: 'x',
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text: evil } },
        { type: 'markdown', text: '[x](javascript:alert(1)) <img src=x onerror=alert(1)>' },
        {
          type: 'rich_text',
          elements: [
            { type: 'rich_text_section', elements: [{ type: 'link', url: 'javascript:alert(1)', text: 'x' }] },
          ],
        },
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: '"><b>', text: { type: 'plain_text', text: '<i>GO</i>' } }],
        },
      ],
    });
    for (const { html } of await person(workspace, 'U0ONCALL').messages()) {
      expect(html).not.toMatch(/<script|<img|<i>|<b>/);
      expect(
        [...html.matchAll(/(?:href|src)="([^"]*)"/g)].every(([, url]) => url === '' || url?.startsWith('https://')),
      ).toBe(true);
    }
    expect((await person(workspace, 'U0ONCALL').messages())[1]?.html).toContain('href="https://example.com"');
  });

  it('names every control, and makes the GO button one of its own', async () => {
    workspace = await startTestWorkspace();
    const option = (value: string) => ({ text: { type: 'plain_text' as const, text: value }, value });
    await slack().chat.postMessage({
      channel: 'C0WARROOM',
      text: 'x',
      blocks: [
        {
          type: 'actions',
          block_id: 'b',
          elements: [
            {
              type: 'button',
              action_id: 'fire.go',
              style: 'primary',
              text: { type: 'plain_text', text: ':rocket: GO' },
            },
            {
              type: 'button',
              action_id: 'fire.go:again',
              text: { type: 'plain_text', text: ':large_green_square: GO anyway' },
            },
            {
              type: 'static_select',
              action_id: 's',
              placeholder: { type: 'plain_text', text: 'Pick' },
              options: [option('a'), option('b')],
              initial_option: option('b'),
            },
            { type: 'overflow', action_id: 'o', options: [option('x')] },
          ],
        },
      ],
    });
    const html = (await person(workspace, 'U0ONCALL').messages())[0]?.html ?? '';
    expect(html).toContain('data-action="fire.go"');
    expect(html.match(/class="button[^"]*"/g)).toEqual([
      'class="button button-primary"',
      'class="button"',
      'class="button"',
    ]);
    expect(html).toContain('🚀 GO');
    expect(html).toContain('>🟩 GO anyway</button>');
    expect(html).toContain('aria-label="Pick"');
    expect(html).toMatch(/<option value="b" selected/);
    expect(html).toContain('role="menuitem"');
  });
});

describe('the event stream', () => {
  it('tells each person what concerns them', async () => {
    workspace = await startTestWorkspace();
    const events: Record<string, string[]> = { U0ONCALL: [], U0MARKET1: [] };
    const closes = Object.keys(events).map((as) => {
      const abort = new AbortController();
      const read = async (): Promise<void> => {
        const answer = await fetch(`${workspace.url}/client/events?as=${as}`, { signal: abort.signal });
        for await (const chunk of answer.body ?? [])
          for (const [, type] of Buffer.from(chunk)
            .toString()
            .matchAll(/^event: (.*)$/gm))
            events[as]?.push(type ?? '');
      };
      const done = read().catch((error: unknown) => expect((error as Error).name).toBe('AbortError'));
      return () => (abort.abort(), done);
    });
    await until('both listen', () => Object.values(events).every((types) => types.includes('presence')));
    const client = slack();
    const { ts } = await client.chat.postMessage({ channel: 'C0WARROOM', text: 'a' });
    await client.chat.update({ channel: 'C0WARROOM', ts: ts ?? '', text: 'b' });
    await client.chat.postEphemeral({ channel: 'C0WARROOM', user: 'U0MARKET1', text: 'c' });
    await client.chat.delete({ channel: 'C0WARROOM', ts: ts ?? '' });
    await until('all events', () => Object.values(events).every((types) => types.includes('message_deleted')));
    expect(events['U0ONCALL']).toEqual(['presence', 'message', 'message_changed', 'message_deleted']);
    expect(events['U0MARKET1']).toEqual(['presence', 'message', 'message_changed', 'ephemeral', 'message_deleted']);
    for (const close of closes) await close();
  });
});

describe('a restart', () => {
  it('keeps messages, pins, channels and files, and drops a torn last line', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'gobutton-slack-'));
    workspace = await startTestWorkspace({ dataDir, scopes: EVERY_SCOPE });
    const { ts } = await slack().chat.postMessage({
      channel: 'C0WARROOM',
      text: 'board',
      metadata: { event_type: 'board', event_payload: { seq: 1 } },
    });
    await slack().chat.update({ channel: 'C0WARROOM', ts: ts ?? '', text: 'board 2' });
    await slack().pins.add({ channel: 'C0WARROOM', timestamp: ts ?? '' });
    await slack().conversations.create({ name: 'launch-2' });
    await slack().filesUploadV2({ channel_id: 'C0WARROOM', content: 'hello', filename: 'timeline.md' });
    const before = await person(workspace, 'U0ONCALL').messages();
    await workspace.stop();
    appendFileSync(join(dataDir, 'workspace.ndjson'), '["message","C0WARROOM/1.0",{"ty');

    workspace = await startTestWorkspace({ dataDir, scopes: EVERY_SCOPE });
    const after = await person(workspace, 'U0ONCALL').messages();
    expect(after).toEqual(before);
    expect(after[0]).toMatchObject({ text: 'board 2', pinned: true });
    expect(await (await fetch(workspace.url + (after[1]?.files[0]?.url ?? ''))).text()).toBe('hello');
    const { channels } = await slack().conversations.list({});
    expect(channels?.map((one) => one.name)).toContain('launch-2');
    const next = await slack().chat.postMessage({ channel: 'C0WARROOM', text: 'after' });
    expect(Number(next.ts)).toBeGreaterThan(Number(after[1]?.ts));
  });
});
