import type { App } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../../test/browser/launch-browser.ts';
import { SECRETS, socketApp, startTestWorkspace, until } from './for-tests.ts';
import type { Workspace } from './start.ts';

/** The war-room page in a real browser, with a real Bolt app behind it. */

const ROOM = 'C0WARROOM';
const text = (value: string) => ({ type: 'plain_text' as const, text: value });
const trouble: string[] = [];
let browser: Browser;
let workspace: Workspace;
let app: App;
let slack: WebClient;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  workspace = await startTestWorkspace({ rateLimits: false });
  slack = new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl });
  app = socketApp(workspace);
  app.command('/go', async ({ command, ack, client }) => {
    if (command.text === 'help') return await ack({ text: '*Here is what I can do*' });
    await ack();
    await client.views.open({
      trigger_id: command.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'why',
        title: text('Waive a gate'),
        submit: text('Ask'),
        blocks: [
          {
            type: 'input',
            block_id: 'gate',
            label: text('Gate'),
            element: {
              type: 'static_select',
              action_id: 'a',
              options: ['age', 'depth'].map((value) => ({ text: text(value), value })),
            },
          },
          {
            type: 'input',
            block_id: 'segments',
            label: text('Segments'),
            element: {
              type: 'checkboxes',
              action_id: 'a',
              options: ['us', 'de'].map((value) => ({ text: text(value), value })),
            },
          },
          {
            type: 'input',
            block_id: 'reason',
            label: text('Reason'),
            element: { type: 'plain_text_input', action_id: 'a' },
          },
        ],
      },
    });
  });
  app.view('why', async ({ ack, view, client }) => {
    const { gate, segments, reason } = view.state.values;
    if (reason?.['a']?.value === 'short')
      return await ack({ response_action: 'errors', errors: { reason: 'Say more.' } });
    await ack();
    const chosen = segments?.['a']?.selected_options?.map((option) => option.value).join('+') ?? '';
    await client.chat.postMessage({
      channel: ROOM,
      text: `waived ${gate?.['a']?.selected_option?.value ?? ''} for ${chosen}: ${reason?.['a']?.value ?? ''}`,
    });
  });
  app.action('fire.go', async ({ ack, body, respond }) => {
    await ack();
    await respond({ replace_original: true, text: `fired by <@${body.user.id}>` });
  });
  await app.start();
});

afterAll(async () => {
  await browser.close();
  await app.stop();
  await workspace.stop();
});

beforeEach(async () => {
  await page?.close();
  trouble.length = 0;
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
  page.on('pageerror', (error) => trouble.push(error.message));
  // The first load goes to the end of the channel, and a test may want to be elsewhere.
  const loaded = page.waitForResponse((response) => response.url().includes('/messages?limit='));
  await page.goto(workspace.url);
  await page.getByRole('radio', { name: /Ana Ortiz/ }).waitFor();
  await (await loaded).finished();
  return () => expect(trouble).toEqual([]);
});

const composer = () => page.getByRole('combobox', { name: /^Message/ });
const post = (value: string, elements?: object[]) =>
  slack.chat.postMessage({
    channel: ROOM,
    text: value,
    ...(elements !== undefined && {
      blocks: [
        { type: 'section', text: text(value) },
        { type: 'actions', elements },
      ] as never,
    }),
  });

