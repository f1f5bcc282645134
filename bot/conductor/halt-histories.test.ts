import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { Scene } from '../../test/properties/scene.ts';
import type { Acted, Context } from './context.ts';
import { performCloud } from './effects/perform.ts';
import { Halting, HaltWatch } from './halt.ts';

/** Presses, lifts, lost items and late effects in any order: when all is done workers read what the record says, and two people can lift a halt. */

const MOVES = [
  'press',
  'press-blind',
  'ask',
  'lift',
  'switch',
  'effect',
  'late-switches',
  'look',
  'lose',
  'old',
  'wait',
] as const;

class World {
  readonly scene = Scene.ready();
  item: SwitchItem | null = null;
  /** What a backup has. */ old: SwitchItem | null = null;
  readonly marks = new Map<string, string>();
  /** What a process has of the record that has not read it since. */ known: Launch | null = null;
  stale: Launch = this.scene.state;
  readonly context: Context;
  readonly watch: HaltWatch;

  constructor() {
    const write = (change: Partial<SwitchItem>): SwitchItem => {
      const blank = {
        launchId: this.scene.state.id,
        halted: false,
        haltEpoch: 0,
        seq: 0,
        custom: {},
        zombie: false,
        head: null,
      };
      this.item = { ...blank, pace: { ios: 0, android: 0 }, ...this.item, ...change };
      return this.item;
    };
    const halt = () => write({ halted: true, haltEpoch: (this.item?.haltEpoch ?? 0) + 1 });
    const switches = {
      read: async () => this.item,
      halt: async () => halt(),
      haltExisting: async () => (this.item === null ? null : halt()),
      catchUp: async (_: string, { epoch, active }: { epoch: number; active: boolean }) =>
        (this.item?.haltEpoch ?? 0) < epoch && write({ halted: active, haltEpoch: epoch }) !== null,
      lift: async (_: string, epoch: number) => this.item?.haltEpoch === epoch && write({ halted: false }) !== null,
      apply: async (_: string, seq: number) => (this.item?.seq ?? 0) < seq && write({ seq }) !== null,
      resetEpoch: async (_: string, wrong: number, epoch: number) =>
        this.item?.haltEpoch === wrong && write({ halted: true, haltEpoch: epoch }) !== null,
    };
    const none = async () => null;
    this.context = {
      cloud: {
        switches,
        live: { effectResult: async (_: string, id: string) => this.marks.get(id) ?? null },
        facts: { get: none, put: none },
        parameters: { get: none },
      },
      journal: {
        launch: async () => this.scene.state,
        peek: () => this.known,
        entries: async () => this.scene.entries,
      },
      log: pino({ level: 'silent' }),
      timings: { foundHaltMs: 2_000 },
      nowMs: () => this.scene.nowMs,
      execute: async (_: string, command: Command) => this.execute(command),
    } as unknown as Context;
    this.watch = new HaltWatch(this.context, new Halting(this.context));
  }

  execute(command: Command): Acted {
    const decision = this.scene.decide(command);
    if (!decision.ok) return { ok: false, code: decision.code, say: decision.say };
    return { ok: true, entry: this.scene.does(command), launch: this.scene.state };
  }

  get open() {
    const { entries, state } = this.scene;
    const here = ({ kind }: { kind: string }) => kind === 'lift-halt' || kind === 'write-switches';
    return entries.flatMap((entry) => effectsOf(entry, state).filter((one) => here(one) && !this.marks.has(one.id)));
  }

  async effect(): Promise<boolean> {
    const [first] = this.open;
    if (first !== undefined) this.marks.set(first.id, await performCloud(this.context, first, this.scene.state));
    return first !== undefined;
  }

  async does(move: (typeof MOVES)[number]): Promise<void> {
    const { scene } = this;
    scene.nowMs += 700;
    const { halt, lifts, id } = scene.state;
    const press = { by: 'ben', source: 'slack', reason: '', pressedAtMs: scene.nowMs } as const;
    if (move === 'press' || move === 'press-blind') {
      this.known = move === 'press' ? scene.state : null;
      const { epoch, recorded } = await new Halting(this.context).press(id, press);
      expect(this.item).toMatchObject({ halted: true, haltEpoch: epoch });
      // Its record may be one that another process has had long since.
      await recorded;
    } else if (move === 'ask') this.execute({ kind: 'request-lift', by: 'ana', reason: '' });
    else if (move === 'lift')
      this.execute({ kind: 'approve-lift', by: 'mia', liftId: Object.keys(lifts).at(-1) ?? '' });
    else if (move === 'switch')
      this.execute({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 100 + scene.state.seq, reason: '' });
    else if (move === 'effect') await this.effect();
    else if (move === 'late-switches') {
      // By a process that has read the record before.
      const [found] = effectsOf(
        scene.entries[0] ?? scene.does({ kind: 'note', by: null, text: '-' }),
        this.stale,
      ).filter(({ kind }) => kind === 'write-switches');
      if (found !== undefined) await performCloud(this.context, found, this.stale);
      this.stale = scene.state;
    } else if (move === 'look') await this.watch.look(id);
    else if (move === 'lose') this.item = null;
    else if (move === 'old') [this.item, this.old] = [this.old, this.item];
    else scene.nowMs += 60_000;
    // Nobody has pressed or lifted anything here but by these moves.
    expect(halt.epoch).toBeLessThanOrEqual(scene.state.halt.epoch);
  }

  /** The leader goes on, and nobody presses anything. */
  async settles(): Promise<void> {
    for (let second = 0; second < 30; second += 1) {
      while (await this.effect());
      this.scene.nowMs += 1_000;
      this.known = this.scene.state;
      await this.watch.look(this.scene.state.id);
    }
  }
}

test('whatever happens in whatever order, the item says what the record says in the end, and a halt can be lifted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...MOVES), { minLength: 1, maxLength: 24 }), async (moves) => {
      const world = new World();
      for (const move of moves) await world.does(move);
      await world.settles();
      expect(world.item?.halted).toBe(world.scene.state.halt.active);
      // Found, or pressed: it ends by two people, and nothing else is needed.
      for (const move of ['press', 'ask', 'lift'] as const) await world.does(move);
      await world.settles();
      expect([world.scene.state.halt.active, world.item?.halted]).toEqual([false, false]);
    }),
    {
      numRuns: Number(process.env['HALT_RUNS'] ?? 150),
      examples: [
        // A backup that has the halt before the last lift.
        [['press', 'old', 'press', 'effect', 'ask', 'lift', 'old']],
        [['press', 'ask', 'lift', 'effect', 'old', 'press-blind', 'late-switches']],
      ],
    },
  );
});
