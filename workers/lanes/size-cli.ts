import { size, SIZE_DEFAULTS } from '../../contract/sizing.ts';
import type { SizeAnswer, SizeQuestion } from '../../contract/sizing.ts';
import { isHelpAsked } from '../../infra/command-line/command-line.ts';
import { visibleLines } from '../../infra/visible.ts';
import { COST_OPTIONS, costWords, shownPrices } from './size-cost.ts';
import type { CostFound } from './size-cost.ts';
import { figure, positive, readOptions, usageOf } from './size-options.ts';
import { SIMULATE_USAGE, simulateCommand } from './size-simulate.ts';

/**
 * `npm run size -- --devices 6000000 --seconds 5 --latency-ms 80`: how many tasks that takes, and what bounds it, by arithmetic. With `--simulate` a
 * launch is played instead: see size-simulate.ts.
 */
const options = {
  devices: { shape: positive, say: 'devices to send to' },
  seconds: { shape: positive, say: 'time to have everything written' },
  'latency-ms': { shape: figure(0), say: 'mean time from a request to its answer' },
  'platform-share': {
    shape: figure(0, 1).default(SIZE_DEFAULTS.iosShare),
    say: 'share of the devices that are on iOS, 0 to 1',
  },
  connections: { shape: positive.default(SIZE_DEFAULTS.connections), say: 'connections of a task to each provider' },
  streams: { shape: positive.default(SIZE_DEFAULTS.streams), say: 'streams that may be open on a connection' },
  'per-core': {
    shape: positive.default(SIZE_DEFAULTS.perCore),
    say: 'notifications per second and core (npm run bench:lane measures it)',
  },
  cores: { shape: positive.default(SIZE_DEFAULTS.cores), say: 'cores that a task sends with' },
  'per-connection': {
    shape: figure(0).default(SIZE_DEFAULTS.perConnection),
    say: 'notifications per second that a connection is good for; 0: no limit',
  },
  spare: { shape: figure(0, 10).default(SIZE_DEFAULTS.spare), say: 'part of the tasks that may be missing at GO' },
  ...COST_OPTIONS,
} as const;

const USAGE = `Usage: npm run size -- --devices 6000000 --seconds 5 --latency-ms 80
${usageOf(options)}
  --standby           what a standby in a second region costs besides
  --json              the answer as JSON
  --show-prices       the prices of this version as JSON
  --simulate          play a launch on so many tasks instead

${SIMULATE_USAGE}`;

function refuse(problems: readonly string[]): never {
  // All of them are two screens, and would push what is wrong off the first.
  process.stderr.write(`${visibleLines(problems.join('\n'))}\n\nnpm run size -- --help lists the options.\n`);
  process.exit(2);
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

function words(question: SizeQuestion, answer: SizeAnswer, money: CostFound, standby: boolean): string {
  const { perSecond, streamsNeeded, tasksFor, bound, tasks, connectionsOpen, mostPerSecond, notes } = answer;
  return [
    `${count(tasks)} tasks of ${question.cores} core${question.cores === 1 ? '' : 's'}, ${Math.round(question.spare * 100)} % of them spare; bound by ${bound}.`,
    '',
    `rate        iOS ${count(perSecond.ios)} a second, Android ${count(perSecond.android)} a second`,
    `cores       ${count(tasksFor.cores)} tasks at ${count(question.perCore)} a second and core`,
    `streams     ${count(tasksFor.streams)} tasks: ${count(streamsNeeded.ios)} open to APNs and ${count(streamsNeeded.android)} to FCM (rate × ${question.latencyMs} ms), ${count(question.connections * question.streams)} a task`,
    `connections ${question.perConnection === 0 ? 'no limit of their own' : `${count(tasksFor.connections)} tasks at ${count(question.perConnection)} a second and connection`}`,
    `in all      ${count(connectionsOpen)} connections to each provider, at most ${count(mostPerSecond)} a second`,
    '',
    costWords(money, { devices: question.devices, tasks, cores: question.cores, standby }),
    ...notes.map((note) => `\n${note}`),
  ].join('\n');
}

function sizeCommand(args: readonly string[]): string {
  const read = readOptions(options, ['json', 'standby'], args);
  if (!read.ok) return refuse(read.problems);
  const found = read.values;
  const question: SizeQuestion = {
    devices: found.devices,
    seconds: found.seconds,
    latencyMs: found['latency-ms'],
    iosShare: found['platform-share'],
    connections: found.connections,
    streams: found.streams,
    perCore: found['per-core'],
    cores: found.cores,
    perConnection: found['per-connection'],
    spare: found.spare,
  };
  const answer = size(question);
  return read.flags.has('json') ? JSON.stringify(answer) : words(question, answer, found, read.flags.has('standby'));
}

const args = process.argv.slice(2);
if (isHelpAsked(args)) process.stdout.write(`${USAGE}\n`);
else if (args.includes('--show-prices')) {
  const read = readOptions({}, ['show-prices'], args);
  if (!read.ok) refuse(read.problems);
  process.stdout.write(`${shownPrices()}\n`);
} else if (args.includes('--simulate')) {
  const outcome = await simulateCommand(args.filter((one) => one !== '--simulate'));
  if (!outcome.ok) refuse(outcome.problems);
  process.stdout.write(`${outcome.text}\n`);
} else process.stdout.write(`${sizeCommand(args)}\n`);
