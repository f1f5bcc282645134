import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launchBrowser } from '../../../test/browser/launch-browser.ts';
import { startTestWorkspace } from './for-tests.ts';

/** A browser opens six connections to one address, whatever the number of its tabs. */

it('sends from the third tab of one browser as from the first, and a push is seen in each', async () => {
  const streams = new Set<ServerResponse>();
  const providers = createServer((request, response) => {
    if (request.url !== '/events') return response.end('[]');
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    return streams.add(response);
  });
  await once(providers.listen(0, '127.0.0.1'), 'listening');
  const port = (providers.address() as AddressInfo).port;
  const workspace = await startTestWorkspace({ providersControlUrl: `http://127.0.0.1:${port}` });
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext();
    const tabs: Page[] = [];
    for (const person of ['U0ONCALL', 'U0MARKET1', 'U0MARKET2']) {
      const tab = await context.newPage();
      await tab.goto(`${workspace.url}/?as=${person}`);
      await tab.getByText(/^Writing as /).waitFor();
      tabs.push(tab);
    }
    const words = tabs.at(-1)!.getByRole('combobox', { name: /^Message/ });
    await words.fill('from the third tab');
    await words.press('Enter');
    for (const tab of tabs) await tab.getByRole('article').filter({ hasText: 'from the third tab' }).waitFor();

    expect(streams.size).toBe(1);
    const notification = { id: 'n1', collapseId: null, title: 'In each tab', body: '', atMs: Date.now() };
    const push = JSON.stringify({ phone: 'p1', platform: 'ios', notification });
    for (const stream of streams) stream.write(`event: notification\ndata: ${push}\n\n`);
    for (const tab of tabs) await tab.locator('.phone-note', { hasText: 'In each tab' }).waitFor({ state: 'attached' });
  } finally {
    await browser.close();
    await workspace.stop();
    providers.closeAllConnections();
    providers.close();
  }
});
