import { readFileSync } from 'node:fs';
import { WebClient } from '@slack/web-api';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EVERY_SCOPE, person, SECRETS, startTestWorkspace, until } from '../for-tests.ts';
import type { Workspace, WorkspaceOptions } from '../start.ts';

const ROOM = 'C0WARROOM';
let workspace: Workspace;

async function client(options: Partial<WorkspaceOptions> = {}, token = SECRETS.botToken): Promise<WebClient> {
  workspace = await startTestWorkspace({ scopes: EVERY_SCOPE, ...options });
  return new WebClient(token, {
    slackApiUrl: workspace.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet,
  });
}

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

/** The error code that a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no refusal';
  } catch (error) {
    return (error as { data?: { error: string } }).data?.error ?? String((error as { code?: string }).code);
  }
}

const raw = async (method: string, init: RequestInit): Promise<Record<string, unknown>> =>
  (await fetch(`${workspace.apiUrl}${method}`, { method: 'POST', ...init })).json() as Promise<Record<string, unknown>>;

afterEach(() => workspace.stop());

describe('tokens and methods', () => {
  it('refuses a call without a token, with a wrong one, and with one of the wrong kind', async () => {
    await client();
    expect(await raw('auth.test', {})).toEqual({ ok: false, error: 'not_authed' });
    expect(await raw('auth.test', { headers: { authorization: 'Bearer xoxb-other' } })).toEqual({
      ok: false,
      error: 'invalid_auth',
    });
    expect(await raw('apps.connections.open', { headers: { authorization: `Bearer ${SECRETS.botToken}` } })).toEqual({
      ok: false,
      error: 'not_allowed_token_type',
    });
    expect(await raw('chat.postMessage', { headers: { authorization: `Bearer ${SECRETS.appToken}` } })).toEqual({
      ok: false,
      error: 'not_allowed_token_type',
    });
  });

  it('takes the token and arguments from a form as well as from JSON', async () => {
    await client();
    const form = new URLSearchParams({
      token: SECRETS.botToken,
      channel: ROOM,
      text: 'form',
      blocks: '[{"type":"divider"}]',
    });
    expect(await raw('chat.postMessage', { body: form })).toMatchObject({ ok: true, channel: ROOM });
    const json = {
      headers: { authorization: `Bearer ${SECRETS.botToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: ROOM, text: 'json', blocks: [{ type: 'divider' }] }),
    };
    expect(await raw('chat.postMessage', json)).toMatchObject({
      ok: true,
      message: { text: 'json', bot_id: 'B0GOBUTTON' },
    });
  });

  it('answers unknown methods with unknown_method', async () => {
    const slack = await client();
    expect(await refusal(slack.apiCall('chat.shout'))).toBe('unknown_method');
    expect(await refusal(slack.apiCall('admin.users.list'))).toBe('unknown_method');
  });

  it('says which scope is missing', async () => {
    const slack = await client({ scopes: ['chat:write'] });
    await expect(slack.pins.list({ channel: ROOM })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'pins:read', provided: 'chat:write' },
    });
  });

  it('grants what the manifest asks for and nothing else, unless a test asks for more', async () => {
    workspace = await startTestWorkspace();
    const slack = new WebClient(SECRETS.botToken, {
      slackApiUrl: workspace.apiUrl,
      retryConfig: { retries: 0 },
      logger: quiet,
    });
    const granted = parse(readFileSync(new URL('../../../slack/manifest.yaml', import.meta.url), 'utf8')) as {
      oauth_config: { scopes: { bot: string[] } };
    };
    expect((await slack.auth.test()).response_metadata?.scopes).toEqual(granted.oauth_config.scopes.bot);
    expect((await slack.conversations.history({ channel: ROOM })).ok).toBe(true);
    await expect(slack.bookmarks.list({ channel_id: ROOM })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'bookmarks:read', provided: granted.oauth_config.scopes.bot.join(',') },
    });
  });

  it('wants the scope of the kind of channel that is read', async () => {
    const slack = await client({ scopes: ['channels:manage', 'channels:read', 'channels:history', 'chat:write'] });
    const { channel } = await slack.conversations.create({ name: 'secret', is_private: true });
    const id = channel?.id ?? '';
    await expect(slack.conversations.history({ channel: id })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'groups:history' },
    });
    await expect(slack.conversations.info({ channel: id })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'groups:read' },
    });
    const direct = await slack.chat.postMessage({ channel: 'U0ONCALL', text: 'hello' });
    await expect(slack.conversations.info({ channel: direct.channel ?? '' })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'im:read' },
    });
  });

  it('says which argument is missing', async () => {
    const slack = await client();
    await expect(slack.apiCall('chat.update', { channel: ROOM })).rejects.toMatchObject({
      data: { error: 'invalid_arguments', response_metadata: { messages: ['[ERROR] missing required field: ts'] } },
    });
  });

  it('refuses what it does not do rather than ignoring it', async () => {
    const slack = await client();
    expect(await refusal(slack.chat.scheduleMessage({ channel: ROOM, text: 'x', post_at: 1 }))).toBe(
      'restricted_action',
    );
    expect(await refusal(slack.apiCall('conversations.canvases.create', {}))).toBe(
      'team_tier_cannot_create_channel_canvases',
    );
  });

  it('lists canvases of a channel, a page at a time, and no other files', async () => {
    const slack = await client();
    expect(await refusal(slack.files.list({ channel: ROOM }))).toBe('invalid_arguments');
    expect(await refusal(slack.files.list({ channel: ROOM, types: 'images' }))).toBe('unknown_type');
    const { canvas_id: id } = await slack.canvases.create({ channel_id: ROOM, title: 'Plan' });
    expect((await slack.files.list({ channel: ROOM, types: 'canvas' })).files).toMatchObject([
      { id, title: 'Plan', user: 'U0GOBUTTON', filetype: 'quip' },
    ]);
    expect(await slack.files.list({ channel: ROOM, types: 'canvas', page: 2 })).toMatchObject({
      files: [],
      paging: { total: 1, pages: 1 },
    });
    expect((await slack.files.list({ channel: 'C0OTHER', types: 'canvas' })).files).toEqual([]);
  });
});

describe('chat', () => {
  it("posts, updates and deletes its own messages and nobody else's", async () => {
    const slack = await client();
    const { ts } = await slack.chat.postMessage({ channel: ROOM, text: 'one' });
    await slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'two' });
    const said = (await person(workspace, 'U0ONCALL').say('mine')) as unknown as { ts: string };
    expect(await refusal(slack.chat.update({ channel: ROOM, ts: said.ts, text: 'x' }))).toBe('cant_update_message');
    expect(await refusal(slack.chat.delete({ channel: ROOM, ts: said.ts }))).toBe('cant_delete_message');
    const { messages } = await slack.conversations.history({ channel: ROOM });
    expect(messages?.map((one) => one.text)).toEqual(['mine', 'two']);
    expect(messages?.[1]).toMatchObject({
      edited: { user: 'U0GOBUTTON' },
      bot_id: 'B0GOBUTTON',
      bot_profile: { name: 'gobutton' },
    });
    await slack.chat.delete({ channel: ROOM, ts: ts ?? '' });
    expect(await refusal(slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'x' }))).toBe('message_not_found');
  });

  it('keeps blocks that an update leaves out, and drops them when it gives none', async () => {
    const slack = await client();
    const { ts } = await slack.chat.postMessage({ channel: ROOM, text: 'a', blocks: [{ type: 'divider' }] });
    expect((await slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'b' })).message).toMatchObject({
      blocks: [{ type: 'divider' }],
    });
    expect((await slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'c', blocks: [] })).message).toMatchObject({
      blocks: [],
    });
  });

  it.each<[string, object, string]>([
    ['no text and no blocks', { text: '' }, 'no_text'],
    ['an unknown channel', { channel: 'C0NONE', text: 'x' }, 'channel_not_found'],
    ['a channel the app is not in', { channel: 'C0GENERAL', text: 'x' }, 'not_in_channel'],
    ['bad blocks', { text: 'x', blocks: [{ type: 'section' }] }, 'invalid_blocks'],
    ['blocks that are no JSON', { text: 'x', blocks: 'oops' }, 'invalid_blocks_format'],
    [
      'too much text in blocks',
      {
        text: 'x',
        blocks: Array.from({ length: 5 }, () => ({
          type: 'section',
          text: { type: 'plain_text', text: 'x'.repeat(3000) },
        })),
      },
      'msg_blocks_too_long',
    ],
    ['metadata without a type', { text: 'x', metadata: { event_payload: {} } }, 'invalid_metadata_format'],
    ['a thread that is not there', { text: 'x', thread_ts: '1.000000' }, 'thread_not_found'],
  ])('refuses a message with %s', async (_name, args, error) => {
    const slack = await client();
    expect(await refusal(slack.apiCall('chat.postMessage', { channel: ROOM, ...args }))).toBe(error);
  });

  it('tells the reasons for invalid_blocks as Slack does', async () => {
    const slack = await client();
    await expect(
      slack.chat.postMessage({ channel: ROOM, text: 'x', blocks: [{ type: 'section' }] }),
    ).rejects.toMatchObject({
      data: {
        errors: ['must define either `text` or `fields` [json-pointer:/blocks/0/type]'],
        response_metadata: {
          messages: ['[ERROR] must define either `text` or `fields` [json-pointer:/blocks/0/type]'],
        },
      },
    });
  });

  it('refuses an update over 4,000 characters, and one after the edit window', async () => {
    let nowMs = Date.now();
    const slack = await client({ editWindowMs: 60_000, nowMs: () => nowMs });
    const { ts } = await slack.chat.postMessage({ channel: ROOM, text: 'x' });
    expect(await refusal(slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'x'.repeat(4001) }))).toBe(
      'msg_too_long',
    );
    nowMs += 61_000;
    expect(await refusal(slack.chat.update({ channel: ROOM, ts: ts ?? '', text: 'late' }))).toBe('edit_window_closed');
  });

  it('returns metadata in history only when asked for it', async () => {
    const slack = await client();
    const metadata = { event_type: 'gobutton_entry', event_payload: { seq: 7 } };
    await slack.chat.postMessage({ channel: ROOM, text: 'x', metadata });
    expect((await slack.conversations.history({ channel: ROOM })).messages?.[0]).not.toHaveProperty('metadata');
    expect(
      (await slack.conversations.history({ channel: ROOM, include_all_metadata: true })).messages?.[0],
    ).toMatchObject({ metadata });
  });

  it('shows an ephemeral message to one person, who must be in the channel', async () => {
    const slack = await client();
    await slack.chat.postEphemeral({ channel: ROOM, user: 'U0MARKET1', text: 'psst' });
    expect((await person(workspace, 'U0MARKET1').messages()).map((one) => one.text)).toEqual(['psst']);
    expect(await person(workspace, 'U0ONCALL').messages()).toEqual([]);
    expect((await slack.conversations.history({ channel: ROOM })).messages).toEqual([]);
    expect(await refusal(slack.chat.postEphemeral({ channel: ROOM, user: 'U0NOBODY', text: 'x' }))).toBe(
      'user_not_found',
    );
  });
});

describe('history and threads', () => {
  it('pages newest first with cursors, and by oldest and latest', async () => {
    const slack = await client();
    const ana = person(workspace, 'U0ONCALL');
    const stamps: string[] = [];
    for (const text of ['1', '2', '3', '4', '5']) stamps.push(((await ana.say(text)) as unknown as { ts: string }).ts);
    const first = await slack.conversations.history({ channel: ROOM, limit: 2 });
    expect(first.messages?.map((one) => one.text)).toEqual(['5', '4']);
    const second = await slack.conversations.history({
      channel: ROOM,
      limit: 2,
      cursor: first.response_metadata?.next_cursor ?? '',
    });
    expect(second.messages?.map((one) => one.text)).toEqual(['3', '2']);
    const after = await slack.conversations.history({ channel: ROOM, oldest: stamps[2] ?? '' });
    expect(after.messages?.map((one) => one.text)).toEqual(['5', '4']);
    expect(
      (await slack.conversations.history({ channel: ROOM, oldest: stamps[2] ?? '', inclusive: true })).messages?.length,
    ).toBe(3);
  });

  it('takes a cursor for some minutes, and where its message was deleted, and no other', async () => {
    let nowMs = 1_800_000_000_000;
    const slack = await client({ nowMs: () => nowMs });
    const ana = person(workspace, 'U0ONCALL');
    const stamps: string[] = [];
    for (const text of ['1', '2', '3', '4']) stamps.push(((await ana.say(text)) as unknown as { ts: string }).ts);
    const first = await slack.conversations.history({ channel: ROOM, limit: 2 });
    const cursor = first.response_metadata?.next_cursor ?? '';
    workspace.admin.deleteMessage(ROOM, stamps[1] ?? '');
    const page = { channel: ROOM, limit: 2, cursor };
    expect((await slack.conversations.history(page)).messages?.map((one) => one.text)).toEqual(['1']);
    nowMs += 300_001;
    expect(await refusal(slack.conversations.history(page))).toBe('invalid_cursor');
    for (const wrong of ['x', Buffer.from('next_ts:1:1').toString('base64')])
      expect(await refusal(slack.conversations.history({ ...page, cursor: wrong }))).toBe('invalid_cursor');
    expect(await refusal(slack.conversations.list({ cursor: Buffer.from('C0GONE').toString('base64') }))).toBe(
      'invalid_cursor',
    );
    expect(await refusal(slack.conversations.history({ channel: ROOM, oldest: 'yesterday' }))).toBe(
      'invalid_ts_oldest',
    );
    expect(await refusal(slack.conversations.history({ channel: ROOM, latest: '-1' }))).toBe('invalid_ts_latest');
  });

  it('begins at the oldest side where it is told that alone, and at the newest with both', async () => {
    const slack = await client();
    const ana = person(workspace, 'U0ONCALL');
    for (const text of ['1', '2', '3', '4', '5']) await ana.say(text);
    const texts = async (more: { latest?: string; cursor?: string }) => {
      const page = await slack.conversations.history({ channel: ROOM, limit: 2, oldest: '1', ...more });
      return [page.messages?.map((one) => one.text).join(' '), page.response_metadata?.next_cursor ?? ''] as const;
    };
    const [said, cursor] = await texts({});
    expect([said, (await texts({ cursor }))[0]]).toEqual(['2 1', '4 3']);
    expect((await texts({ latest: '9999999999' }))[0]).toBe('5 4');
  });

  it('gives an app that is sold fifteen messages a minute, of a thread too', async () => {
    let nowMs = 1_800_000_000_000;
    const slack = await client({ isSold: true, nowMs: () => nowMs });
    for (let i = 0; i < 20; i += 1) await person(workspace, 'U0ONCALL').say(`line ${i}`);
    const first = await slack.conversations.history({ channel: ROOM, limit: 200 });
    expect([first.messages?.length, first.has_more]).toEqual([15, true]);
    const again = slack.conversations.history({ channel: ROOM });
    await expect(again).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 60 });
    const ts = first.messages?.[0]?.ts ?? '';
    expect((await slack.conversations.replies({ channel: ROOM, ts })).messages).toHaveLength(1);
    nowMs += 60_000;
    expect((await slack.conversations.history({ channel: ROOM })).messages).toHaveLength(15);
  });

  it('shows a reply that was sent to the channel in both, and a tombstone for as long as there are replies', async () => {
    const slack = await client();
    const ana = person(workspace, 'U0ONCALL');
    const { ts } = (await ana.say('root')) as unknown as { ts: string };
    const sent = { channel: ROOM, text: 'for all', thread_ts: ts, broadcast: true };
    const reply = (await ana.send('POST', 'messages', sent)) as unknown as { ts: string };
    const shown = async () => (await slack.conversations.history({ channel: ROOM })).messages;
    expect(await shown()).toMatchObject([
      { ts: reply.ts, subtype: 'thread_broadcast', thread_ts: ts, root: { ts } },
      { ts, reply_count: 1 },
    ]);
    await ana.send('DELETE', `messages/${ROOM}/${ts}`, {});
    expect((await shown())?.[1]).toMatchObject({ ts, subtype: 'tombstone', hidden: true, user: 'USLACKBOT' });
    const thread = await slack.conversations.replies({ channel: ROOM, ts });
    expect(thread.messages?.map((one) => one.ts)).toEqual([ts, reply.ts]);
    // Of a reply it gives that reply alone.
    expect((await slack.conversations.replies({ channel: ROOM, ts: reply.ts })).messages).toHaveLength(1);
    await ana.send('DELETE', `messages/${ROOM}/${reply.ts}`, {});
    expect(await shown()).toEqual([]);
    expect(await refusal(slack.conversations.replies({ channel: ROOM, ts }))).toBe('thread_not_found');
  });

  it('keeps replies out of the history and gives them with their parent', async () => {
    const slack = await client();
    const { ts } = await slack.chat.postMessage({ channel: ROOM, text: 'parent' });
    await slack.chat.postMessage({ channel: ROOM, text: 'reply', thread_ts: ts ?? '' });
    expect((await slack.conversations.history({ channel: ROOM })).messages).toMatchObject([
      { text: 'parent', reply_count: 1 },
    ]);
    expect(
      (await slack.conversations.replies({ channel: ROOM, ts: ts ?? '' })).messages?.map((one) => one.text),
    ).toEqual(['parent', 'reply']);
  });
});

describe('channels and people', () => {
  it('creates a channel, invites people and refuses a name twice', async () => {
    const slack = await client();
    const { channel } = await slack.conversations.create({ name: 'launch-2' });
    await slack.conversations.invite({ channel: channel?.id ?? '', users: 'U0ONCALL,U0MARKET1' });
    await slack.conversations.setTopic({ channel: channel?.id ?? '', topic: 'Second' });
    expect((await slack.conversations.members({ channel: channel?.id ?? '' })).members).toEqual([
      'U0GOBUTTON',
      'U0ONCALL',
      'U0MARKET1',
    ]);
    expect((await slack.conversations.info({ channel: channel?.id ?? '' })).channel).toMatchObject({
      name: 'launch-2',
      topic: { value: 'Second' },
      is_member: true,
      is_ext_shared: false,
    });
    expect(await refusal(slack.conversations.create({ name: 'launch-2' }))).toBe('name_taken');
    expect(await refusal(slack.conversations.create({ name: 'Launch 3' }))).toBe('invalid_name_specials');
    await slack.conversations.archive({ channel: channel?.id ?? '' });
    expect(await refusal(slack.chat.postMessage({ channel: channel?.id ?? '', text: 'x' }))).toBe('is_archived');
  });

  it('knows the seeded people and itself', async () => {
    const slack = await client();
    expect(await slack.auth.test()).toMatchObject({
      user_id: 'U0GOBUTTON',
      bot_id: 'B0GOBUTTON',
      team_id: 'T0GOBUTTON',
    });
    expect((await slack.users.info({ user: 'U0ONCALL' })).user).toMatchObject({
      real_name: 'Ana Ortiz',
      is_bot: false,
      deleted: false,
    });
    expect(await refusal(slack.users.info({ user: 'U0NOBODY' }))).toBe('user_not_found');
    expect((await slack.users.list({})).members?.length).toBe(5);
  });

  it('pins, bookmarks and reacts once', async () => {
    const slack = await client();
    const ts = (await slack.chat.postMessage({ channel: ROOM, text: 'board' })).ts ?? '';
    await slack.pins.add({ channel: ROOM, timestamp: ts });
    expect(await refusal(slack.pins.add({ channel: ROOM, timestamp: ts }))).toBe('already_pinned');
    expect((await slack.pins.list({ channel: ROOM })).items).toMatchObject([
      { type: 'message', message: { ts, text: 'board' } },
    ]);
    await slack.pins.remove({ channel: ROOM, timestamp: ts });
    expect(await refusal(slack.pins.remove({ channel: ROOM, timestamp: ts }))).toBe('no_pin');
    await slack.reactions.add({ channel: ROOM, timestamp: ts, name: 'rocket' });
    expect(await refusal(slack.reactions.add({ channel: ROOM, timestamp: ts, name: 'rocket' }))).toBe(
      'already_reacted',
    );
    const { bookmark } = await slack.bookmarks.add({
      channel_id: ROOM,
      title: 'Runbook',
      type: 'link',
      link: 'https://example.com',
    });
    await slack.bookmarks.edit({ channel_id: ROOM, bookmark_id: bookmark?.id ?? '', title: 'Plan' });
    expect((await slack.bookmarks.list({ channel_id: ROOM })).bookmarks).toMatchObject([{ title: 'Plan' }]);
    expect(
      await refusal(slack.bookmarks.add({ channel_id: ROOM, title: 'x', type: 'link', link: 'javascript:alert(1)' })),
    ).toBe('invalid_link');
  });
});

describe('files', () => {
  it('takes an upload in three steps and shows it to the page', async () => {
    const slack = await client();
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==',
      'base64',
    );
    await slack.filesUploadV2({
      channel_id: ROOM,
      file: png,
      filename: 'curve.png',
      title: 'Delivery curve',
      alt_text: 'curve',
      initial_comment: 'Done',
    });
    const message = await until('the file', async () =>
      (await person(workspace, 'U0ONCALL').messages()).find((one) => one.files.length > 0),
    );
    expect(message).toMatchObject({
      text: 'Done',
      files: [{ name: 'curve.png', title: 'Delivery curve', mimetype: 'image/png', alt_txt: 'curve' }],
    });
    expect(message.html).toContain('alt="curve"');
    const served = await fetch(workspace.url + (message.files[0]?.url ?? ''));
    expect(served.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await served.arrayBuffer())).toEqual(png);
  });

  it('serves an HTML file only as a download', async () => {
    const slack = await client();
    await slack.filesUploadV2({ channel_id: ROOM, content: '<script>alert(1)</script>', filename: 'x.html' });
    const file = (await person(workspace, 'U0ONCALL').messages()).at(-1)?.files[0];
    const served = await fetch(workspace.url + (file?.url ?? ''));
    expect(served.headers.get('content-disposition')).toBe('attachment');
    expect(served.headers.get('content-type')).toBe('application/octet-stream');
  });

  it('refuses bytes of another length and a file that was not uploaded', async () => {
    const slack = await client();
    const { upload_url: url, file_id: id } = await slack.files.getUploadURLExternal({ filename: 'a.txt', length: 3 });
    expect((await fetch(url ?? '', { method: 'POST', body: 'four' })).status).toBe(400);
    expect(await refusal(slack.files.completeUploadExternal({ channel_id: ROOM, files: [{ id: id ?? '' }] }))).toBe(
      'file_not_found',
    );
  });
});

describe('rate limits', () => {
  it('answer 429 with Retry-After when a method is called too often, and count per method', async () => {
    let nowMs = Date.now();
    const slack = await client({ nowMs: () => nowMs });
    for (let i = 0; i < 20; i++) await slack.users.list({});
    const answer = await fetch(`${workspace.apiUrl}users.list`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.botToken}` },
    });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await refusal(slack.users.list({}))).toBe('slack_webapi_rate_limited_error');
    expect((await slack.team.info()).ok).toBe(true);
    nowMs += 61_000;
    expect((await slack.users.list({})).ok).toBe(true);
  });

  it('let chat.postMessage burst a little and then once a second per channel', async () => {
    let nowMs = Date.now();
    const slack = await client({ nowMs: () => nowMs });
    const post = () => slack.chat.postMessage({ channel: ROOM, text: 'x' });
    for (let i = 0; i < 10; i++) await post();
    expect(await refusal(post())).toBe('slack_webapi_rate_limited_error');
    nowMs += 1_000;
    expect((await post()).ok).toBe(true);
    expect(await refusal(post())).toBe('slack_webapi_rate_limited_error');
  });

  it('can be lifted', async () => {
    const slack = await client({ rateLimits: false });
    for (let i = 0; i < 30; i++) await slack.chat.postMessage({ channel: ROOM, text: 'x' });
    expect((await slack.users.list({})).ok).toBe(true);
  });
});

describe('views', () => {
  const view = {
    type: 'modal' as const,
    title: { type: 'plain_text' as const, text: 'T' },
    blocks: [{ type: 'divider' as const }],
  };

  it('need a trigger that exists, is fresh and was not used', async () => {
    let nowMs = Date.now();
    const slack = await client({ nowMs: () => nowMs, requestUrl: 'http://127.0.0.1:9/nobody' });
    expect(await refusal(slack.views.open({ trigger_id: '1.2.3', view }))).toBe('invalid_trigger_id');
    expect(await refusal(slack.views.update({ view_id: 'V0NONE', view }))).toBe('not_found');
    expect(nowMs).toBeGreaterThan(0);
  });
});

describe('what an admin does to the app', () => {
  it('an archived channel and one that the app was removed from take nothing, and are the same afterwards', async () => {
    const slack = await client();
    const { ts = '' } = await slack.chat.postMessage({ channel: ROOM, text: 'before' });
    workspace.admin.archive(ROOM, true);
    expect(await refusal(slack.chat.postMessage({ channel: ROOM, text: 'x' }))).toBe('is_archived');
    expect(await refusal(slack.chat.update({ channel: ROOM, ts, text: 'x' }))).toBe('is_archived');
    workspace.admin.archive(ROOM, false);
    workspace.admin.removeApp(ROOM);
    expect(await refusal(slack.chat.postMessage({ channel: ROOM, text: 'x' }))).toBe('not_in_channel');
    expect(await refusal(slack.conversations.history({ channel: ROOM }))).toBe('not_in_channel');
    workspace.admin.addApp(ROOM);
    await slack.chat.update({ channel: ROOM, ts, text: 'after' });
    workspace.admin.deleteMessage(ROOM, ts);
    expect(await refusal(slack.chat.update({ channel: ROOM, ts, text: 'x' }))).toBe('message_not_found');
  });

  it('a deactivated person is said to be so, gets no direct message and can do nothing', async () => {
    const slack = await client();
    workspace.admin.deactivate('U0MARKET1');
    expect((await slack.users.info({ user: 'U0MARKET1' })).user?.deleted).toBe(true);
    expect(await refusal(slack.chat.postMessage({ channel: 'U0MARKET1', text: 'x' }))).toBe('channel_not_found');
    expect(await person(workspace, 'U0MARKET1').say('still here?')).toEqual({ ok: false, error: 'account_inactive' });
  });
});

describe('direct messages', () => {
  it('stand in a channel of two, which only that person hears of', async () => {
    const slack = await client();
    const first = await slack.chat.postMessage({ channel: 'U0ONCALL', text: 'psst' });
    const second = await slack.chat.postMessage({ channel: 'U0ONCALL', text: 'again' });
    expect(first.channel).toMatch(/^D/);
    expect(second.channel).toBe(first.channel);
    const { channels } = await person(workspace, 'U0ONCALL').get<{
      channels: { id: string; im_with: string | null }[];
    }>('state');
    expect(channels.find(({ id }) => id === first.channel)?.im_with).toBe('U0ONCALL');
    expect((await slack.conversations.list({ types: 'private_channel' })).channels).toEqual([]);
  });
});
