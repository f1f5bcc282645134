import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '../../../../test/browser/launch-browser.ts';
import { ScriptedPerson } from '../../scripted-person.ts';
import { startTestWorkspace } from '../for-tests.ts';
import type { Workspace } from '../start.ts';

const KEY = 'k'.repeat(32);
let browser: Browser;
let workspace: Workspace;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  workspace = await startTestWorkspace({ pageKey: KEY });
});
afterEach(() => workspace.stop());

const cookie = (key = KEY, port = workspace.port) => ({ cookie: `other=1; gobutton-${port}=${key}` });

test('whoever has no key, or another one, gets nothing: page, files, streams, presses', async () => {
  for (const headers of [{}, cookie('wrong'), cookie(KEY, 1), cookie(`${KEY}x`)]) {
    for (const path of [
      '/',
      '/?key=wrong',
      '/page/room.js',
      '/client/state?as=U0ONCALL',
      `/client/state?as=U0ONCALL&key=${KEY}`,
      '/client/events?as=U0ONCALL',
      '/client/phones',
      '/client/faults',
      '/files/F1/x',
    ]) {
      expect((await fetch(workspace.url + path, { headers })).status, path).toBe(403);
    }
    const pressed = await fetch(`${workspace.url}/client/messages?key=${KEY}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"as":"U0ONCALL","channel":"C0WARROOM","text":"x"}',
    });
    expect([pressed.status, await pressed.json()]).toEqual([403, { ok: false, error: 'page_key_missing' }]);
  }
  const words = await fetch(workspace.url, { headers: { accept: 'text/html' } });
  expect([words.status, await words.text()]).toEqual([
    403,
    expect.stringContaining('the address that `npm start` has printed'),
  ]);
  expect(await new ScriptedPerson(workspace.pageUrl, 'C0WARROOM', 'U0ONCALL').messages()).toEqual([]);
});

test("the key counts only with this machine's own Host and Origin", async () => {
  for (const foreign of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    expect(
      (await fetch(`${workspace.url}/client/state?as=U0ONCALL`, { headers: { ...cookie(), ...foreign } })).status,
    ).toBe(403);
    expect((await fetch(workspace.pageUrl, { headers: foreign, redirect: 'manual' })).status).toBe(403);
  }
  expect((await fetch(`${workspace.url}/client/state?as=U0ONCALL`, { headers: cookie() })).status).toBe(200);
});

test('in a browser the address works as it was printed, loses its key, and survives a reload and another person', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${workspace.pageUrl}&as=U0MARKET1`);
  await page.getByText(/^Writing as Mia/).waitFor();
  expect(page.url()).toBe(`${workspace.url}/?as=U0MARKET1`);
  await page.getByRole('radio', { name: /Ana Ortiz/ }).click();
  await page.getByRole('combobox', { name: /^Message/ }).fill('hello');
  await page.getByRole('combobox', { name: /^Message/ }).press('Enter');
  await page.getByRole('article').filter({ hasText: 'hello' }).waitFor();
  await page.reload();
  await page.getByRole('article').filter({ hasText: 'hello' }).waitFor();
  // Another window of the same browser has the cookie too; another browser has not.
  const stranger = await (await browser.newContext()).newPage();
  expect((await stranger.goto(workspace.url))?.status()).toBe(403);
  await stranger.getByText('Open that one.').waitFor();
  // After another start the open page says so by itself.
  const { port } = workspace;
  await workspace.stop();
  workspace = await startTestWorkspace({ pageKey: 'n'.repeat(32), port });
  await page.getByText('Open that one.').waitFor({ timeout: 20_000 });
  await page.goto(workspace.pageUrl);
  await page.getByText(/^Writing as /).waitFor();
});
