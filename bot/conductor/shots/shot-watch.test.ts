import { describe, expect, test, vi } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Command } from '../../../runbooks/launch/commands.ts';
import type { Shot } from '../../../runbooks/launch/launch.ts';
import type { CloseResult } from '../../../settle/close.ts';
import { workerKeyring } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { ShotWatch } from './shot-watch.ts';

/** When the bot closes a shot itself, and what people hear of one that can't be closed; the record is in memory. Closed for real: fallback-closer.test.ts, test/faults/launch-faults.test.ts. */

const HEAD = /^Shot S\d+ \(.*\) can't be closed: /;

async function watching(memory?: MemoryContext) {
  const used =
    memory ??
    (await MemoryContext.ready(sampleRunbook({ delivery: { ios_not_after: '90s', android_not_after: '60s' } })));
  const context = used.bot();
  const closes: string[] = [];
  const state = { answer: (): Promise<CloseResult> => Promise.resolve({ state: 'open', left: 1 }) };
  const watch = new ShotWatch(context, (_, shot) => (closes.push(shot.id), state.answer()));
  const look = async () => watch.look(await used.launch());
  return { memory: used, context, watch, look, closes, state };
}

const halt: Command = { kind: 'set-halt', by: 'ben', source: 'slack', epoch: 1, reason: '', pressedAtMs: 0 };

describe('a shot that nobody has closed is closed here', () => {
  test('five seconds after the last of its platforms has run out of time, not a moment sooner', async () => {
    const { memory, look, closes } = await watching();
    const shot = await memory.fires();
    expect(shot.notAfterAtMs.ios).toBeGreaterThan(shot.notAfterAtMs.android);
    memory.nowMs = shot.notAfterAtMs.ios + 4_999;
    await look();
    expect(closes).toEqual([]);
    memory.nowMs += 1;
    await look();
    await look();
    expect(closes).toEqual([shot.id, shot.id]);
  });

  test('by the time of the platforms that it is sent to, whatever others have', async () => {
    const { memory, watch, closes } = await watching();
    const launch = await memory.launch();
    const whole = await memory.fires();
    const android: Shot = { ...whole, segments: whole.segments.filter(({ segment }) => segment === 'us-android') };
    const only = { ...launch, shots: { [whole.id]: android } };
    memory.nowMs = android.notAfterAtMs.android + 4_999;
    await watch.look(only);
    expect(closes).toEqual([]);
    memory.nowMs += 1;
    await watch.look(only);
    expect(closes).toEqual([whole.id]);
  });

  test('after a halt sooner: workers have had twenty seconds to close it', async () => {
    const { memory, look, closes } = await watching();
    const shot = await memory.fires();
    memory.nowMs += 10_000;
    await memory.does({ ...halt, pressedAtMs: memory.nowMs });
    memory.nowMs += 24_999;
    await look();
    expect(closes).toEqual([]);
    memory.nowMs += 1;
    await look();
    expect(closes).toEqual([shot.id]);
  });

  test('a halt at the very end gives it no more time than it had', async () => {
    const { memory, look, closes } = await watching();
    const shot = await memory.fires();
    memory.nowMs = shot.notAfterAtMs.ios - 1_000;
    await memory.does({ ...halt, pressedAtMs: memory.nowMs });
    memory.nowMs += 6_000;
    await look();
    expect(closes).toEqual([shot.id]);
  });

  test('once at a time, and again after one that failed', async () => {
    const { memory, look, closes, state } = await watching();
    const shot = await memory.fires();
    memory.nowMs = shot.notAfterAtMs.ios + 5_000;
    const answer = Promise.withResolvers<CloseResult>();
    state.answer = () => answer.promise;
    const first = look();
    await vi.waitFor(() => expect(closes).toHaveLength(1));
    await look();
    expect(closes).toHaveLength(1);
    answer.reject(new Error('the store is away'));
    await expect(first).rejects.toThrow('the store is away');
    state.answer = () => Promise.resolve({ state: 'closed', byUs: true });
    await look();
    expect([closes.length, await memory.notes()]).toEqual([2, []]);
  });
});

describe('one that can not be closed', () => {
  test('by the bot is told to the room with the reason and its code, once', async () => {
    const { memory, look, closes, state } = await watching();
    const shot = await memory.fires();
    memory.nowMs = shot.notAfterAtMs.ios + 5_000;
    state.answer = () => Promise.resolve({ state: 'refused', code: 'TOTALS_WRONG', say: 'found 9 of 10' });
    await look();
    await look();
    expect([closes.length, await memory.notes()]).toEqual([
      2,
      [expect.stringMatching(new RegExp(`${HEAD.source}found 9 of 10 \\(TOTALS_WRONG\\)\\. Nobody is sent to twice`))],
    ]);
  });

  test('for a claim of another version is told; a store that is away is none of its business', async () => {
    const { memory, look, state } = await watching();
    const shot = await memory.fires();
    memory.nowMs = shot.notAfterAtMs.ios + 5_000;
    state.answer = () => Promise.reject(new Error('away'));
    await expect(look()).rejects.toThrow('away');
    expect(await memory.notes()).toEqual([]);
    state.answer = () => Promise.reject(new CloudError('CLAIM_UNKNOWN', 'claim k has state "leased"'));
    await expect(look()).rejects.toThrow('leased');
    expect(await memory.notes()).toEqual([expect.stringContaining('claim k has state "leased". Nobody')]);
  });

  test('by workers is told with their reason, cut and in one line, once, also under another leader', async () => {
    const { memory, look, context } = await watching();
    const shot = await memory.fires();
    const says = (say: string) => reportOf({ ...shot, id: 'x' }, say, memory.nowMs, { state: 'sending', say });
    memory.reports = [says('sending'), says(`CANNOT CLOSE S999: another`), says(`CANNOT CLOSE ${shot.id}x: another`)];
    await look();
    expect(await memory.notes()).toEqual([]);
    memory.reports.push(says(`CANNOT CLOSE ${shot.id}: found 299\ndevices, ${'x'.repeat(400)}`));
    const reads = vi.spyOn(context.journal, 'entries');
    await look();
    await look();
    expect(reads).toHaveBeenCalledTimes(1);
    const [note] = await memory.notes();
    expect(note).toMatch(/can't be closed: found 299 devices, x+…?\. Nobody/);
    expect(note?.match(/x+/)?.[0].length).toBeLessThan(300);
    await (await watching(memory)).look();
    expect(await memory.notes()).toHaveLength(1);
  });

  test('by somebody who is no worker of this launch is told to nobody, and hides no worker that says it', async () => {
    const { memory, look } = await watching();
    const shot = await memory.fires();
    const says = (boot: string, say: string) =>
      reportOf({ ...shot, id: 'x' }, boot, memory.nowMs, { state: 'sending', say: `CANNOT CLOSE ${shot.id}: ${say}` });
    memory.reportsBy = ({ bootId }) => (bootId === 'ours' ? workerKeyring().signer : null);
    memory.reports = [says('forged', 'go to evil.example')];
    await look();
    expect(await memory.notes()).toEqual([]);
    memory.reports.push(says('ours', 'found 299 devices'));
    await look();
    expect(await memory.notes()).toEqual([expect.stringContaining('found 299 devices') as string]);
  });

  test('no report is read while no shot runs', async () => {
    const { memory, look } = await watching();
    memory.reports = null;
    await look();
    await memory.fires();
    await expect(look()).rejects.toThrow('MEMORY_NO_ANSWER');
  });
});
