import { badTokenCount } from '../launch/bad-tokens.ts';
import { DEVICE_STATES } from '../launch/entries.ts';
import type { DeviceState, Entry, EntryOf, SegmentTotals } from '../launch/entries.ts';
import type { Shot } from '../launch/launch.ts';
import { marketOf } from '../launch/market.ts';
import { remainingDevices } from '../launch/remaining.ts';
import { percent } from '../launch/shares.ts';
import { sumTotals } from '../launch/totals.ts';
import { listed } from '../launch/words.ts';
import { actorName, describeTotals, number } from '../record/describe.ts';
import { channelBreak } from '../record/model.ts';
import { segmentList } from '../record/segment-words.ts';
import { standing } from './answers.ts';
import { list, remark, said } from './document.ts';
import type { Section, Statement } from './document.ts';
import { severity, textsText } from './impact.ts';
import { devicesText, haltsIn, outcomeProof, shotsIn, stoppedBy, took } from './told.ts';
import type { Halted, Told } from './told.ts';

/** What it meant for people, what was stopped, and what resolved it. */

export function summary(told: Told): Section {
  const shots = shotsIn(told);
  const blocks = list([
    ...reach(told),
    ...haltsIn(told).flatMap((halted) => haltOf(told, halted)),
    ...severity(told),
    ...ending(told),
    standing(told),
  ]);
  if (shots.length === 0) return { id: 'summary', title: 'Summary', blocks };
  return {
    id: 'summary',
    title: 'Summary',
    blocks: [...blocks, impactTable(told, shots), remark('The record counts devices. One person may have several.')],
  };
}

/** What stands above everything else, because it changes how the rest is read. */
export function notices({ entries, timeline, last }: Told): Statement[] {
  const shots = shotsIn({ last });
  const running = shots.filter(({ closed }) => closed === null);
  const stoodDown = entries.find(({ kind }) => kind === 'StoodDown');
  const talk = channelBreak(timeline);
  return [
    ...(last.rehearses === null ? [] : [said(`This is a rehearsal of ${last.rehearses.launchId}.`, entries[0])]),
    ...(shots.length === 0 ? [said('Nothing was sent.')] : []),
    ...(last.stoodDown === null ? [] : [said(`The launch was stood down: ${last.stoodDown.reason}`, stoodDown)]),
    ...running.map((shot) =>
      said(`${shot.id} is not counted yet: its figures are missing below.`, { seq: shot.approvedSeq }),
    ),
    ...(last.closed
      ? []
      : [said('The launch is not closed yet: this tells it as far as its record goes.', entries.at(-1))]),
    ...(timeline.chain.ok
      ? []
      : [
          said(
            `THE RECORD IS BROKEN at entry ${timeline.chain.seq}: ${timeline.chain.why}. What follows may be wrong.`,
          ),
        ]),
    ...(talk === null ? [] : [said(`The chain of what people wrote in the channel is ${talk}.`)]),
  ];
}

function reach(told: Told): Statement[] {
  const shots = shotsIn(told);
  const [first] = shots;
  if (first === undefined) return [said('Nobody received anything: no order was fired.')];
  const open = shots.filter(({ totals }) => totals === null);
  const markets = (of: readonly Shot[]) => [
    ...new Set(of.flatMap((shot) => shot.segments.map(({ segment }) => marketIn(shot, segment)))),
  ];
  const done = shots.filter(({ totals }) => totals !== null);
  const proof = shots.flatMap(({ id }) => outcomeProof(told, id));
  const left = told.timeline.notReached;
  const texts = textsText(told);
  return [
    ...(done.length === 0
      ? []
      : [{ text: `${reachedText(done)}, in ${listed(markets(done))}.${otherwise(told, shots)}`, proof }]),
    ...(open.length === 0
      ? []
      : [{ text: `Not counted yet: ${listed(open.map(({ id }) => id))}, in ${listed(markets(open))}.`, proof }]),
    ...(texts === null || texts === 'nothing'
      ? []
      : [
          {
            text: `Texts${open.length === 0 ? '' : ', with what is not counted yet'}: ${texts}.`,
            proof: shots.map(({ approvedSeq }) => `e${approvedSeq}`),
          },
        ]),
    ...(told.timeline.neverFired === ''
      ? []
      : [
          said(
            `${told.timeline.neverFired}.`,
            told.entries.findLast(({ kind }) => kind === 'AudienceSet'),
          ),
        ]),
    ...(left === '' || told.last.closed ? [] : [{ text: `Not reached so far: ${left}.`, proof }]),
  ];
}

