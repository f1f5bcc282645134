import { expect, test } from 'vitest';
import { LAUNCH_ID, Scene } from '../../test/properties/scene.ts';
import type { Desk } from '../desk.ts';
import { helpMessage } from '../views/help.ts';
import { parseTyped } from './arguments.ts';
import { runGo, SUBCOMMANDS } from './go.ts';
import { mattersNow } from './matters-now.ts';
import type { Ask } from './subcommand.ts';

test('what matters is told by how the launch stands, and every word of it is a command', () => {
  const scene = Scene.ready();
  const told = [mattersNow(null, 0), mattersNow(Scene.created().state, 0), mattersNow(scene.state, scene.nowMs)];
  scene.asked('all');
  told.push(mattersNow(scene.state, scene.nowMs));
  const shot = Scene.ready();
  const fired = shot.fired(['us-ios']);
  told.push(mattersNow(shot.state, 0));
  const over = { ...fired, closed: { cause: 'complete' as const, atMs: 1 } };
  told.push(mattersNow({ ...shot.state, shots: { [fired.id]: over } }, 0));
  const off = Scene.ready();
  off.does({ kind: 'stand-down', by: 'ana', reason: '' });
  told.push(mattersNow(off.state, 0), mattersNow({ ...off.state, closed: true }, 0));
  told.push(mattersNow({ ...scene.state, orders: {}, halt: { ...scene.state.halt, active: true } }, 0));
  const halted = Scene.ready();
  halted.halt('ben');
  halted.does({ kind: 'request-lift', by: 'ana', reason: '' });
  told.push(mattersNow(halted.state, halted.nowMs));
  // Once the request has run out, a lift is asked for anew.
  expect(mattersNow(halted.state, halted.nowMs + 3_600_000).names).toContain('resume');
  expect(told.map(({ when }) => when)).toEqual([
    'this channel has no launch',
    'there is no audience yet',
    'before GO',
    'an order waits for its GO',
    'pushes are going out',
    'a shot is over',
    'the launch was called off',
    'the launch is closed',
    'all sending is halted',
    'all sending is halted, and a lift waits for its second person',
  ]);
  const known = SUBCOMMANDS.map(({ name }) => name);
  for (const { names } of told) expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test('help is short unless all of it is asked for', () => {
  const lines = (now: ReturnType<typeof mattersNow> | null) =>
    JSON.stringify(helpMessage(SUBCOMMANDS, null, LAUNCH_ID, {}, now).blocks).match(/`\/go [^`]*`  /g)?.length ?? 0;
  expect(lines(null)).toBe(SUBCOMMANDS.length);
  expect(lines(mattersNow(Scene.ready().state, 0))).toBe(7);
});

test('a bot that has not read the record of this channel yet says nothing of how its launch stands', async () => {
  const help = async (room: { launchId: string; name: string } | null) => {
    const desk = { rooms: { launchOf: async () => room }, journal: { peek: () => null } } as unknown as Desk;
    return JSON.stringify(await runGo({ desk, typed: parseTyped('help'), channelId: 'C0', atMs: 1 } as unknown as Ask));
  };
  expect(await help(null)).toContain('Now: this channel has no launch');
  const unread = await help({ launchId: LAUNCH_ID, name: 'Super Bowl' });
  expect(unread).toContain('/go postmortem');
  expect(unread).not.toContain('Now: ');
});
