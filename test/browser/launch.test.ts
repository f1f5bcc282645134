import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileSample } from '../../infra/local/sample-launch.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { launchBrowser } from './launch-browser.ts';
import { RoomPage } from './room-page.ts';

/** A whole launch, played by three people in three browsers against everything that `npm start` starts. */

const DEVICES = 3_000;
let dataDir: string;
let stack: Stack;
let browser: Browser;
let ana: RoomPage;
let mia: RoomPage;
let ben: RoomPage;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gobutton-browser-launch-'));
  // Answers take long enough for people to see the shot run.
  [stack, browser] = await Promise.all([
    startStack({
      dataDir,
      ports: 'any',
      slackMode: 'socket',
      latencyMs: 800,
      latencySpreadMs: 100,
      connections: 2,
      taskStartDelayMs: 100,
    }),
    launchBrowser(),
  ]);
  [ana, mia, ben] = (await Promise.all(
    ['U0ONCALL', 'U0MARKET1', 'U0MARKET2'].map((id) => RoomPage.open(browser, stack.pageUrl, id)),
  )) as [RoomPage, RoomPage, RoomPage];
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

describe('a launch in the war room', () => {
  it('is created, scaled and made ready by on-call', async () => {
    await ana.go('create superbowl in 9h called "Browser launch"', 'created Browser launch');
    const [launch] = await stack.cloud.live.launches();
    await compileSample({ env: stack.env, dataDir, devices: DEVICES, seed: 7, launchId: launch?.launchId ?? '' });
    await ana.sees('3,000 devices in 14 segments');
    // From nothing to forty asks once more.
    await (await ana.go('scale edge 40', 'from 0 to 40?')).getByRole('button', { name: 'Yes: from 0 to 40' }).click();
    await ana.go('scale workers 2', /Send workers to 2[^]*took/);
    await ana.go('test all', 'Test copies: 13 of 13 reached their phone');
    // The asker's also gets the texts that no iPhone has, and Mia's other phone those that no Android phone has; each shows its newest three.
    expect(await ana.phoneNotes.count()).toBe(8);
    await ana.tickGates();
    await ana.boardSays('ready to fire');
  });

  it('loses its GO when somebody saves another text', async () => {
    await mia.go('fire all', 'Fire order: 3,000 devices');
    await ben.goButton.waitFor();
    await ana.type('/go campaign en');
    const form = ana.page.getByRole('dialog', { name: 'Text of the push' });
    await form.getByLabel('en: title').fill('');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Please complete this required field.').waitFor();
    await form.getByLabel('en: title').fill('Did you see THAT?');
    await form.getByRole('button', { name: 'Save' }).click();
    await ben.sees('Ana Ortiz changed the text of the push');
    await ben.sees('void: Ana Ortiz changed the content');
    await ben.goButton.waitFor({ state: 'detached' });
    await mia.go('fire all', 'Every gate must be green or waived');
    await ana.boardSays('2 gates open');
  });

  it('is fired by two people, never by the one who asked, and accounts for every device', async () => {
    await mia.type('/go test all');
    // Of the text as it is now: those of the one before stand above it.
    const reached = ana.page.getByRole('article').filter({ hasText: 'Test copies: 13 of 13 reached their phone' });
    await expect.poll(() => reached.count(), { timeout: 30_000 }).toBe(2);
    await ana.tickGates();
    await ana.boardSays('ready to fire');
    const notes = ['見ましたか？', 'هل رأيت ذلك؟'].map((words) => ben.phoneNotes.filter({ hasText: words }));
    const copies = await Promise.all(notes.map((note) => note.count()));
    const order = await mia.go('fire all', 'asks to send all 14 segments to 3,000 devices');
    for (const words of ['見ましたか？', 'هل رأيت ذلك؟', 'Did you see THAT?'])
      expect(await order.innerText()).toContain(words);
    await mia.goButton.click();
    await mia.sees('Mia Chen asked for this fire, so a second person must press GO');

    // Slack has one height for all buttons and no square ones.
    const [go, decline] = await Promise.all(
      [ben.goButton, ben.page.getByRole('button', { name: 'Decline' }).last()].map((button) => button.boundingBox()),
    );
    expect(go?.height).toBe(decline?.height);
    expect(go?.width).toBeGreaterThan(go?.height ?? Number.POSITIVE_INFINITY);
    // Looked for from before the press on: a page that stands still for a moment finds the shot over.
    const [live] = await Promise.all([
      ben.sees(/since GO · /),
      ben.page
        .getByRole('article')
        .filter({ hasText: /since GO · / })
        .getByRole('button', { name: 'HALT' })
        .waitFor(),
      ben.goButton.click(),
    ]);
    await ben.sees('Every one of 3,000 devices is accounted for.');
    await ben.sees(/✅ Done: [\d,]+ of 3,000 accepted/);
    expect(await live.getByRole('button', { name: 'HALT' }).count()).toBe(0);
    await ben.sees('GO by Ben Okafor');
    expect(await ben.goButton.count()).toBe(0);

    await ben.sees('Delivery curve of shot');
    const chartWidth =
      '[...document.querySelectorAll("img")].find(({ alt }) => alt.startsWith("Delivery curve of shot"))?.naturalWidth ?? 0';
    await expect.poll(() => ben.page.evaluate<number>(chartWidth)).toBeGreaterThan(600);
    await ben.page.locator('#phones-count').filter({ hasText: '8 of 8 reached' }).waitFor();
    for (const [at, note] of notes.entries()) await expect.poll(() => note.count()).toBeGreaterThan(copies[at] ?? 0);
    await ben.boardSays(/everything is sent|not reached yet/);

    const [launch] = await stack.cloud.live.launches();
    const counts = (await (await fetch(`${stack.providersUrl}/counts?launch=${launch?.launchId ?? ''}`)).json()) as {
      received: number;
      duplicates: number;
    };
    expect(counts).toMatchObject({ received: DEVICES, duplicates: 0 });
  });

  it('leaves its timeline in the channel', async () => {
    const post = await mia.go('timeline', /Timeline of Browser launch: \d+ entries/);
    await post.getByText(/timeline-superbowl.*\.md/).waitFor();
    for (const person of [ana, mia, ben]) expect(person.trouble).toEqual([]);
  });
});
