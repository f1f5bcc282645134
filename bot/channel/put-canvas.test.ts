import { WebClient } from '@slack/web-api';
import type { FilesListArguments } from '@slack/web-api';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { EVERY_SCOPE, person, SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { putCanvas } from './put-canvas.ts';

const ROOM = 'C0WARROOM';
let workspace: Workspace | null = null;
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let launches = 0;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(async () => {
  await local.stop();
});
afterEach(async () => workspace?.stop());

const clientOf = (apiUrl: string) =>
  new WebClient(SECRETS.botToken, { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: 300 });

async function room(scopes: string[] = EVERY_SCOPE) {
  workspace = await startTestWorkspace({ scopes });
  const { apiUrl, url } = workspace;
  const slack = clientOf(apiUrl);
  const retrying = new WebClient(SECRETS.botToken, {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 2, minTimeout: 10, maxTimeout: 10 },
    timeout: 300,
  });
  const { live, facts } = local.cloud;
  launches += 1;
  const day = `day-${launches}`;
  let nowMs = 1_802_539_800_000;
  const tools = { client: retrying, once: slack, cloud: { live, facts }, nowMs: () => nowMs };
  const ana = person(workspace, 'U0ONCALL');
  const textOf = (markdown: string, launchId = day) => ({
    launchId,
    channelId: ROOM,
    title: `Postmortem of Day (${launchId})`,
    markdown: new TextEncoder().encode(markdown),
  });
  const put = (markdown: string, launchId = day) => putCanvas(tools, textOf(markdown, launchId));
  /** Another process: with a queue and a name of its own. `over`: what is different there. */
  const other = async (over: Partial<typeof tools> = {}) => {
    vi.resetModules();
    const theirs = await import('./put-canvas.ts');
    return (markdown: string) => theirs.putCanvas({ ...tools, ...over }, textOf(markdown));
  };
  /** What the tab of the channel shows. */
  const tab = async () => {
    const { channels } = await ana.get<{ channels: { id: string; bookmarks: { title: string; link: string }[] }[] }>(
      'state',
    );
    const { title, link } = channels.find(({ id }) => id === ROOM)?.bookmarks.at(-1) ?? { title: '', link: '' };
    return link === '' ? null : `${title.replace(/ \(.*/, '')}: ${await (await fetch(link)).text()}`;
  };
  const canvases = async () => (await slack.files.list({ channel: ROOM, types: 'canvas' })).files?.length ?? 0;
  const later = (ms: number) => (nowMs += ms);
  return { slack, tools, put, other, tab, canvases, later, url, canvas: () => facts.get(day, 'canvas/postmortem') };
}

