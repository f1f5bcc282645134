import { WebClient } from '@slack/web-api';
import { afterEach, describe, expect, test } from 'vitest';
import type { FactStore } from '../../infra/aws/fact-store.ts';
import { EVERY_SCOPE, person, SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { putCanvas } from './put-canvas.ts';

const ROOM = 'C0WARROOM';
let workspace: Workspace | null = null;
afterEach(async () => workspace?.stop());

async function room(scopes: string[] = EVERY_SCOPE) {
  workspace = await startTestWorkspace({ scopes });
  const slack = new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl, retryConfig: { retries: 0 } });
  const kept = new Map<string, string>();
  const facts: FactStore = {
    get: async (launchId, name) => kept.get(`${launchId} ${name}`) ?? null,
    put: async (launchId, name, value) => void kept.set(`${launchId} ${name}`, value),
  };
  const ana = person(workspace, 'U0ONCALL');
  const put = (markdown: string, launchId = 'day') =>
    putCanvas(slack, facts, {
      launchId,
      channelId: ROOM,
      title: 'Postmortem of Day',
      markdown: new TextEncoder().encode(markdown),
    });
  /** What the tab of the channel shows. */
  const tab = async () => {
    const { channels } = await ana.get<{ channels: { id: string; bookmarks: { title: string; link: string }[] }[] }>(
      'state',
    );
    const { title, link } = channels.find(({ id }) => id === ROOM)?.bookmarks.at(-1) ?? { title: '', link: '' };
    return link === '' ? null : `${title}: ${await (await fetch(link)).text()}`;
  };
  return { slack, put, tab, canvas: () => kept.get('day canvas/postmortem') ?? '' };
}

test('it stands in a tab of the channel, and the next one in its place', async () => {
  const { put, tab, canvas } = await room();
  expect(await put('# One')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # One');
  const id = canvas();
  expect(await put('# Two')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # Two');
  expect(canvas()).toBe(id);
});

test('two who ask at the same moment get one canvas', async () => {
  const { put, tab } = await room();
  expect(await Promise.all([put('# One'), put('# Two')])).toEqual([null, null]);
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('one that somebody has deleted is made anew', async () => {
  const { slack, put, tab, canvas } = await room();
  await put('# One');
  await slack.canvases.delete({ canvas_id: canvas() });
  expect(await tab()).toBeNull();
  expect(await put('# Two')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

describe('why there is none is said for people', () => {
  test.each([
    ['| a | b |', "Slack did not take the text ('content' error: line 2: Unsupported table type)."],
    ['#### deep', "Slack did not take the text ('content' error: line 2: Unsupported heading level)."],
    ['> - list', "Slack did not take the text ('content' error: line 2: Unsupported list within a quote)."],
    ['- a\n  > quote', "Slack did not take the text ('content' error: line 3: Unsupported quote within a list)."],
  ])('%s', async (line, why) => {
    const { put } = await room();
    expect(await put(`# One\n${line}`)).toBe(why);
    expect(await put('# One')).toBeNull();
    expect(await put(`# One\n${line}`)).toBe(why);
  });

  test('a channel with the one canvas that its plan allows, an app without the right, a text that is too long', async () => {
    const { put } = await room();
    await put('# One', 'another');
    expect(await put('# One')).toBe('This channel has a canvas already, and the plan of this workspace allows one.');
    expect(await put('x'.repeat(1_048_577))).toBe('It has 1,048,577 bytes, and Slack takes 1,048,576.');
    await workspace?.stop();
    const { put: without } = await room(EVERY_SCOPE.filter((scope) => scope !== 'canvases:write'));
    expect(await without('# One')).toContain('The app may not write canvases');
  });

  test('where nothing answers, nobody knows whether it stands there', async () => {
    const { put } = await room();
    await workspace?.stop();
    expect(await put('# One')).toContain('may stand there or not: ask again');
  });
});
