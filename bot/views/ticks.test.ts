import { expect, test } from 'vitest';
import { gateLines } from '../../runbooks/launch/gates.ts';
import { audience, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { entryMessage } from './entry-message.ts';
import { readinessMessage } from './readiness.ts';

test('a change of text or audience says which gates are to be ticked for it, and which stay ticked', () => {
  const scene = Scene.created(
    sampleRunbook({
      gates: [
        { id: 'copy', title: 'The copy was read', holds_for: 'content' },
        { id: 'lists', title: 'The lists were checked', holds_for: 'audience' },
        { id: 'both', title: 'Somebody looked' },
      ],
    }),
  );
  const said = (): string => {
    const entry = scene.entries.at(-1);
    return entry === undefined ? '' : JSON.stringify(entryMessage(scene.state, entry)?.blocks);
  };
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  expect(said()).toContain('To be ticked for it: “The lists were checked”, “Somebody looked”.');
  for (const gate of ['copy', 'lists', 'both'])
    scene.does({ kind: 'tick-gate', by: 'mia', gate, green: true, note: '' });
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, deep_link: 'lingo://x' } });
  expect(said()).toContain(
    'Open orders and test copies of the old text are void. To be ticked for it: “The copy was read”, “Somebody looked”. Still ticked: “The lists were checked”.',
  );
});

test("readiness says of a tick whose it is, that it is not its owner's, and what it holds for", () => {
  const scene = Scene.created(
    sampleRunbook({ gates: [{ id: 'copy', title: 'The copy was read', owner: 'mia', holds_for: 'content' }] }),
  );
  scene.does({ kind: 'tick-gate', by: 'ben', gate: 'copy', green: true, note: 'on two phones' });
  const shown = readinessMessage(scene.state, gateLines(scene.state, [], scene.nowMs, 'all'), scene.nowMs);
  expect(JSON.stringify(shown.blocks)).toContain(
    'The copy was read · ticked by Ben Okafor, who is not its owner Mia Chen, at 22:30:00 UTC: on two phones; holds for this text',
  );
});

test('an open gate says what is measured, what is wanted, for how long, and what to do; what nothing gets past comes first', () => {
  const scene = Scene.created(
    sampleRunbook({
      gates: [
        { id: 'copy', title: 'The copy was read' },
        { id: 'halt', title: 'The halt switch is read', probe: { kind: 'switch-reach', within: '800ms' } },
        { id: 'ready', title: 'Workers are ready', probe: { kind: 'workers-ready', at_least: 40 } },
        { id: 'keys', title: 'Credentials are fresh', probe: { kind: 'credentials' }, help: 'Look at the secret.' },
        { id: 'queue', title: 'The queue is empty', probe: { kind: 'queue-empty', queue: 'batches' } },
      ],
    }),
  );
  const at = (gate: string, status: 'green' | 'red' | 'unknown', say: string) =>
    ({ gate, status, value: null, say, atMs: scene.nowMs }) as const;
  const measured = [
    at('halt', 'unknown', 'no worker is ready'),
    at('ready', 'red', '12 of 40 ready'),
    at('keys', 'red', 'stale on 2 of 12 workers'),
    at('queue', 'green', 'empty'),
  ];
  for (const one of measured.slice(1)) scene.does({ kind: 'report-gate', measured: one });
  const laterMs = scene.nowMs + 720_000;
  const now = measured.map((one) => ({ ...one, atMs: laterMs }));
  const { blocks } = readinessMessage(scene.state, gateLines(scene.state, now, laterMs, 'all'), laterMs);
  const said = blocks.map((block) => JSON.stringify(block));
  expect(said[1]).toContain('*2* not as wanted · *1* not measured · *1* for a person to tick');
  expect(said[2]).toContain(
    '*Credentials are fresh* · hard\\nstale on 2 of 12 workers · wanted: more than 10 minutes left on every worker · for 12 min\\n_Look at the secret._',
  );
  expect(said[3]).toContain('12 of 40 ready · wanted: 40 ready · for 12 min\\n_`/go scale` brings more workers');
  // Never measured so far: nobody knows since when.
  expect(said[4]).toContain('unknown: no worker is ready · wanted: within 800 ms on every worker\\n');
  expect(said[5]).toContain('not ticked yet');
  expect(said[6]).toContain('The queue is empty: empty · for 12 min');
});

test('once nothing is left to send no gate asks for a waiver; while a shot runs or something is left each does', () => {
  const scene = Scene.ready();
  const said = () => {
    const red = { gate: 'workers', status: 'red', value: 0, say: 'none', atMs: scene.nowMs } as const;
    const gates = gateLines(scene.state, [red], scene.nowMs, 'all');
    return JSON.stringify(readinessMessage(scene.state, gates, scene.nowMs).blocks);
  };
  const shot = scene.fired('all');
  expect(said()).toContain('Ask for a waiver');
  scene.closes(shot, { 'us-ios': { halted: 10 } });
  expect(said()).toContain('Ask for a waiver');
  scene.closes(scene.fired('all'));
  expect(said()).not.toContain('Ask for a waiver');
  expect(said()).toMatch(/Nothing is left to send: \d+ gates? open of/);
  expect(said()).toContain('no GO waits for these gates');
});

test('since when somebody has not been heard of, and since when a rehearsal is too old, is known without a measurement', () => {
  const scene = Scene.created(
    sampleRunbook({
      gates: [
        { id: 'here', title: 'H', probe: { kind: 'people-present', within: '30m', people: ['ana', 'mia'] } },
        { id: 'tried', title: 'R', probe: { kind: 'rehearsed', what: 'infrastructure' } },
      ],
    }),
  );
  const since = () => gateLines(scene.state, [], scene.nowMs, 'all').map(({ sinceMs }) => sinceMs);
  expect(since()).toEqual([scene.state.createdAtMs, scene.state.createdAtMs]);
  scene.does({ kind: 'be-here', by: 'ana' });
  scene.does({ kind: 'be-here', by: 'mia' });
  expect(since()[0]).toBeNull();
  const saidMs = scene.nowMs;
  scene.nowMs += 2_400_000;
  expect(since()[0]).toBe(saidMs + 1_800_000);
});

test('a list of one gate does not call it all', () => {
  const scene = Scene.ready();
  const green = { gate: 'workers', status: 'green', value: 0, say: '2 of 2 ready', atMs: scene.nowMs } as const;
  const [line] = gateLines(scene.state, [green], scene.nowMs, 'all').filter(({ id }) => id === 'workers');
  if (line === undefined) throw new Error('no such gate');
  const [head] = readinessMessage(scene.state, [line], scene.nowMs).blocks;
  expect(JSON.stringify(head)).toContain('Ready: the one gate"');
});

test('what two providers have answered fits into its line, whole', () => {
  const scene = Scene.ready();
  const say =
    'APNs answered 3 workers (TLSv1.3, 1,000 streams a connection, key T7CZDY7S36) · FCM answered 3 workers (TLSv1.3, 100 streams a connection)';
  const green = { gate: 'workers', status: 'green', value: 0, say, atMs: scene.nowMs } as const;
  const lines = gateLines(scene.state, [green], scene.nowMs, 'all');
  expect(JSON.stringify(readinessMessage(scene.state, lines, scene.nowMs).blocks)).toContain(say);
});
