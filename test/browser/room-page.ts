import type { Browser, Locator, Page } from 'playwright-core';

/** One person in the war room, in a browser window of their own. Everything waits until it is there; nothing sleeps. */
export class RoomPage {
  readonly page: Page;
  /** What the page's console complained of. */
  readonly trouble: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => message.type() === 'error' && this.trouble.push(message.text()));
    page.on('pageerror', (error) => this.trouble.push(error.message));
  }

  static async open(browser: Browser, url: string, slackId: string): Promise<RoomPage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const room = new RoomPage(await context.newPage());
    const address = new URL(url);
    address.searchParams.set('as', slackId);
    await room.page.goto(address.href);
    await room.page.getByText(/^Writing as /).waitFor();
    await room.page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
    return room;
  }

  async type(text: string): Promise<void> {
    const composer = this.page.getByRole('combobox', { name: /^Message/ });
    await composer.fill(text);
    await composer.press('Enter');
  }

  /** Types a command and waits for the message that it brings, by its words. */
  async go(command: string, answer: string | RegExp): Promise<Locator> {
    await this.type(`/go ${command}`);
    return this.sees(answer);
  }

  /** The newest message with these words, once there is one. */
  async sees(words: string | RegExp, timeoutMs = 30_000): Promise<Locator> {
    const found = this.page.getByRole('article').filter({ hasText: words }).last();
    await found.waitFor({ timeout: timeoutMs });
    return found;
  }

  /** Ticks every gate that waits for a person, in a fresh list of gates. */
  async tickGates(): Promise<void> {
    const lists = this.page.getByRole('article').filter({ hasText: 'Hard gates block the press too' });
    const before = await lists.count();
    await this.type('/go ready');
    const list = lists.nth(before);
    await list.waitFor();
    const ticks = list.getByRole('button', { name: 'Tick', exact: true });
    for (let left = await ticks.count(); left > 0; left -= 1) {
      await ticks.first().click();
      await ticks.nth(left - 1).waitFor({ state: 'detached' });
    }
  }

  /** The board's head says so: the pinned message, wherever it has scrolled to. */
  async boardSays(words: string | RegExp): Promise<void> {
    await this.page
      .locator('.message-pinned h3')
      .filter({ hasText: words })
      .waitFor({ state: 'attached', timeout: 30_000 });
  }

  /** The GO button of the newest order. */
  get goButton(): Locator {
    return this.page.getByRole('button', { name: /^🟩 GO$/ }).last();
  }

  get phoneNotes(): Locator {
    return this.page.locator('.phone-note');
  }
}
