import { expect, test } from 'vitest';
import { byLayer } from './layers.ts';

const node = (id: number, functionName: string, url: string, ...children: number[]) => ({
  id,
  callFrame: { functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 },
  children,
});

test('native time counts for the layer that called it; idle time counts for none', () => {
  const connection = 'file:///x/workers/lanes/h2/connection.ts';
  const layers = byLayer({
    startTime: 0,
    endTime: 0,
    nodes: [
      node(1, '(root)', '', 2, 3, 4, 9),
      node(2, '(idle)', ''),
      node(3, '(garbage collector)', ''),
      node(4, 'fill', connection, 5, 6, 8),
      node(5, '#compose', connection, 7),
      node(6, '#write', connection, 10),
      node(7, 'copy', ''),
      node(8, 'take', 'file:///x/workers/lanes/wire-lane.ts'),
      node(9, '(program)', ''),
      node(10, 'write', 'node:internal/streams/writable', 11),
      node(11, 'writeBuffer', ''),
    ],
    samples: [2, 3, 7, 8, 9, 10, 11],
    timeDeltas: [50_000, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000],
  });
  expect(layers).toMatchObject({
    gc: 1,
    compose: 2,
    'settle and account': 3,
    'socket read and event loop': 4,
    'socket write': 11,
    parse: 0,
    other: 0,
  });
});