/** `Accepted for 985 of 1,000 devices (98.5%)`: each once, however many attempts it took. */
function reachedText(shots: readonly Shot[]): string {
  const counted = shots.flatMap((shot) => shot.totals ?? []);
  const { accepted } = sumTotals(counted);
  const all = devicesIn(counted.filter(({ attempt }) => attempt === 1));
  if (all === 0) return `Accepted for ${devicesText(accepted)}`;
  return `Accepted for ${number(accepted)} of ${devicesText(all)} (${percent(accepted, all)})`;
}

/** What became of the others in the end, by all attempts together; '' while one of them is not counted. */
function otherwise(told: Told, shots: readonly Shot[]): string {
  if (shots.some(({ totals }) => totals === null)) return '';
  const counted = shots.flatMap((shot) => shot.totals ?? []);
  const sum = sumTotals(counted);
  const bad = badTokenCount(sum.reasons);
  const within = [...new Set(counted.map(({ segment }) => segment))].reduce(
    (devices, segment) => devices + remainingDevices(told.last, segment),
    0,
  );
  const all = devicesIn(counted.filter(({ attempt }) => attempt === 1));
  const other = all - sum.accepted - bad - sum.uncertain - within;
  const parts = [
    ...(bad === 0 ? [] : [`${number(bad)} had tokens that are refused for good`]),
    ...(sum.uncertain === 0 ? [] : [`${number(sum.uncertain)} may or may not have got it`]),
    ...(within === 0 ? [] : [`${number(within)} were within reach of a further order`]),
    ...(other <= 0 ? [] : [`${number(other)} got nothing for other reasons`]),
  ];
  return parts.length === 0 ? '' : ` Of the others ${listed(parts)}.`;
}

/** Who pressed, what was stopped and where, and what ended it. */
function haltOf(told: Told, halted: Halted): Statement[] {
  const { halt, again } = halted;
  const stopped = stoppedBy(told, halted);
  return [
    {
      text: `${pressedBy(told, halt)}. ${effectOf(stopped)}`,
      proof: [`e${halt.seq}`, ...stopped.flatMap(({ id }) => outcomeProof(told, id))],
    },
    ...again.map((one) =>
      said(
        `${pressedBy(told, one)}, ${took(Math.abs(one.pressedAtMs - halt.pressedAtMs))} later, when all was halted already.`,
        one,
      ),
    ),
    resolved(told, halted),
    ...sentLater(told, stopped),
  ];
}

function pressedBy({ names }: Told, { epoch, by, reason }: EntryOf<'HaltSet'>): string {
  const who = 'person' in by ? actorName(by, names) : `the system (${by.system})`;
  return `HALT ${epoch}, by ${who}${reason === '' ? '' : ` (“${reason}”)`}`;
}

/** `It stopped 180 devices of S54 (100 in us, 80 in br); 805 had been accepted.` */
function effectOf(stopped: readonly Shot[]): string {
  if (stopped.length === 0) return 'Nothing was being sent then.';
  const ids = listed(stopped.map(({ id }) => id));
  if (stopped.some(({ totals }) => totals === null)) return `What it stopped of ${ids} is not counted yet.`;
  const cut = stopped.flatMap((shot) => (shot.totals ?? []).map((one) => ({ shot, one })));
  const { halted, accepted } = sumTotals(cut.map(({ one }) => one));
  if (halted === 0) return `Nothing of ${ids} was left to stop; ${number(accepted)} had been accepted.`;
  const byMarket = [...Map.groupBy(cut, ({ shot, one }) => marketIn(shot, one.segment))].map(
    ([market, ones]) => [market, sumTotals(ones.map(({ one }) => one)).halted] as const,
  );
  const parts = byMarket.flatMap(([market, count]) => (count === 0 ? [] : [`${number(count)} in ${market}`]));
  return `It stopped ${devicesText(halted)} of ${ids} (${parts.join(', ')}); ${number(accepted)} had been accepted.`;
}

