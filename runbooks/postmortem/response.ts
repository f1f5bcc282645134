import { deadlineAtMs } from '../launch/deadlines.ts';
import type { EntryKind, EntryOf } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { stepDueAtMs } from '../launch/plan-times.ts';
import { stepNamed } from '../launch/steps.ts';
import { readable } from '../record/chat.ts';
import { relative, stamp } from '../record/clock.ts';
import { number } from '../record/describe.ts';
import { idOf } from '../record/rows.ts';
import type { Row } from '../record/rows.ts';
import { ordered } from './detection.ts';
import { heading, list, remark } from './document.ts';
import type { Block, Proof, Section, Statement } from './document.ts';
import { phasesOf } from './phases.ts';
import { allOf, askToPressMs, shotsIn, took } from './told.ts';
import type { Told } from './told.ts';

/** Who was involved, how long each stage took, and the timeline in short. */

export function response(told: Told): Section {
  return {
    id: 'response',
    title: 'How we responded',
    blocks: [
      heading('Who was involved'),
      ...list(involved(told)),
      ...refusals(told),
      heading('How long it took'),
      ...stages(told),
      ...scaling(told),
      heading('Timeline in short'),
      ...phases(told),
    ],
  };
}

/** What people do that a postmortem names one by one; everything else is counted. */
const DEEDS: Partial<Record<EntryKind, string>> = {
  LaunchCreated: 'created the launch',
  FireRequested: 'asked to fire',
  FireArmed: 'armed',
  FireApproved: 'pressed GO',
  FireDeclined: 'declined or took back',
  HaltSet: 'pressed HALT',
  LiftRequested: 'asked to lift a halt',
  HaltLifted: 'approved a lift',
  WaiverRequested: 'asked for a waiver',
  WaiverGranted: 'granted a waiver',
  GateTicked: 'ticked a gate',
  CampaignSet: 'set the text',
  TestRequested: 'asked for copies',
  TargetMoved: 'moved the target',
  StoodDown: 'stood the launch down',
  LaunchClosed: 'closed the launch',
};

function involved({ entries, messages, last, names, slackNames }: Told): Statement[] {
  const of = new Map([...names.keys()].map((id) => [id, { deeds: new Map<string, Proof[]>(), others: 0 }]));
  for (const entry of entries) {
    const mine = 'person' in entry.by ? of.get(entry.by.person) : undefined;
    if (mine === undefined) continue;
    const deed = DEEDS[entry.kind];
    if (deed === undefined) mine.others += 1;
    else mine.deeds.set(deed, [...(mine.deeds.get(deed) ?? []), `e${entry.seq}`]);
  }
  const wrote = (name: string) =>
    messages.filter(
      ({ user, refused, deleted, given }) =>
        (refused ?? given) === undefined && !deleted && slackNames.get(user) === name,
    ).length;
  return [...of].flatMap(([id, { deeds, others }]) => {
    const name = names.get(id) ?? id;
    const roles = last.people.find((one) => one.id === id)?.roles.join(', ') ?? 'not on the roster at the end';
    const messagesOf = wrote(name);
    const parts = [
      ...[...deeds].map(([deed, proof]) => (proof.length === 1 ? deed : `${deed} (${proof.length} times)`)),
      ...(others === 0 ? [] : [`${number(others)} further ${others === 1 ? 'entry' : 'entries'}`]),
      ...(messagesOf === 0
        ? []
        : [`${number(messagesOf)} ${messagesOf === 1 ? 'message' : 'messages'} in the channel`]),
    ];
    if (parts.length === 0) return [];
    return [{ text: `${name} (${roles}): ${parts.join(', ')}`, proof: [...deeds.values()].flat() }];
  });
}

/** Presses and commands that the rules did not take: what the product asked of people in that moment. */
function refusals({ messages, slackNames, last }: Told): Block[] {
  const rows = messages.flatMap(({ refused, user, atMs, seq }) =>
    refused === undefined
      ? []
      : [
          {
            cells: [
              `${stamp(atMs)} (${relative(atMs - last.targetAtMs)})`,
              slackNames.get(user) ?? user,
              refused.what,
              `${refused.code}${refused.say === '' ? '' : `: ${readable(refused.say, slackNames)}`}`,
              number(refused.times),
            ],
            proof: seq === undefined ? [] : [`m${seq}`],
          },
        ],
  );
  if (rows.length === 0) return [];
  return [
    heading('What the rules did not take'),
    { kind: 'table', head: ['at (UTC)', 'who asked', 'what', 'answer', 'times'], figures: 1, rows },
  ];
}

