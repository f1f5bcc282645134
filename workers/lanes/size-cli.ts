import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readNumber } from '../../runbooks/typed/number.ts';
import { size, SIZE_DEFAULTS, type SizeAnswer, type SizeQuestion } from './sizing.ts';
import { visibleLines } from '../../infra/visible.ts';

/** `npm run size -- --devices 6000000 --seconds 5 --latency-ms 80`: how many tasks that takes, and what bounds it. */
const figure = (least: number, most?: number) => z.string('expected a number').transform((text, context) => {
  const read = readNumber(text, { fractions: true, least, ...(most === undefined ? {} : { most }) });
  if (read.ok) return read.value;
  context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
  return z.NEVER;
});
const positive = figure(0).refine((value) => value > 0, 'expected a number above 0');
const options = {
  'devices': { shape: positive, say: 'devices to send to' },
  'seconds': { shape: positive, say: 'time to have everything written' },
  'latency-ms': { shape: figure(0), say: 'mean time from a request to its answer' },
  'platform-share': { shape: figure(0, 1).default(SIZE_DEFAULTS.iosShare), say: 'share of the devices that are on iOS, 0 to 1' },
  'connections': { shape: positive.default(SIZE_DEFAULTS.connections), say: 'connections of a task to each provider' },
  'streams': { shape: positive.default(SIZE_DEFAULTS.streams), say: 'streams that may be open on a connection' },
  'per-core': { shape: positive.default(SIZE_DEFAULTS.perCore), say: 'notifications per second and core (npm run bench:lane measures it)' },
  'cores': { shape: positive.default(SIZE_DEFAULTS.cores), say: 'cores that a task sends with' },
  'per-connection': { shape: figure(0).default(SIZE_DEFAULTS.perConnection), say: 'notifications per second that a connection is good for; 0: no limit' },
  'spare': { shape: figure(0, 10).default(SIZE_DEFAULTS.spare), say: 'part of the tasks that may be missing at GO' },
} as const;
const shape = z.object(Object.fromEntries(Object.entries(options).map(([name, { shape: own }]) => [name, own])) as { [K in keyof typeof options]: (typeof options)[K]['shape'] });

function refuse(problems: readonly string[]): never {
  const usage = Object.entries(options).map(([name, { say }]) => `  --${name.padEnd(15)} ${say}`).join('\n');
  process.stderr.write(`${visibleLines(problems.join('\n'))}\n\nUsage: npm run size -- --devices 6000000 --seconds 5 --latency-ms 80\n${usage}\n  --json            the answer as JSON\n`);
  process.exit(2);
}

function given(): { question: SizeQuestion; json: boolean } {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ options: { json: { type: 'boolean' }, ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }])) } }));
  } catch (error) {
    return refuse([error instanceof Error ? error.message : String(error)]);
  }
  const { json, ...texts } = values;
  const parsed = shape.safeParse(texts);
  if (!parsed.success) return refuse(parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: found ${String(texts[String(path[0])] ?? 'nothing')}, ${message}`));
  const found = parsed.data;
  return {
    json: json === true,
    question: {
      devices: found.devices, seconds: found.seconds, latencyMs: found['latency-ms'], iosShare: found['platform-share'], connections: found.connections, streams: found.streams,
      perCore: found['per-core'], cores: found.cores, perConnection: found['per-connection'], spare: found.spare,
    },
  };
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

function words(question: SizeQuestion, answer: SizeAnswer): string {
  const { perSecond, streamsNeeded, tasksFor, bound, tasks, connectionsOpen, mostPerSecond, notes } = answer;
  return [
    `${count(tasks)} tasks of ${question.cores} core${question.cores === 1 ? '' : 's'}, ${Math.round(question.spare * 100)} % of them spare; bound by ${bound}.`,
    '',
    `rate        iOS ${count(perSecond.ios)} a second, Android ${count(perSecond.android)} a second`,
    `cores       ${count(tasksFor.cores)} tasks at ${count(question.perCore)} a second and core`,
    `streams     ${count(tasksFor.streams)} tasks: ${count(streamsNeeded.ios)} open to APNs and ${count(streamsNeeded.android)} to FCM (rate × ${question.latencyMs} ms), ${count(question.connections * question.streams)} a task`,
    `connections ${question.perConnection === 0 ? 'no limit of their own' : `${count(tasksFor.connections)} tasks at ${count(question.perConnection)} a second and connection`}`,
    `in all      ${count(connectionsOpen)} connections to each provider, at most ${count(mostPerSecond)} a second`,
    ...notes.map((note) => `\n${note}`),
  ].join('\n');
}

const { question, json } = given();
const answer = size(question);
process.stdout.write(`${json ? JSON.stringify(answer) : words(question, answer)}\n`);
