import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { projectRoot } from '../../infra/local/child.ts';
import { createSampleLaunch, sampleEvent } from '../../infra/local/sample-launch.ts';
import { startStack } from '../../infra/local/stack.ts';
import { planText } from '../../infra/runbook/plan.ts';
import { launchBrowser } from './launch-browser.ts';
import { RoomPage } from './room-page.ts';

/** `npm run screenshots`: plays the sample launch and keeps the pictures of the pages: `docs/war-room.png`, `docs/after-go.png`, `docs/ready.png`, `docs/plan.png`. Takes about two minutes. */

scriptArguments('npm run screenshots', {});
const docs = join(projectRoot, 'docs');
const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-screenshots-'));
const stack = await startStack({
  dataDir,
  ports: 'any',
  slackMode: 'socket',
  latencyMs: 20,
  latencySpreadMs: 20,
  connections: 10,
  taskStartDelayMs: 1_500,
});
const browser = await launchBrowser();
/** A day as `npm run runbook -- plan` prints it, in a terminal. */
async function planPicture(): Promise<void> {
  const { runbook } = await sampleEvent();
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, deviceScaleFactor: 1.5 });
  const day = planText(runbook, Date.UTC(2027, 1, 14, 23, 30), 'America/New_York');
  const style =
    'display:inline-block;margin:0;padding:20px 28px;background:#14181f;color:#dfe5ee;font:14px/1.55 monospace';
  await page.setContent(
    `<body style="margin:0"><pre style="${style}">${day.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`,
  );
  const pre = page.locator('pre');
  await pre.screenshot({ path: join(docs, 'plan.png') });
  await page.close();
}

try {
  await mkdir(docs, { recursive: true });
  await createSampleLaunch({
    cloud: stack.cloud,
    env: stack.env,
    dataDir,
    devices: 400_000,
    seed: 7,
    nowMs: Date.now(),
  });
  const [ana, mia, ben] = (await Promise.all(
    ['U0ONCALL', 'U0MARKET1', 'U0MARKET2'].map((id) => RoomPage.open(browser, stack.pageUrl, id)),
  )) as [RoomPage, RoomPage, RoomPage];
  await ana.sees(/Send workers to 2[^]*took/, 120_000);
  await planPicture();
  // Fleets have come, nobody has tested or ticked anything yet.
  const ready = await ana.go('ready', 'Hard gates block the press too');
  await ready.screenshot({ path: join(docs, 'ready.png') });
  await ana.go('test all', 'Test copies: 13 of 13 reached their phone');
  await ana.tickGates();
  await ana.boardSays('ready to fire');
  await ana.sees('the second person keeps the GO button on screen', 120_000);
  await mia.type('The ad is next. Asking now.');
  await mia.go('fire all', 'Fire order: 400,000 devices');
  await ben.boardSays('a fire order waits for GO');
  await ben.goButton.hover();
  await ben.page.screenshot({ path: join(docs, 'war-room.png') });

  await ben.goButton.click();
  await ben.page.locator('#phones-count').filter({ hasText: '8 of 8 reached' }).waitFor();
  await ben.sees(/Sending: Super Bowl push[^]*[2-7]\d%/);
  await ben.page.screenshot({ path: join(docs, 'after-go.png') });
} finally {
  await browser.close();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
