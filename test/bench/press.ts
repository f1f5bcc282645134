import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { until } from '../../infra/local/slack/for-tests.ts';
import type { Fault } from '../../infra/local/slack/web-api/faults.ts';
import { AUDIENCE, buttonsOf, startRig } from '../bot-rig.ts';
import type { Rig } from '../bot-rig.ts';

/** `npm run bench:press`: from a person's tap on GO to its entry in the record, and to the answer, over both receivers, with a Web API that works and one that hangs. */

const USAGE = `npm run bench:press -- [--presses N]
  --presses  GO presses of each row, one after the other (default 50)`;

const { values } = scriptArguments(USAGE, { presses: { type: 'string', default: '50' } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const presses = Number(values.presses);

/** One order for each press. */
async function withOrders(rig: Rig): Promise<{ launchId: string; shotsBefore: number }> {
  const { launchId } = await rig.createInRecord();
  const segments = Array.from({ length: presses }, (_, index) => ({
    id: `s${index}-ios`,
    platform: 'ios' as const,
    devices: 60,
    batches: 1,
  }));
  const audience = { ...AUDIENCE, devices: presses * 60, segments, locales: { en: presses * 60 } };
  for (const command of [
    { kind: 'set-audience', by: 'ana', audience },
    { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' },
  ] as const) {
    const outcome = await rig.bot.conductor.execute(launchId, command);
    if (!outcome.ok) throw new Error(outcome.say);
  }
  for (const { id } of segments) await rig.ask(rig.ana, `fire ${id}`);
  await until('all orders', async () => buttonsOf(await rig.ben.messages(), 'fire.go').length === presses, 120_000);
  return { launchId, shotsBefore: 0 };
}

interface Measured {
  appendMs: number[];
  ackMs: number[];
}

async function measure(mode: 'socket' | 'http', fault: Fault | null): Promise<Measured> {
  const rig = await startRig({ mode });
  try {
    await withOrders(rig);
    const appendedAt = new Map<string, number>();
    const append = rig.cloud.record.append.bind(rig.cloud.record);
    rig.cloud.record.append = async (launchId, head, entry, options) => {
      const answer = await append(launchId, head, entry, options);
      if (entry.kind === 'FireApproved') appendedAt.set(entry.orderId, performance.now());
      return answer;
    };
    const buttons = buttonsOf(await rig.ben.messages(), 'fire.go');
    rig.workspace.faults.set('*', fault);
    const measured: Measured = { appendMs: [], ackMs: [] };
    for (const { ts, blockId, value } of buttons) {
      const { orderId } = JSON.parse(value) as { orderId: string };
      const startMs = performance.now();
      const answer = await rig.ben.press(ts, 'fire.go', { block_id: blockId, value });
      if (!answer.ok) throw new Error(`BENCH_NOT_ACKNOWLEDGED: ${String(answer.error)}`);
      measured.ackMs.push(performance.now() - startMs);
      const atMs = await until('the append', () => appendedAt.get(orderId), 10_000);
      measured.appendMs.push(atMs - startMs);
    }
    return measured;
  } finally {
    rig.workspace.faults.set('*', null);
    await rig.stop();
  }
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(1).padStart(7);

say(
  `${presses} GO presses each, milliseconds from the tap            acknowledged p50     p99   appended p50     p99    most`,
);
for (const mode of ['socket', 'http'] as const) {
  for (const [name, fault] of [
    ['works', null],
    ['hangs', { kind: 'hang' }],
    ['is limited', { kind: 'limited', retryAfterS: 60 }],
  ] as const) {
    const { ackMs, appendMs } = await measure(mode, fault);
    const [ack, appended] = [ackMs, appendMs].map((all) => all.toSorted((a, b) => a - b));
    if (ack === undefined || appended === undefined) continue;
    say(
      `${mode.padEnd(6)}  Web API ${name.padEnd(11)}                                 ${at(ack, 0.5)} ${at(ack, 0.99)}        ${at(appended, 0.5)} ${at(appended, 0.99)} ${at(appended, 1)}`,
    );
  }
}
