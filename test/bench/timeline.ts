import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { documentOf } from '../../bot/timeline-page/document.ts';
import { makeDocument } from '../../bot/timeline-page/documents.ts';
import { pageOf } from '../../bot/timeline-page/page.ts';
import { looseKeyring } from '../../infra/aws/keyring.ts';
import { verifyChannel, verifyChannelBeside } from '../../infra/aws/verify-channel.ts';
import { verifyRecord, verifyWhole } from '../../infra/aws/verify-record.ts';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { timelineOf } from '../../runbooks/record/model.ts';
import { asMarkdown } from '../../runbooks/record/timeline.ts';
import { botKeyring } from '../keys.ts';
import { longRecord } from '../long-record.ts';

/** `npm run bench:timeline`: a long record verified, and made into the documents of `/go timeline`; and how long the bot's loop stands still for it. */

const USAGE = `npm run bench:timeline -- [--entries N]
  --entries  entries of the record, with half as many messages (default 50000)`;

const { values } = scriptArguments(USAGE, { entries: { type: 'string', default: '50000' } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { scene, entries, messages } = longRecord(Number(values.entries));
const launchId = scene.state.id;
const { trusted } = botKeyring();
say(
  `${entries.length} entries, ${messages.length} messages; Node ${process.version}, ${availableParallelism()} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}`,
);

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** Time on the clock, and of this thread's work: on a machine that does other things too, the second is the cost. */
function timed<T>(what: string, make: () => T): T {
  const [startMs, cpuAtMs] = [performance.now(), cpuMs()];
  const made = make();
  tell(what, performance.now() - startMs, cpuMs() - cpuAtMs);
  return made;
}

/** As `timed`, of what other threads work at too: their share stands behind. */
async function timedAll<T>(what: string, make: () => Promise<T>): Promise<T> {
  const [startMs, cpuAtMs, process0] = [performance.now(), cpuMs(), process.cpuUsage()];
  const made = await make();
  const { user, system } = process.cpuUsage(process0);
  tell(
    what,
    performance.now() - startMs,
    cpuMs() - cpuAtMs,
    `, ${((user + system) / 1e6).toFixed(2)} s of all threads`,
  );
  return made;
}

/** Begins to look; called again, it says how long the loop stood still at the longest, in milliseconds. */
function longestTurn(): () => string {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return (delay.max / 1e6).toFixed(0);
  };
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2).padStart(7);
const tell = (what: string, tookMs: number, workedMs: number, more = ''): void =>
  say(`${what.padEnd(30)}${seconds(tookMs)} s${seconds(workedMs)} s${more}`);

say(`${''.padEnd(30)}   time    CPU of this thread`);
const chain = timed('verify, one after the other', () => verifyRecord(launchId, entries, looseKeyring(null, trusted)));
const byAll = await timedAll('verify, by all cores', () => verifyWhole(launchId, entries, looseKeyring(null, trusted)));
if (!byAll.ok) throw new Error(`BENCH_BROKEN: ${byAll.why}`);
if (!chain.ok) throw new Error(`BENCH_BROKEN: ${chain.why}`);
timed('channel, at once', () => verifyChannel(launchId, messages, entries));
const beside = longestTurn();
await timedAll('channel, in pieces', () => verifyChannelBeside(launchId, messages, entries));
say(`  longest turn of the bot meanwhile: ${beside()} ms`);
const told = timed('model', () => timelineOf(entries, messages, { chain }));
if (told === null) throw new Error('BENCH_EMPTY');
timed('Markdown', () => asMarkdown(told));
const page = timed('page', () => pageOf(told, {}));
say(`  of ${(page.length / 1_000_000).toFixed(1)} MB`);

const asked = {
  name: 'timeline',
  launchId,
  slackNames: new Map(),
  links: new Map(),
  curves: {},
  seen: null,
  trusted,
} as const;
await timedAll('all of it, here', () => documentOf(asked, entries, messages));
const meanwhile = longestTurn();
const [startMs, cpuAtMs] = [performance.now(), cpuMs()];
await makeDocument(asked, { entries, messages });
tell('by a thread, as the bot does it', performance.now() - startMs, cpuMs() - cpuAtMs);
say(`longest turn of the bot meanwhile: ${meanwhile()} ms`);
