import type { Entry, GateStatus } from '../launch/entries.ts';
import { number } from './describe.ts';
import type { Lane } from './lanes.ts';
import { segmentList } from './segment-words.ts';

/** How a span looks: under way, as it should be, worth a look, bad. */
type Tone = 'busy' | 'good' | 'warn' | 'bad';

/** What lasted: a fleet on its way, a red gate, an order that waits, a shot, a halt. Plain text. */
export interface Span {
  lane: Lane;
  /** Spans of one track follow each other. */ track: string;
  label: string;
  tone: Tone;
  fromMs: number;
  /** Null: it lasts still. */ toMs: number | null;
  /** The entry that began it. */ seq: number;
}

/** What lasted in a launch, in order of its beginnings. `voided`: when orders became void, by id; no entry of their own says it. */
export function spansOf(entries: readonly Entry[], voided: ReadonlyMap<string, number>): Span[] {
  const spans = new Spans();
  for (const entry of entries) follow(spans, entry);
  for (const [orderId, atMs] of voided) spans.end(orderId, atMs);
  return spans.all;
}

class Spans {
  readonly all: Span[] = [];
  readonly #open = new Map<string, Span>();

  /** Ends what the track had before. */
  begin(entry: Entry, span: Pick<Span, 'lane' | 'track' | 'label' | 'tone'> & { fromMs?: number }): void {
    this.end(span.track, entry.atMs);
    const begun: Span = { fromMs: entry.atMs, ...span, toMs: null, seq: entry.seq };
    this.#open.set(span.track, begun);
    this.all.push(begun);
  }

  end(track: string, atMs: number): void {
    const open = this.#open.get(track);
    if (open === undefined) return;
    open.toMs = Math.max(open.fromMs, atMs);
    this.#open.delete(track);
  }

  /** Nobody looks at it any more. */
  endLane(lane: Lane, atMs: number): void {
    for (const [track, open] of this.#open) if (open.lane === lane) this.end(track, atMs);
  }

  /** True: it lasts already, and is called so as well. */
  goesOn(track: string, more: string): boolean {
    const open = this.#open.get(track);
    if (open !== undefined) open.label += more;
    return open !== undefined;
  }

  /** One that is under way turns out well or badly, and goes on. */
  turn(track: string, tone: Tone): void {
    const open = this.#open.get(track);
    if (open !== undefined) open.tone = tone;
  }
}

const GATE_TONE: Record<GateStatus, Tone> = { green: 'good', red: 'bad', unknown: 'warn', waived: 'warn' };

function follow(spans: Spans, entry: Entry): void {
  switch (entry.kind) {
    case 'GateChanged':
    case 'GateTicked': {
      const [gate, status] =
        entry.kind === 'GateChanged'
          ? [entry.measured.gate, entry.measured.status]
          : [entry.gate, entry.green ? ('green' as const) : ('red' as const)];
      spans.begin(entry, { lane: 'gates', track: `gate ${gate}`, label: `${gate} ${status}`, tone: GATE_TONE[status] });
      return;
    }
    case 'ScaleOrdered':
    case 'ScaleReached':
    case 'ScaleChanged':
    case 'ScaleLate':
      return followFleet(spans, entry);
    case 'StepStarted':
      return spans.begin(entry, { lane: 'plan', track: `step ${entry.step}`, label: entry.step, tone: 'busy' });
    case 'StepDone':
    case 'StepSkipped':
      return spans.end(`step ${entry.step}`, entry.atMs);
    case 'RehearsalBegun':
      return spans.begin(entry, {
        lane: 'plan',
        track: entry.rehearsalId,
        label: `rehearsal ${entry.rehearsalId}`,
        tone: 'busy',
      });
    case 'RehearsalEnded':
      return spans.end(entry.rehearsalId, entry.atMs);
    case 'SwitchSet': {
      const track = `switch ${entry.switch}`;
      if (entry.value === false || entry.value === 0) return spans.end(track, entry.atMs);
      const label = entry.value === true ? entry.switch : `${entry.switch} ${String(entry.value)}`;
      return spans.begin(entry, { lane: 'switches', track, label, tone: 'warn' });
    }
    case 'HaltSet':
      // Pressed by a second person while all is halted already.
      if (spans.goesOn('halt', `, ${entry.epoch}`)) return;
      return spans.begin(entry, {
        lane: 'incidents',
        track: 'halt',
        label: `halt ${entry.epoch}`,
        tone: 'bad',
        fromMs: entry.pressedAtMs,
      });
    case 'HaltLifted':
      return spans.end('halt', entry.atMs);
    case 'LaunchClosed':
      return spans.endLane('gates', entry.atMs);
    default:
      followFire(spans, entry);
  }
}

type OfFleet = Extract<Entry, { kind: 'ScaleOrdered' | 'ScaleReached' | 'ScaleChanged' | 'ScaleLate' }>;

function followFleet(spans: Spans, entry: OfFleet): void {
  const track = `fleet ${entry.target}`;
  if (entry.kind === 'ScaleLate') return spans.turn(track, 'bad');
  if (entry.kind === 'ScaleReached') {
    const stands = entry.stands ?? entry.desired;
    if (stands === 0) return spans.end(track, entry.atMs);
    return spans.begin(entry, {
      lane: 'fleets',
      track,
      label: `${entry.target} at ${number(stands)}`,
      tone: 'good',
    });
  }
  const label = `${entry.target} to ${number(entry.desired)}`;
  spans.begin(entry, { lane: 'fleets', track, label, tone: entry.kind === 'ScaleChanged' ? 'bad' : 'busy' });
}

function followFire(spans: Spans, entry: Entry): void {
  switch (entry.kind) {
    case 'FireRequested':
      return spans.begin(entry, {
        lane: 'shots',
        track: entry.orderId,
        label: `${entry.orderId} waits for GO`,
        tone: 'busy',
      });
    case 'FireArmed':
      return spans.begin(entry, { lane: 'shots', track: entry.orderId, label: `${entry.orderId} armed`, tone: 'good' });
    case 'FireHeld':
      return spans.turn(entry.orderId, 'warn');
    case 'FireDeclined':
    case 'FireExpired':
      return spans.end(entry.orderId, entry.atMs);
    case 'FireApproved':
      spans.end(entry.orderId, entry.pressedAtMs);
      if (entry.lifts !== null) spans.end('halt', entry.atMs);
      return spans.begin(entry, {
        lane: 'shots',
        track: entry.shotId,
        label: `${entry.shotId} ${segmentList(entry.shown.segments)}`,
        tone: 'good',
        fromMs: entry.pressedAtMs,
      });
    case 'ShotClosed':
      if (entry.cause === 'halt') spans.turn(entry.shotId, 'bad');
      return spans.end(entry.shotId, entry.atMs);
    default:
  }
}
