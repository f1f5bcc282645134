import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { rehearsesOf } from '../../../runbooks/launch/rehearsal-launch.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import type { HaltPress } from '../conductor-port.ts';
import type { Context } from '../context.ts';
import { haltWithDay } from './day-halt-watch.ts';

/** The day's launch, a rehearsal of it, and what the rehearsal's watch has halted. `recorded`: its entry has landed. */
function stage() {
  const day = Scene.ready(sampleRunbook());
  const rehearsal: Launch = {
    ...Scene.ready(sampleRunbook()).state,
    id: 'rehearsal-1',
    rehearses: rehearsesOf(day.state, { first: 10 }),
  };
  const facts = new Map<string, string>();
  const presses: [string, HaltPress][] = [];
  const stage = {
    day,
    rehearsal,
    presses,
    recorded: async () => ({ ok: true }),
    asked: [] as string[],
    item: { halted: false, haltEpoch: 0 },
    isReadable: true,
    nowMs: 7_000,
  };
  const context = {
    nowMs: () => stage.nowMs,
    log: pino({ level: 'silent' }),
    journal: {
      peek: () => day.state,
      launch: async (launchId: string) => {
        stage.asked.push(launchId);
        if (!stage.isReadable) throw new Error('RECORD_BROKEN');
        return day.state;
      },
    },
    cloud: {
      switches: { read: async () => stage.item },
      facts: {
        get: async (launchId: string, name: string) => facts.get(`${launchId} ${name}`) ?? null,
        put: async (launchId: string, name: string, value: string) => void facts.set(`${launchId} ${name}`, value),
      },
    },
  } as unknown as Context;
  const halting = {
    press: async (launchId: string, press: HaltPress) => {
      presses.push([launchId, press]);
      return { epoch: 1, recorded: stage.recorded() as never };
    },
  };
  return Object.assign(stage, { look: (launch = rehearsal) => haltWithDay(context, halting, launch) });
}

const halt = (epoch: number) =>
  ({ kind: 'set-halt', by: 'mia', source: 'slack', epoch, reason: 'wrong copy', pressedAtMs: 5_000 }) as const;

test('a halt of the day halts its rehearsal, once: whoever lifts it there may go on', async () => {
  const { day, presses, look } = stage();
  await look();
  expect(presses).toEqual([]);
  day.does(halt(1));
  await look();
  await look();
  expect(presses).toEqual([
    [
      'rehearsal-1',
      { by: null, source: 'conductor', reason: 'Super Bowl was halted, and this rehearses it', pressedAtMs: 7_000 },
    ],
  ]);
});

test('so does calling it off', async () => {
  const { day, presses, look } = stage();
  day.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  await look();
  expect(presses[0]?.[1].reason).toBe('Super Bowl was called off, and this rehearses it');
});

test('one whose entry did not land is pressed again', async () => {
  const made = stage();
  made.day.does(halt(1));
  made.recorded = () => Promise.reject(new Error('stopping'));
  await expect(made.look()).rejects.toThrow('stopping');
  made.recorded = async () => ({ ok: true });
  await made.look();
  expect(made.presses).toHaveLength(2);
});

test('a rehearsal that was halted after the day is left as it is, also after its own halt is lifted', async () => {
  const { day, presses, rehearsal, look } = stage();
  day.does(halt(1));
  await look({ ...rehearsal, halt: { ...rehearsal.halt, active: true, atMs: day.state.halt.atMs } });
  await look();
  expect(presses).toEqual([]);
});

test('one that was halted before for a reason of its own is halted with the day once that is lifted', async () => {
  const { day, presses, rehearsal, look } = stage();
  day.does(halt(1));
  const { atMs } = day.state.halt;
  await look({ ...rehearsal, halt: { ...rehearsal.halt, active: true, atMs: atMs - 1 } });
  expect(presses).toEqual([]);
  await look();
  expect(presses).toHaveLength(1);
  await look({ ...rehearsal, halt: { ...rehearsal.halt, active: true, atMs: atMs + 1 } });
  await look();
  expect(presses).toHaveLength(1);
});

test('a launch that rehearses nothing looks at no other', async () => {
  const { asked, rehearsal, look } = stage();
  await look({ ...rehearsal, rehearses: null });
  expect(asked).toEqual([]);
});

test('a halt that stands in the switch item of the day reaches it before its entry has landed, and once', async () => {
  const made = stage();
  made.item = { halted: true, haltEpoch: 1 };
  await made.look();
  expect(made.presses.map(([launchId]) => launchId)).toEqual(['rehearsal-1']);
  made.day.does(halt(1));
  await made.look();
  expect(made.presses).toHaveLength(1);
});

test('and while nobody can read the record of the day; without a halt that is said', async () => {
  const made = stage();
  made.isReadable = false;
  await expect(made.look()).rejects.toThrow('RECORD_BROKEN');
  made.item = { halted: true, haltEpoch: 4 };
  await made.look({ ...made.rehearsal, halt: { ...made.rehearsal.halt, active: true } });
  expect(made.presses).toEqual([]);
  await made.look();
  await made.look();
  expect(made.presses[0]?.[1].reason).toBe('Super Bowl was halted, and this rehearses it');
  expect(made.presses).toHaveLength(1);
});

test('an item that is behind a lift halts nothing', async () => {
  const made = stage();
  const { day } = made;
  day.does(halt(1));
  day.does({ kind: 'request-lift', by: 'ana', reason: '' });
  day.does({ kind: 'approve-lift', by: 'mia', liftId: Object.keys(day.state.lifts)[0] ?? '' });
  made.item = { halted: true, haltEpoch: 1 };
  await made.look();
  expect(made.presses).toEqual([]);
});

test('one that the day has no note of a minute later is halted, once', async () => {
  const made = stage();
  const { day, rehearsal, presses } = made;
  made.nowMs = rehearsal.createdAtMs + 60_000;
  await made.look();
  expect(presses).toEqual([]);
  made.nowMs += 1;
  await made.look();
  await made.look();
  expect(presses.map(([, { reason }]) => reason)).toEqual([
    'Super Bowl has no note of this rehearsal: a bot ended while it was begun. Close it with /go close, and begin another',
  ]);
  const noted = stage();
  noted.nowMs = made.nowMs;
  noted.day.does({ kind: 'begin-rehearsal', by: 'ana', sentIn: rehearsal.id, what: 'silent' });
  await noted.look();
  expect([noted.presses, day.state.rehearsals]).toEqual([[], {}]);
});
