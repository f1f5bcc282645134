import { stringify } from 'yaml';
import { freeId, idOf } from './ids.ts';
import { marketsOf } from './market-answers.ts';
import type { Market } from './market-answers.ts';
import { contactOf, firersOf, peopleOf, switchOf, textOf } from './questions.ts';
import type { Answers } from './questions.ts';

/** A complete runbook from a few answers: gates that every event needs, a plan from the scale-up to the morning after. */
export function newRunbook(answers: Answers, schemaPath: string): string {
  const [title = '', target = '', link = '', topic = ''] = [
    answers.title[0],
    answers.target[0],
    answers.link[0],
    answers.topic[0],
  ];
  const id = idOf(title, 40, 'event');
  const people = peopleOf(answers.person);
  const texts = answers.text.map(textOf);
  const onCall = people.find(({ roles }) => roles.includes('on-call'))?.id;
  const reader = people.find(({ roles }) => roles.includes('marketer'))?.id ?? onCall;
  const workers = Number(answers.workers[0]);
  const markets = marketsOf(answers.market, target);
  const parts: [comment: string, part: object][] = [
    ['', { version: 1, id, title, ...timesOf(target, markets) }],
    ['Two of them press GO: one asks, another approves.', { people, ...fire(answers, people) }],
    [
      'The ECS service that sends.',
      {
        pool: { name: 'gobutton-workers', scale_target: 'workers', workers },
        scale_targets: [{ id: 'workers', kind: 'ecs-service', ...serviceOf(answers), title: 'Send workers' }],
      },
    ],
    [
      `What every device of a locale gets; a language without one gets ${texts[0]?.locale ?? ''}. Nothing is filled in at fire time.`,
      {
        campaign: {
          id: id.slice(0, 40),
          default_locale: texts[0]?.locale,
          locales: Object.fromEntries(texts.map(({ locale, title: head, body }) => [locale, { title: head, body }])),
          ...(link === '' ? {} : { deep_link: link }),
          apns: { topic },
        },
      },
    ],
    [
      'How fast the whole pool sends (0: no limit), how long Android takes to get there, and when a push is too late.',
      { delivery: DELIVERY },
    ],
    ['What must be true before GO.', { gates: gates(onCall, reader) }],
    ...extra(
      'What apps and servers read of this event; `/go switch` sets it.',
      'switches',
      ownSwitches(answers.switch),
    ),
    ...extra('Whom people turn to beyond the roster.', 'contacts', answers.contact.map(contactOf)),
    [
      markets.length === 0
        ? 'T is the target. Nothing fires by itself.'
        : 'T is the target, of a step with `for` that of its market. Nothing fires by itself that nobody has armed.',
      { phases: phases(workers, onCall, reader, markets) },
    ],
  ];
  return [
    `# yaml-language-server: $schema=${schemaPath}`,
    ...parts.map(([comment, part]) => `${comment === '' ? '' : `\n# ${comment}\n`}${yaml(part)}`.trimEnd()),
    '',
  ].join('\n');
}

/** Nothing of what nobody has named. */
function fire(answers: Answers, people: readonly { id: string; name: string }[]): object {
  const named = (['may-ask', 'may-approve'] as const).flatMap((flag) =>
    answers[flag][0] === '' ? [] : [[flag.replace('-', '_'), firersOf(answers[flag][0] ?? '', people)] as const],
  );
  return named.length === 0 ? {} : { fire: Object.fromEntries(named) };
}

const extra = (comment: string, key: string, items: object[]): [string, object][] =>
  items.length === 0 ? [] : [[comment, { [key]: items }]];

function ownSwitches(answers: readonly string[]): object[] {
  const taken = new Set<string>();
  return answers.map(switchOf).map(({ title, values }) => {
    const id = freeId(idOf(title, 40, 'switch'), taken);
    return { id, title, ...(values === undefined ? {} : { values }) };
  });
}

const serviceOf = ({ cluster, service }: Answers) => ({ cluster: cluster[0], service: service[0] });

/** Unpaced to Apple; to Google as it asks for (docs/facts.md), each no later than it is worth reading. */
const DELIVERY = {
  ios_per_second: 0,
  ios_not_after: '1m',
  android_per_second: 10_000,
  android_ramp: '60s',
  android_not_after: '10m',
};

const yaml = (value: object): string =>
  stringify(value, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });

const gates = (onCall: string | undefined, reader: string | undefined): object[] => [
  { id: 'credentials', title: 'Provider credentials are fresh', hard: true, probe: { kind: 'credentials' } },
  { id: 'payload', title: 'Every text fits', hard: true, probe: { kind: 'payload-size' } },
  { id: 'workers', title: 'Workers have the audience in memory', owner: onCall, probe: { kind: 'workers-ready' } },
  { id: 'queues', title: 'No message waits in a queue', probe: { kind: 'queue-empty', queue: 'batches' } },
  { id: 'switches', title: 'Every worker reads the halt switch in time', probe: { kind: 'switch-reach' } },
  { id: 'providers', title: 'APNs and FCM take our credentials and answer', probe: { kind: 'providers' } },
  {
    id: 'copy-read',
    title: 'The copy was read in every locale, on a phone',
    owner: reader,
    after: 'test-copies',
    help: 'Send a test with /go test, look at your phone, then tick.',
  },
];

/** Without a time of its own the event is when its first market is. */
function timesOf(target: string, markets: readonly Market[]): object {
  const [first] = markets;
  if (first === undefined) return target === '' ? {} : { target };
  return {
    target: target === '' ? first.at : target,
    targets: Object.fromEntries(markets.map(({ name, at }) => [name, at])),
  };
}

/** `markets`: in order of time. What comes before the event comes before its first market, and what comes after it after its last one. */
function phases(
  workers: number,
  onCall: string | undefined,
  reader: string | undefined,
  markets: readonly Market[],
): object[] {
  const ofMarket = (market: Market | undefined) => (market === undefined ? {} : { for: market.name });
  const [first, last] = [ofMarket(markets[0]), ofMarket(markets.at(-1))];
  return [
    {
      id: 'before',
      title: 'Before',
      steps: [
        {
          id: 'workers-up',
          title: 'Send workers up',
          at: 'T-4h',
          ...first,
          owner: onCall,
          do: { kind: 'scale', target: 'workers', to: workers, late_after: '30m' },
        },
        {
          id: 'test',
          title: 'Test copies',
          at: 'T-2h',
          ...first,
          owner: reader,
          do: { kind: 'remind', say: 'Send a test with /go test, look at your phone, then tick the gate.' },
        },
        { id: 'review', title: 'Readiness review', at: 'T-1h', ...first, owner: onCall, do: { kind: 'checklist' } },
      ],
    },
    {
      id: 'moment',
      title: markets.length === 0 ? 'The moment' : 'The moments',
      steps: markets.length === 0 ? [WINDOW] : markets.flatMap((market) => momentOf(market, reader)),
    },
    {
      id: 'after',
      title: 'After',
      steps: [
        {
          id: 'workers-down',
          title: 'Send workers down',
          at: 'T+12h',
          ...last,
          owner: onCall,
          do: { kind: 'scale', target: 'workers', to: 0 },
          catch_up_within: '0s',
        },
      ],
    },
  ];
}

const WINDOW = {
  id: 'window',
  title: 'From now on',
  at: 'T',
  do: { kind: 'fire-window', say: 'Ask with /go fire all; the second person keeps the GO button on screen.' },
};

/** An order that is armed ahead goes by itself; else it is asked for when it is time. */
const momentOf = ({ name }: Market, reader: string | undefined): object[] => [
  {
    id: `arm-${name}`,
    title: `Arm ${name}`,
    at: 'T-30m',
    for: name,
    owner: reader,
    do: {
      kind: 'remind',
      say: `/go fire ${name} at its target, and another person arms it. Then it goes by itself.`,
      unless: 'armed',
    },
  },
  {
    id: `go-${name}`,
    title: `The moment of ${name}`,
    at: 'T',
    for: name,
    do: { kind: 'fire-window', say: `/go fire ${name}, unless its order is armed and on its way.` },
  },
];