test('it stands in a tab of the channel, and the next one in its place', async () => {
  const { put, tab, canvas } = await room();
  expect(await put('# One')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # One');
  const id = await canvas();
  expect(await put('# Two')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # Two');
  expect(await canvas()).toBe(id);
});

test('two who ask at the same moment get one canvas', async () => {
  const { put, tab } = await room();
  expect(await Promise.all([put('# One'), put('# Two')])).toEqual([null, null]);
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('two bots that are asked at the same moment make one canvas, and each puts its text there', async () => {
  const { put, other, canvases, tab } = await room();
  const theirs = await other();
  expect(await Promise.all([put('# One'), theirs('# One')])).toEqual([null, null]);
  expect(await canvases()).toBe(1);
  expect(await tab()).toBe('Postmortem of Day: # One');
});

test('while another bot is at it nothing is made, and whoever asks is told', async () => {
  const { put, other, canvases, later, tools } = await room();
  const asked = Promise.withResolvers<void>();
  const create = (): Promise<never> => {
    asked.resolve();
    return new Promise(() => undefined);
  };
  const hangs = await other({ once: { canvases: { create } } as never });
  void hangs('# One');
  await asked.promise;
  Object.assign(tools, { waitMs: 500 });
  expect(await put('# Two')).toBe('Another bot makes it at this moment: ask again in a minute.');
  expect(await canvases()).toBe(0);
  // It has ended, and its claim with it.
  later(60_001);
  expect(await put('# Two')).toBeNull();
  expect(await canvases()).toBe(1);
});

test('a bot that ends after the making leaves one canvas: the next one finds it by its title', async () => {
  const { put, other, canvases, canvas, later, tools, tab } = await room();
  const killed = { ...tools.cloud.live, finishEffect: () => Promise.reject(new Error('killed')) };
  const dead = await other({ cloud: { ...tools.cloud, live: killed } });
  expect(await dead('# One')).toContain('may stand there or not');
  expect(await canvas()).toBeNull();
  later(60_001);
  expect(await put('# Two')).toBeNull();
  expect(await canvases()).toBe(1);
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('a bot that ends before it has kept the id leaves it with its claim: nobody waits', async () => {
  const { put, other, canvases, canvas, tools, tab } = await room();
  const facts = { ...tools.cloud.facts, put: () => Promise.reject(new Error('killed')) };
  const dead = await other({ cloud: { ...tools.cloud, facts } });
  expect(await dead('# One')).toContain('may stand there or not');
  workspace?.faults.set('files.list', { kind: 'error', error: 'unknown_type' });
  expect(await put('# Two')).toBeNull();
  expect(await canvas()).toMatch(/^F/);
  workspace?.faults.set('files.list', null);
  expect(await canvases()).toBe(1);
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('a creation whose answer is lost is not made again behind our back, and is found at once', async () => {
  const { put, canvases, canvas, tab } = await room();
  workspace?.faults.set('canvases.create', { kind: 'mute' });
  expect(await put('# One')).toBeNull();
  expect(workspace?.faults.calls('canvases.create')).toBe(1);
  expect(await canvases()).toBe(1);
  expect(await tab()).toBe('Postmortem of Day: # One');
  expect(await canvas()).toMatch(/^F/);
});

test("a person's canvas of the same title is not written over, and that of another launch neither", async () => {
  const { slack, put, tab, canvas, tools } = await room();
  expect(await put('# Theirs', 'earlier')).toBeNull();
  for (const change of [{ title: `Postmortem of Day (day-${launches})`, user: 'U0ONCALL' }, {}]) {
    const list = async (asked: FilesListArguments) => {
      const answer = await slack.files.list(asked);
      return { ...answer, files: answer.files?.map((file) => ({ ...file, ...change })) ?? [] };
    };
    Object.assign(tools, { client: Object.assign(Object.create(slack) as typeof slack, { files: { list } }) });
    expect(await put('# One')).toContain('This channel has a canvas already');
    expect(await canvas()).toBeNull();
    expect(await tab()).toContain('# Theirs');
  }
});

test('whoever asks again at once need not wait for a try of the same bot that got no answer', async () => {
  const { put, canvases } = await room();
  for (const method of ['canvases.create', 'files.list']) workspace?.faults.set(method, { kind: 'cut' });
  expect(await put('# One')).toContain('may stand there or not');
  workspace?.faults.set('*', null);
  expect(await put('# Two')).toBeNull();
  expect(await canvases()).toBe(1);
});

test('a refusal lets the claim go: another bot need not wait for its end', async () => {
  const { put, other } = await room();
  expect(await put('#### deep')).toContain('Slack did not take the text');
  expect(await (await other())('# One')).toBeNull();
});

test('where Slack does not list canvases the first one is made, and none after one that may stand there', async () => {
  const { put, other, canvases, later, tools } = await room();
  workspace?.faults.set('files.list', { kind: 'error', error: 'unknown_type' });
  const killed = { ...tools.cloud.live, finishEffect: () => Promise.reject(new Error('killed')) };
  const dead = await other({ cloud: { ...tools.cloud, live: killed } });
  expect(await dead('# One')).toContain('may stand there or not');
  later(60_001);
  expect(await put('# Two')).toBe('Slack says `unknown_type`.');
  workspace?.faults.set('files.list', null);
  expect(await put('# Two')).toBeNull();
  expect(await canvases()).toBe(1);
});

test('while nobody knows whether one stands there, none is made', async () => {
  const { put, canvases } = await room();
  workspace?.faults.set('files.list', { kind: 'cut' });
  expect(await put('# One')).toContain('may stand there or not');
  workspace?.faults.set('files.list', null);
  expect(await canvases()).toBe(0);
});

test('one that somebody has deleted is made anew', async () => {
  const { slack, put, tab, canvas } = await room();
  await put('# One');
  await slack.canvases.delete({ canvas_id: (await canvas()) ?? '' });
  expect(await tab()).toBeNull();
  expect(await put('# Two')).toBeNull();
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('one that is deleted and that Slack lists still is not taken for the new one', async () => {
  const { slack, put, tab, canvas, tools } = await room();
  await put('# One');
  const id = (await canvas()) ?? '';
  const listed = await slack.files.list({ channel: ROOM, types: 'canvas' });
  await slack.canvases.delete({ canvas_id: id });
  const files = { list: async () => listed };
  Object.assign(tools, { client: Object.assign(Object.create(slack) as typeof slack, { files }) });
  expect(await put('# Two')).toBeNull();
  expect(await canvas()).not.toBe(id);
  expect(await tab()).toBe('Postmortem of Day: # Two');
});

test('marks that lead in circles are named, and not followed for ever', async () => {
  const { slack, put, canvas, tools } = await room();
  await put('# One');
  const id = (await canvas()) ?? '';
  await slack.canvases.delete({ canvas_id: id });
  await tools.cloud.live.finishEffect(`day-${launches}`, `canvas/postmortem/after/${id}`, id);
  expect(await put('# Two')).toContain(
    `The canvas ${id} is gone, and the marks in the table say that it stands in its own`,
  );
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
