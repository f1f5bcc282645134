import { badTokenCount, badTokenReasons } from '../launch/bad-tokens.ts';
import type { EntryOf } from '../launch/entries.ts';
import { isLeftToPeople, stepNamed } from '../launch/steps.ts';
import { sumTotals } from '../launch/totals.ts';
import { stamp } from '../record/clock.ts';
import { actorName, missedText, number, shortHash } from '../record/describe.ts';
import type { Section } from './document.ts';
import { remark } from './document.ts';
import { botNotes } from './ordinary-notes.ts';
import { slowShotsNoticed } from './speed.ts';
import { allOf, devicesText, haltsIn, outcomeProof, shotsIn, tokensText, took } from './told.ts';
import type { Noticed, Told } from './told.ts';

/** What was noticed, by whom or what first, and how long it had been so. */

/** `TOKEN_LIST`: what is bad is the list and nothing of the launch. */
export const TOKEN_LIST = 'the list of tokens';

export const noticedIn = (told: Told): Noticed[] =>
  [
    ...halts(told),
    ...gates(told),
    ...fleets(told),
    ...deadlines(told),
    ...counts(told),
    ...slowShotsNoticed(told),
    ...notes(told),
  ].toSorted((a, b) => a.atMs - b.atMs);

export function detection(told: Told): Section {
  const noticed = noticedIn(told);
  return {
    id: 'detection',
    title: 'How it was noticed',
    blocks:
      noticed.length === 0
        ? [remark('No gate, watch or person noticed anything that was not as planned.')]
        : [
            {
              kind: 'table',
              head: ['noticed (UTC)', 'what', 'first seen by', 'how it looked', 'how long before it was seen'],
              figures: 0,
              rows: noticed.map(({ atMs, what, by, looked, after, proof }) => ({
                cells: [stamp(atMs), what, by, looked, after],
                proof,
              })),
            },
            remark('A person may have seen it earlier than the record: that is asked below.'),
          ],
  };
}

function halts(told: Told): Noticed[] {
  return haltsIn(told).flatMap(({ halt: first, again }) =>
    [first, ...again].map((halt) => {
      const shot = shotsIn(told).findLast(({ haltedAtMs }) => haltedAtMs === halt.pressedAtMs);
      const isPerson = 'person' in halt.by;
      const nothing = halt === first ? 'nothing was being sent' : `all was halted already, by HALT ${first.epoch}`;
      return {
        atMs: halt.pressedAtMs,
        what: `HALT ${halt.epoch}`,
        part: null,
        by: isPerson ? `a person: ${actorName(halt.by, told.names)}` : `the system: ${actorName(halt.by, told.names)}`,
        looked: halt.reason === '' ? 'no reason was given' : `“${halt.reason}”`,
        after:
          shot === undefined ? nothing : `at most ${took(halt.pressedAtMs - shot.pressedAtMs)}, since GO of ${shot.id}`,
        proof: [`e${halt.seq}`, ...(shot === undefined ? [] : [`e${shot.approvedSeq}`])],
      };
    }),
  );
}

/** Of each gate that was green once and was not any more: a gate that has not become green yet is preparation. */
function gates(told: Told): Noticed[] {
  const byGate = Map.groupBy(allOf(told, 'GateChanged'), ({ measured }) => measured.gate);
  return [...byGate].flatMap(([gate, changes]) => {
    const since = changes.findIndex(({ measured }) => measured.status === 'green');
    const fell = since < 0 ? [] : changes.slice(since).filter(({ measured }) => measured.status !== 'green');
    const [first] = fell;
    if (first === undefined) return [];
    const again = changes.find(({ seq, measured }) => seq > first.seq && measured.status === 'green');
    return [
      {
        atMs: first.measured.atMs,
        what: `gate ${gate} was ${first.measured.status}${fell.length === 1 ? '' : `, ${fell.length} times`}${again === undefined ? ', and not green again' : `; green again after ${took(again.measured.atMs - first.measured.atMs)}`}`,
        part: `the gate ${gate}`,
        by: 'the gate',
        looked: first.measured.say,
        after: 'at its next measurement',
        proof: fell.slice(0, MOST).map(({ seq }) => `e${seq}`),
      },
    ];
  });
}

/** So many entries stand beside one statement; the record has all of them. */
const MOST = 5;

function fleets(told: Told): Noticed[] {
  return told.entries.flatMap((entry): Noticed[] => {
    if (entry.kind === 'ScaleLate') {
      const order = ordered(told, entry);
      return [
        {
          atMs: entry.atMs,
          what: `fleet ${entry.target} was late`,
          part: `fleet ${entry.target}`,
          by: 'the watch over fleets',
          looked: `${number(entry.running)} of ${number(entry.desired)} running, ${number(entry.ready)} ready`,
          after: order === undefined ? 'not known' : `${took(entry.atMs - order.atMs)} after it was ordered`,
          proof: [...(order === undefined ? [] : [`e${order.seq}`]), `e${entry.seq}`],
        },
      ];
    }
    if (entry.kind !== 'ScaleChanged') return [];
    const stood = told.entries.findLast(
      (one) => one.kind === 'ScaleReached' && one.target === entry.target && one.seq < entry.seq,
    );
    return [
      {
        atMs: entry.atMs,
        what: `fleet ${entry.target} was lowered from outside of the launch`,
        part: `fleet ${entry.target}`,
        by: 'the watch over fleets',
        looked: `${number(entry.found)}, ${number(entry.desired)} ordered`,
        after: stood === undefined ? 'not known' : `at most ${took(entry.atMs - stood.atMs)}, since it had come`,
        proof: [...(stood === undefined ? [] : [`e${stood.seq}`]), `e${entry.seq}`],
      },
    ];
  });
}

