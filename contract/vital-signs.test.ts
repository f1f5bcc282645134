import { expect, test } from 'vitest';
import { reportOf } from '../bot/conductor/for-tests.ts';
import { sampleRunbook, Scene } from '../test/properties/scene.ts';
import { poolSigns, workerSigns } from './vital-signs.ts';

const NOW = Date.UTC(2027, 1, 14, 23, 30);

function raised(desired: number, state: 'moving' | 'reached' = 'reached') {
  const { state: launch } = Scene.ready(
    sampleRunbook({
      pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 3 },
      scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'c', service: 's' }],
    }),
  );
  const order = { desired, lowers: false, orderedAtMs: 0, step: null, state, seq: 1, setAgain: 0, told: null };
  return { ...launch, scale: { workers: order } };
}
const alive = (launch: ReturnType<typeof raised>, count: number, more = {}) =>
  Array.from({ length: count }, (_, i) => reportOf(launch, `boot-${i}`, NOW, more));
const missing = (launch: ReturnType<typeof raised>, count: number) =>
  poolSigns(launch, alive(launch, count), NOW).WorkersMissing;

test('missing are those that were ordered, had come and are silent, at most as many as are planned', () => {
  expect([missing(raised(3), 1), missing(raised(3), 3), missing(raised(10), 3), missing(raised(2), 0)]).toEqual([
    2, 0, 0, 2,
  ]);
});

test('nobody is missing who has not come yet, who was lowered, or whose launch is over', () => {
  const lowered = {
    ...raised(0),
    scaleFound: { workers: { desired: 0, min: null, max: null, targets: [], indexes: {} } },
  };
  lowered.scale.workers.lowers = true;
  expect([missing(raised(3, 'moving'), 0), missing(lowered, 0), missing({ ...raised(3), closed: true }, 0)]).toEqual([
    0, 0, 0,
  ]);
});

test('a halt is unconfirmed by each worker that has not read the switch since, once two seconds are over', () => {
  const launch = { ...raised(3), halt: { active: true, epoch: 1, by: null, reason: '', atMs: NOW - 2_001 } };
  const signs = (readAgoMs: number | null, halt = launch.halt) =>
    poolSigns({ ...launch, halt }, alive(launch, 2, { switchReadAgoMs: readAgoMs }), NOW).HaltUnconfirmed;
  expect([signs(100), signs(2_001), signs(2_002), signs(null)]).toEqual([0, 0, 2, 2]);
  expect(signs(null, { ...launch.halt, atMs: NOW - 2_000 })).toBe(0);
  expect(signs(null, { ...launch.halt, active: false })).toBe(0);
});

test("of a worker: what is open, providers that take nothing, connections given up, the switch's age", () => {
  const launch = raised(1);
  const [report] = alive(launch, 1, { switchReadAgoMs: 12 });
  if (report === undefined) throw new Error('no report');
  const weather = { state: 'stopped', reason: 'x', forMs: 1, refused: 1, waiting: 1, againInMs: 1 } as const;
  const [ios, android] = report.lanes;
  if (ios === undefined || android === undefined) throw new Error('no lanes');
  const lanes = [
    { ...ios, inFlight: 3, weather, sick: { connections: 2, reason: 'x' } },
    { ...android, inFlight: 4, weather: { ...weather, state: 'slow' as const } },
  ];
  expect(workerSigns({ ...report, lanes })).toEqual({
    InFlight: 7,
    ProviderStopped: 1,
    SickConnections: 2,
    SwitchAge: 12,
  });
  expect(workerSigns({ ...report, switchReadAgoMs: null })).not.toHaveProperty('SwitchAge');
});
