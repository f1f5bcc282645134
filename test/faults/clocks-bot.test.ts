import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Child } from '../../infra/local/child.ts';
import { openedForTests } from '../run/opened-for-tests.ts';
import { secondTry } from '../run/second-try.ts';
import { openWarRoom, outcomeOf } from './war-room.ts';
import type { WarRoom } from './war-room.ts';

/** A bot whose wall clock is off, preloaded so, before a room of people, with workers whose clocks are right. */

const DEVICES = 600;
const WINDOW_MS = 60_000;
/** What its time may be from the true one, once it has heard the store for some seconds; and what a press takes. */
const NEAR_MS = 1_500;

let room: WarRoom;
let bot: Child;
async function open(): Promise<void> {
  room = await openWarRoom({ markets: { ahead: DEVICES, behind: DEVICES } });
  bot = room.stack.parts.bot;
}
openedForTests(open, () => room.stop());

const preload = pathToFileURL(join(import.meta.dirname, 'shift-clock.ts')).href;

const SECOND_TRY = secondTry('a bot process and its leases in real time');

describe('a bot whose clock is off', { ...SECOND_TRY, timeout: 90_000 }, () => {
  test.each([
    ['ahead', 30_000],
    ['behind', -600_000],
  ])(
    '%s: fire is refused in words about its clock; with a waiver it goes out, dated by the store',
    async (market, aheadMs) => {
      await bot.stop();
      bot = await room.stack.parts.startBot({ NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_MS: String(aheadMs) });
      await expect
        .poll(
          async () => (await room.stack.cloud.live.gates(room.launchId)).find(({ gate }) => gate === 'clocks-agree'),
          { timeout: 20_000, interval: 300 },
        )
        .toMatchObject({
          status: 'red',
          say: expect.stringMatching(
            new RegExp(
              `^the bot on \\S+ \\(process ${bot.pid}\\) is [\\d.]+ s ${market === 'ahead' ? 'ahead of' : 'behind'} the store's clock`,
            ),
          ) as string,
        });
      const refused = await room.mia.go(`fire ${market}-ios`);
      const words = JSON.stringify(refused.blocks);
      expect(words).toContain('Clocks agree with the store');
      expect(words).toContain(`(process ${bot.pid}) is`);
      expect(words).not.toContain('Workers report ready');

      const waived = await room.journal.append(room.launchId, {
        kind: 'request-waiver',
        by: 'ana',
        gate: 'clocks-agree',
        segments: 'all',
        worst: Math.abs(aheadMs) + 1_000,
        reason: 'its NTP is being mended',
        endsAtMs: Date.now() + 60_000,
      });
      if (!waived.ok || waived.entry.kind !== 'WaiverRequested') throw new Error(JSON.stringify(waived));
      expect(
        await room.journal.append(room.launchId, { kind: 'grant-waiver', by: 'mia', waiverId: waived.entry.waiverId }),
      ).toMatchObject({ ok: true });
      const button = await room.ask(`fire ${market}-ios`);
      const pressedAtMs = Date.now();
      await room.ben.press(button);
      const shot = await room.closed(`${market}-ios`);
      expect(outcomeOf(shot)).toMatchObject({ accepted: DEVICES, late: 0, uncertain: 0 });
      expect(await room.counts(shot.id)).toMatchObject({ received: DEVICES, distinctDevices: DEVICES, duplicates: 0 });
      expect(Math.abs(shot.pressedAtMs - pressedAtMs)).toBeLessThan(NEAR_MS);
      expect(shot.notAfterAtMs.ios - shot.pressedAtMs).toBe(WINDOW_MS);
      const entries = await room.journal.entries(room.launchId);
      expect(Math.abs((entries.at(-1)?.atMs ?? 0) - Date.now())).toBeLessThan(30_000);
    },
  );
});