function stages(told: Told): Block[] {
  const rows = shotsIn(told).map((shot) => {
    const request = allOf(told, 'FireRequested').find(({ orderId }) => orderId === shot.orderId);
    const timed = allOf(told, 'ShotTimed').find(({ shotId }) => shotId === shot.id);
    const halt = allOf(told, 'HaltSet').find(({ pressedAtMs }) => pressedAtMs === shot.haltedAtMs);
    const { pressedAtMs, timing, closed } = shot;
    const lastWriteMs = timing?.lastWriteMs ?? null;
    const haltMs = halt === undefined ? null : halt.pressedAtMs - pressedAtMs;
    return {
      cells: [
        shot.id,
        took(askToPressMs(told, shot)),
        took(timing?.firstWriteMs ?? null),
        took(lastWriteMs),
        took(haltMs),
        haltMs === null || lastWriteMs === null ? '–' : took(Math.max(0, lastWriteMs - haltMs)),
        took(closed === null ? null : closed.atMs - pressedAtMs),
      ],
      proof: [
        request?.seq,
        told.last.orders[shot.orderId]?.armed?.seq,
        shot.approvedSeq,
        halt?.seq,
        timed?.seq,
      ].flatMap((seq) => (seq === undefined ? [] : [`e${seq}`])),
    };
  });
  if (rows.length === 0) return [remark('No order went, so there is no time from the ask to the push.')];
  return [
    {
      kind: 'table',
      head: [
        'shot',
        'ask to GO',
        'GO to first push',
        'GO to last push',
        'GO to HALT',
        'HALT to last push',
        'GO to close',
      ],
      figures: 6,
      rows,
    },
    ...(rows.some(({ cells }) => cells[4] !== '–')
      ? [
          remark(
            'From the problem to HALT is at most what is from GO to HALT; when somebody first saw it is asked below.',
          ),
        ]
      : []),
  ];
}

/** Fleets that an order of this launch raised or lowered, against what the plan said. */
function scaling(told: Told): Block[] {
  const rows = allOf(told, 'ScaleReached').flatMap((reached) => {
    const order = ordered(told, reached);
    if (order === undefined || order.desired !== reached.desired) return [];
    const before =
      allOf(told, 'ScaleReached').findLast(({ target, seq }) => target === reached.target && seq < reached.seq)?.seq ??
      0;
    const late = allOf(told, 'ScaleLate').filter(
      ({ target, seq }) => target === reached.target && seq > Math.max(order.seq, before) && seq < reached.seq,
    );
    const count = reached.stands ?? reached.desired;
    return [
      {
        cells: [
          reached.target,
          number(count),
          order.rehearsal === undefined ? (order.step ?? 'by hand') : `rehearsal ${order.rehearsal}`,
          stamp(reached.atMs),
          planText(told, order, reached, late.length > 0),
          took(reached.tookMs),
        ],
        proof: [order, ...late, reached].map(({ seq }) => `e${seq}`),
      },
    ];
  });
  if (rows.length === 0) return [];
  return [
    {
      kind: 'table',
      head: ['fleet', 'count', 'ordered by', 'stood at (UTC)', 'against the plan', 'took'],
      figures: 1,
      rows,
    },
  ];
}

function planText(
  told: Told,
  order: EntryOf<'ScaleOrdered'>,
  reached: EntryOf<'ScaleReached'>,
  wasLate: boolean,
): string {
  const launch = asPlannedAt(told, order.seq);
  const step = order.step === null ? undefined : stepNamed(launch.runbook, order.step);
  if (step === undefined) return wasLate ? 'told as late' : '–';
  const deadline = deadlineAtMs(launch, step);
  return [
    ...(wasLate ? ['told as late'] : []),
    `ordered ${apart(order.atMs - stepDueAtMs(launch, step), 'its time')}`,
    ...(deadline === null ? [] : [`it stood ${apart(reached.atMs - deadline, 'its deadline')}`]),
  ].join('; ');
}

const apart = (ms: number, what: string): string => `${took(Math.abs(ms))} ${ms < 0 ? 'before' : 'after'} ${what}`;

/** The launch with the target that it had then: a plan moves with its target. */
function asPlannedAt({ entries, last }: Told, seq: number): Launch {
  const target = entries.findLast(
    (entry): entry is EntryOf<'LaunchCreated'> | EntryOf<'TargetMoved'> =>
      (entry.kind === 'LaunchCreated' || entry.kind === 'TargetMoved') && entry.seq <= seq,
  );
  return { ...last, targetAtMs: target?.targetAtMs ?? last.targetAtMs };
}

const phases = (told: Told): Block[] =>
  phasesOf(told).flatMap(({ title, rows }) => [remark(title), shortTable(rows, told.timeline.targetAtMs)]);

const shortTable = (rows: readonly Row[], targetAtMs: number): Block => ({
  kind: 'table',
  head: ['at (UTC)', 'T', 'who', 'what'],
  figures: 0,
  rows: rows.map(({ atMs, who, what, place }) => ({
    cells: [stamp(atMs), relative(atMs - targetAtMs), who, what],
    proof: place === null ? [] : [idOf(place)],
  })),
});