describe('the war-room page', () => {
  it('offers /go help in an empty channel, and shows the answer to its asker alone', async () => {
    await page.getByRole('button', { name: '/go help' }).click();
    const answer = page.getByRole('article').filter({ hasText: 'Here is what I can do' });
    await answer.waitFor();
    expect(await answer.getByText('Only visible to you').isVisible()).toBe(true);
    await page.getByRole('radio', { name: /Mia Chen/ }).click();
    await page.getByText('Writing as Mia Chen').waitFor();
    expect(await answer.count()).toBe(0);
  });

  it('says who wrote, as the person who is chosen, with Enter', async () => {
    await page.getByRole('radio', { name: /Ben Okafor/ }).click();
    await composer().fill('ready <b>here</b> :tada:');
    await composer().press('Enter');
    const message = page.getByRole('article', { name: /^Ben Okafor/ }).filter({ hasText: 'ready <b>here</b> 🎉' });
    await message.waitFor();
    expect(await composer().inputValue()).toBe('');
  });

  it('suggests subcommands and says when a command fails', async () => {
    await composer().fill('/go ha');
    expect(await page.getByRole('option').allInnerTexts()).toEqual([expect.stringContaining('/go halt')]);
    await composer().press('Tab');
    expect(await composer().inputValue()).toBe('/go halt ');
    await composer().fill('/nonsense');
    await composer().press('Enter');
    await page.getByText('/nonsense is not a valid command').waitFor();
  });

  it('draws every button as Slack does: one height, whatever its action, style and label; it asks before it fires, and changes in place', async () => {
    await post('Fire order 1', [
      {
        type: 'button',
        action_id: 'fire.go',
        style: 'primary',
        text: text('GO'),
        confirm: { title: text('Send now?'), text: text('6 devices'), confirm: text('Send'), deny: text('Not yet') },
      },
    ]);
    await page.getByRole('radio', { name: /Mia Chen/ }).click();
    const go = page.getByRole('button', { name: 'GO', exact: true });
    await page.getByText('Writing as Mia Chen').waitFor();
    await go.waitFor();
    await post('Another', [
      { type: 'button', action_id: 'stats', text: text('A label that is longer than what Slack shows of any label') },
    ]);
    const long = page.getByRole('button', { name: /^A label that is longer/ });
    await long.waitFor();
    const [box, other] = [await go.boundingBox(), await long.boundingBox()];
    expect(box?.height).toBe(36);
    expect(other?.height).toBe(36);
    expect(other?.width).toBeLessThanOrEqual(300);
    await go.click();
    await page.getByRole('alertdialog', { name: 'Send now?' }).getByRole('button', { name: 'Not yet' }).click();
    expect(await go.isVisible()).toBe(true);
    await go.click();
    await page
      .getByRole('alertdialog', { name: 'Send now?' })
      .getByRole('button', { name: 'Send', exact: true })
      .click();
    await page.getByText('fired by @Mia Chen').waitFor();
    expect(await go.count()).toBe(0);
  });

  it('fills in a modal, shows what is wrong, keeps what was typed, and submits', async () => {
    await composer().fill('/go waive');
    await composer().press('Enter');
    const modal = page.getByRole('dialog', { name: 'Waive a gate' });
    await modal.getByLabel('Gate').selectOption('depth');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await modal.getByText('Please complete this required field.').first().waitFor();
    await modal.getByLabel('de', { exact: true }).check();
    await modal.getByLabel('us', { exact: true }).check();
    await modal.getByLabel('Reason').fill('short');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await modal.getByText('Say more.').waitFor();
    expect(await modal.getByLabel('Reason').inputValue()).toBe('short');
    await modal.getByLabel('Reason').fill('measured twice');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('waived depth for us+de: measured twice').waitFor();
    expect(await modal.isVisible()).toBe(false);
  });

  it('updates a message in place: the same element, the same scroll position', async () => {
    for (let i = 0; i < 25; i++) await post(`line ${i}`);
    const { ts } = await post('0% sent', [{ type: 'button', action_id: 'stats', text: text('Refresh') }]);
    const row = page.getByRole('article').filter({ hasText: '0% sent' }).last();
    await row.waitFor();
    const scrollTop = () => page.evaluate<number>('document.querySelector("#scroller").scrollTop');
    await page.evaluate('document.querySelector("#scroller").scrollTo({ top: 40, behavior: "instant" })');
    const before = await scrollTop();
    const handle = await row.getByRole('button', { name: 'Refresh' }).elementHandle();
    await slack.chat.update({
      channel: ROOM,
      ts: ts ?? '',
      text: '50% sent',
      blocks: [
        { type: 'section', text: text('50% sent') },
        { type: 'actions', elements: [{ type: 'button', action_id: 'stats', text: text('Refresh') }] },
      ],
    });
    await page.getByText('50% sent').waitFor({ state: 'attached' });
    expect(await (await handle?.getProperty('isConnected'))?.jsonValue()).toBe(true);
    expect(await scrollTop()).toBe(before);
    await post('something new');
    await page.getByRole('button', { name: /New messages/ }).click();
    const atEnd =
      '(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(document.querySelector("#scroller"))';
    await until('the end of the channel', () => page.evaluate<boolean>(atEnd));
  });

  it("a message's time is its link, and the link shows the message where it stands", async () => {
    const { ts } = await post('the one that is meant');
    for (let at = 0; at < 30; at += 1) await post(`talk ${at}`);
    const permalink = (await slack.chat.getPermalink({ channel: ROOM, message_ts: ts ?? '' })).permalink ?? '';
    const meant = page.getByRole('article').filter({ hasText: 'the one that is meant' });
    const address = await meant.locator('a.side-time').getAttribute('href');
    expect(new URL(address ?? '', workspace.url).href).toBe(permalink);
    await page.goto(permalink);
    await meant.waitFor();
    await until('the message in sight', async () => {
      const box = await meant.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= 900;
    });
    // Another address of that kind is none.
    expect((await fetch(`${workspace.url}/archives/${ROOM}/p1`)).status).toBe(404);
  });

  it('keeps what is pinned behind the Pins tab, and nothing of it on screen', async () => {
    const { ts } = await post('Board: armed', [
      { type: 'button', action_id: 'fire.go', text: text('GO from the board') },
    ]);
    await slack.pins.add({ channel: ROOM, timestamp: ts ?? '' });
    await page.getByRole('tab', { name: 'Pins 1' }).waitFor();
    for (let i = 0; i < 25; i++) await post(`later ${i}`);
    const board = page.getByRole('article').filter({ hasText: 'Board: armed' });
    // Not `later 2` with a time at its end that begins with 4.
    await page.getByText('later 24', { exact: true }).waitFor();
    await until('the board has left the screen', async () => ((await board.boundingBox())?.y ?? 0) < 0);
    expect(await page.getByText('Board: armed').count()).toBe(2);
    await page.getByRole('tab', { name: 'Pins 1' }).click();
    const pins = page.getByRole('tabpanel', { name: /^Pins/ });
    await pins.getByText('Board: armed').waitFor();
    await pins.getByRole('button', { name: 'View message' }).click();
    await board.getByRole('button', { name: 'GO from the board' }).click();
    await page.getByRole('log').getByText('fired by @Ana Ortiz').waitFor();
  });

  it('folds the long text of a section unless it says expand, and keeps it unfolded through updates', async () => {
    const long = Array.from({ length: 12 }, (_, i) => `line ${i}`).join('\n');
    const mrkdwn = (value: string) => ({ type: 'mrkdwn' as const, text: value });
    const { ts } = await slack.chat.postMessage({
      channel: ROOM,
      text: 'x',
      blocks: [
        { type: 'section', text: mrkdwn(`folded\n${long}`) },
        { type: 'section', expand: true, text: mrkdwn(`whole\n${long}`) },
      ],
    });
    const message = page.getByRole('article').filter({ hasText: 'folded' });
    const heights = () =>
      message
        .locator('.text')
        .evaluateAll((texts) => texts.map((one) => (one as unknown as { clientHeight: number }).clientHeight));
    await message.waitFor();
    const [folded = 0, whole = 0] = await heights();
    expect(folded).toBeLessThan(whole / 2);
    await message.getByRole('button', { name: 'See more' }).click();
    expect((await heights())[0]).toBe(whole);
    await slack.chat.update({
      channel: ROOM,
      ts: ts ?? '',
      text: 'x',
      blocks: [
        { type: 'section', text: mrkdwn(`folded again\n${long}`) },
        { type: 'section', expand: true, text: mrkdwn(`whole\n${long}`) },
      ],
    });
    await page.getByText('folded again').waitFor();
    expect((await heights())[0]).toBe(whole);
  });

  it('says whether the app is there', async () => {
    await page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
  });
});