function resolved(told: Told, { halt, again, lift }: Halted): Statement {
  const which = `HALT ${listed([halt, ...again].map(({ epoch }) => String(epoch)))} ${again.length === 0 ? 'was' : 'were'}`;
  if (lift === null) return said(`${which} not lifted.`);
  const asked = askOf(told, lift);
  return said(
    `${which} lifted after ${took(lift.atMs - halt.atMs)}${lift.kind === 'FireApproved' ? `, by the GO of ${lift.shotId}` : ''}: asked for by ${asked === undefined ? '?' : actorName(asked.by, told.names)}, approved by ${actorName(lift.by, told.names)}.`,
    asked,
    lift,
  );
}

const askOf = ({ entries }: Told, lift: EntryOf<'HaltLifted'> | EntryOf<'FireApproved'>): Entry | undefined =>
  entries.find((entry) =>
    lift.kind === 'HaltLifted'
      ? entry.kind === 'LiftRequested' && entry.liftId === lift.liftId
      : entry.kind === 'FireRequested' && entry.orderId === lift.orderId,
  );

/** What a halt had cut off and a further attempt then sent; not what that attempt sent anew because a provider had refused it. */
function sentLater(told: Told, stopped: readonly Shot[]): Statement[] {
  return stopped.flatMap((shot) =>
    shotsIn(told).flatMap((later) => {
      const again = later.segments.filter(({ segment, attempt }) =>
        (shot.totals ?? []).some(
          (one) => one.segment === segment && one.attempt === attempt - 1 && one.totals.halted > 0,
        ),
      );
      if (again.length === 0) return [];
      const names = again.map(({ segment }) => segment);
      const cutOff = segmentList(names.map((segment) => ({ segment, attempt: 1 })));
      const totals = (later.totals ?? []).filter(({ segment }) => names.includes(segment));
      return [
        {
          text: `What it had cut off went out in ${later.id} (${cutOff}): ${totals.length === 0 ? 'not counted yet' : describeTotals(sumTotals(totals))}.`,
          proof: outcomeProof(told, later.id),
        },
      ];
    }),
  );
}

function ending({ entries, names }: Told): Statement[] {
  const closed = entries.findLast((entry): entry is EntryOf<'LaunchClosed'> => entry.kind === 'LaunchClosed');
  if (closed === undefined) return [];
  const reason = closed.reason === '' ? '' : ` (“${closed.reason}”)`;
  return [said(`The launch was closed by ${actorName(closed.by, names)}${reason}.`, closed)];
}

const STATES: readonly DeviceState[] = DEVICE_STATES;

/** Every device of every shot once, by market and what became of it. */
function impactTable(told: Told, shots: readonly Shot[]) {
  return {
    kind: 'table' as const,
    head: ['shot', 'market', 'devices', ...STATES],
    figures: STATES.length + 1,
    rows: shots.flatMap((shot) => {
      const byMarket = Map.groupBy(shot.totals ?? [], ({ segment }) => marketIn(shot, segment));
      const inOrder = [...byMarket].toSorted(([a], [b]) => a.localeCompare(b));
      return inOrder.map(([market, ones]) => ({
        cells: [shot.id, market, number(devicesIn(ones)), ...STATES.map((state) => number(sumTotals(ones)[state]))],
        proof: outcomeProof(told, shot.id),
      }));
    }),
  };
}

const devicesIn = (ones: readonly SegmentTotals[]): number => ones.reduce((sum, { devices }) => sum + devices, 0);

export function marketIn({ audience }: Pick<Shot, 'audience'>, segment: string): string {
  const ref = audience.segments.find(({ id }) => id === segment);
  return ref === undefined ? segment : marketOf(ref);
}