export const ordered = (told: Pick<Told, 'entries'>, { target, seq }: EntryOf<'ScaleLate'> | EntryOf<'ScaleReached'>) =>
  told.entries.findLast(
    (one): one is EntryOf<'ScaleOrdered'> => one.kind === 'ScaleOrdered' && one.target === target && one.seq < seq,
  );

function deadlines(told: Told): Noticed[] {
  const plan = told.last.runbook;
  return told.entries.flatMap((entry): Noticed[] => {
    if (entry.kind === 'StepMissed')
      return [
        {
          atMs: entry.atMs,
          what: `step ${entry.step} missed its deadline`,
          part: `the step ${entry.step}`,
          by: 'the plan',
          looked: entry.why,
          after: `${took(entry.atMs - entry.deadlineAtMs)} after it`,
          proof: [`e${entry.seq}`],
        },
      ];
    if (entry.kind === 'StepPut' && !isLeftToPeople(plan, entry.step))
      return [
        {
          atMs: entry.atMs,
          what: `step ${entry.step} was put to a person`,
          part: `the step ${entry.step}`,
          by: 'the plan',
          looked: entry.why,
          after: `${took(entry.atMs - entry.dueAtMs)} after its time`,
          proof: [`e${entry.seq}`],
        },
      ];
    if (entry.kind === 'StepDone' && entry.refused === true)
      return [
        {
          atMs: entry.atMs,
          what: `step ${stepNamed(plan, entry.step)?.title ?? entry.step} was not taken by the launch`,
          part: `the step ${entry.step}`,
          by: 'the plan',
          looked: entry.say,
          after: 'at once',
          proof: [`e${entry.seq}`],
        },
      ];
    if (entry.kind !== 'FireHeld') return [];
    const momentMs = told.last.orders[entry.orderId]?.shown.moment?.atMs ?? null;
    return [
      {
        atMs: entry.atMs,
        what: `order ${entry.orderId} did not go at its moment`,
        part: `order ${entry.orderId}`,
        by: 'the conductor',
        looked: entry.reason,
        after: momentMs === null ? 'not known' : `${took(entry.atMs - momentMs)} after it`,
        proof: [`e${entry.seq}`],
      },
    ];
  });
}

/** What the accounts of shots have shown. */
function counts(told: Told): Noticed[] {
  return shotsIn(told).flatMap((shot): Noticed[] => {
    const { closed, totals, id } = shot;
    if (closed === null || totals === null) return [];
    const at = {
      atMs: closed.atMs,
      after: `${took(closed.atMs - shot.pressedAtMs)} after GO`,
      proof: outcomeProof(told, id),
    };
    const missed = missedText(totals, closed.cause === 'halt');
    const sum = sumTotals(totals);
    const bad = badTokenCount(sum.reasons);
    return [
      ...(missed === ''
        ? []
        : [
            {
              ...at,
              what: `a segment of ${id} was not reached`,
              part: `shot ${id}`,
              by: 'the count at its close',
              looked: missed,
            },
          ]),
      ...(bad === 0
        ? []
        : [
            {
              ...at,
              what: `${tokensText(bad)} of ${id} ${bad === 1 ? 'is' : 'are'} bad`,
              part: TOKEN_LIST,
              by: 'the providers',
              looked: reasonsText(badTokenReasons(sum.reasons)),
            },
          ]),
      ...(sum.uncertain === 0
        ? []
        : [
            {
              ...at,
              what: `${devicesText(sum.uncertain)} of ${id} ${sum.uncertain === 1 ? 'is' : 'are'} uncertain`,
              part: `answers to ${id}`,
              by: 'the count at its close',
              looked: 'written, without an answer',
            },
          ]),
      ...allOf(told, 'ShotCorrected')
        .filter(({ shotId }) => shotId === id)
        .map((entry) => ({
          atMs: entry.atMs,
          what: `the account of batch ${shortHash(entry.batch)} of ${id} came after its close`,
          part: `accounts of ${id}`,
          by: 'the count',
          looked: 'the figures were corrected',
          after: `${took(entry.atMs - closed.atMs)} after the close`,
          proof: [`e${entry.seq}`],
        })),
    ];
  });
}

const reasonsText = (reasons: readonly (readonly [reason: string, count: number])[]): string =>
  reasons
    .toSorted((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${number(count)} ${reason}`)
    .join(', ');

/** What a watch of the bot has written down: lost workers, wrong weather, a switch that did not arrive. */
function notes(told: Told): Noticed[] {
  return botNotes(told).map((entry) => ({
    atMs: entry.atMs,
    what: 'noted',
    part: null,
    by: 'system' in entry.by ? `the ${entry.by.system}` : '',
    looked: entry.text ?? '',
    after: 'not known',
    proof: [`e${entry.seq}`],
  }));
}
