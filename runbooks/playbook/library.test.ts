import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import type { AudienceRef, Measured } from '../launch/entries.ts';
import { gateLines } from '../launch/gates.ts';
import { targetOf } from '../launch/plan-times.ts';
import { dueSteps, scheduledSteps } from '../launch/schedule.ts';
import { sumVariants } from '../launch/totals.ts';
import { heldOutIn, splitOf, textsIn } from '../launch/variants.ts';
import { describeProblem } from './checked-yaml.ts';
import { loadRunbook } from './load.ts';
import type { Runbook } from './schema.ts';

/** The day of each ready-made runbook, on a clock that the test moves: every step once, everybody sent to once, or nobody. */

const library = new URL('../library/', import.meta.url);
const FILES = readdirSync(library).filter((name) => name.endsWith('.yaml'));

function runbookOf(file: string): Runbook {
  const loaded = loadRunbook(readFileSync(new URL(file, library), 'utf8'), file);
  if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join('\n'));
  return loaded.runbook;
}

/** Seven markets, those of the runbook among them; split as the campaign says, ten held out of a hundred users. */
function audienceOf({ targets = {}, campaign }: Runbook): AudienceRef {
  const split = splitOf(campaign);
  const markets = [...new Set([...Object.keys(targets), 'us', 'br', 'mx', 'de', 'jp', 'gb', 'eg'])].slice(0, 7);
  const segments = markets.flatMap((market) =>
    (['ios', 'android'] as const).map((platform) => ({
      id: `${market}-${platform}`,
      platform,
      devices: 100,
      batches: 1,
      ...(split === null
        ? {}
        : { variants: Object.fromEntries(split.variants.map(({ id }) => [id, 50])), heldOut: 11 }),
    })),
  );
  const [text = ''] = textsIn(campaign, campaign.default_locale);
  return {
    hash: 'a'.repeat(64),
    manifestKey: `audiences/${'a'.repeat(64)}/manifest.json`,
    devices: segments.length * 100,
    segments,
    locales: { [text]: segments.length * 100 },
    ...(split === null ? {} : { split, heldOut: segments.length * 11 }),
  };
}

const measured = (scene: Scene): Measured[] =>
  gateLines(scene.state, [], scene.nowMs, 'all')
    .filter(({ manual }) => !manual)
    .map(({ id }) => ({ gate: id, status: 'green', value: 0, say: 'fine', atMs: scene.nowMs }));

/** From the creation to just before the first step. */
function created(runbook: Runbook): Scene {
  const scene = new Scene();
  const targetAtMs = runbook.target?.atMs ?? scene.nowMs + 30 * 86_400_000;
  const clock = { targetAtMs, compress: 1, runbook };
  scene.nowMs =
    Math.min(...Object.keys(runbook.targets ?? {}).map((name) => targetOf(clock, name)), targetAtMs) - 40 * 86_400_000;
  scene.does({
    kind: 'create-launch',
    by: 'ana',
    launchId: 'day-2027',
    name: runbook.title,
    channelId: 'C0WARROOM',
    runbook,
    runbookHash: 'r',
    targetAtMs,
    compress: 1,
  });
  scene.does({ kind: 'set-audience', by: 'ana', audience: audienceOf(runbook) });
  return scene;
}

/** What conductor and people do at the hour of a step. */
function hour(scene: Scene, seen: string[]): void {
  for (const { step, verdict } of dueSteps(scene.state, scene.nowMs)) {
    if (verdict === 'put' || verdict === 'hold') {
      // Nothing is sent on this day: what waits for that is run by a person as well.
      if (verdict === 'put') scene.does({ kind: 'put-step', step: step.id, why: 'asks first' });
      else scene.does({ kind: 'hold-step', step: step.id, measured: measured(scene) });
      scene.does({ kind: 'run-step', by: 'ana', step: step.id });
    } else scene.does({ kind: 'start-step', step: step.id });
    if (step.do.kind === 'scale')
      scene.does({
        kind: 'order-scale',
        by: null,
        target: step.do.target,
        desired: step.do.to,
        step: step.id,
        reason: '',
      });
    scene.does({ kind: 'finish-step', step: step.id, say: 'done' });
    seen.push(step.id);
  }
}

/** Copies reach a phone, and people tick what is theirs to judge. */
function ready(scene: Scene): void {
  const { testId } = scene.gives('TestRequested', { kind: 'request-test', by: 'mia', to: ['ana'] });
  const results = [{ person: 'ana', platform: 'ios' as const, accepted: true, reason: '', tookMs: 40 }];
  scene.does({ kind: 'report-test', testId, results });
  const open = gateLines(scene.state, measured(scene), scene.nowMs, 'all');
  for (const { id } of open.filter((line) => line.manual && line.status !== 'green' && line.id !== 'silent'))
    scene.does({ kind: 'tick-gate', by: 'mia', gate: id, green: true, note: 'https://example.com/seen' });
}

/** Two minutes after T, when everybody has said that they are there. */
function atItsMoment(scene: Scene): void {
  scene.nowMs = scene.state.targetAtMs + 2 * 60_000;
  for (const by of ['ana', 'mia']) scene.does({ kind: 'be-here', by });
}

/** Mia asks, Ben presses, all of it is accepted. */
function fire(scene: Scene, segments: string[] | 'all'): void {
  const { orderId } = scene.gives('FireRequested', scene.request('mia', segments, { measured: measured(scene) }));
  const press = scene.press(scene.order(orderId), 'ben', { measured: measured(scene) });
  const { shotId } = scene.gives('FireApproved', press);
  scene.closes(scene.shot(shotId));
}

const accepted = (scene: Scene): Record<string, number> =>
  Object.fromEntries(
    Object.values(scene.state.shots).flatMap(({ totals }) =>
      (totals ?? []).map(({ segment, totals: { accepted: devices } }) => [segment, devices]),
    ),
  );

describe.each(FILES)('%s', (file) => {
  test('every step of its day comes once, at its time, and the last one is the end', () => {
    const scene = created(runbookOf(file));
    const steps = scheduledSteps(scene.state);
    const seen: string[] = [];
    for (const { dueAtMs } of steps) {
      scene.nowMs = dueAtMs;
      hour(scene, seen);
    }
    expect(seen.toSorted()).toEqual(steps.map(({ step }) => step.id).toSorted());
    scene.nowMs += 86_400_000;
    expect(dueSteps(scene.state, scene.nowMs)).toEqual([]);
  });
});

test.each(['superbowl.yaml', 'in-plain-sight.yaml'])('%s goes to everybody by one order, at its moment', (file) => {
  const scene = created(runbookOf(file));
  ready(scene);
  atItsMoment(scene);
  fire(scene, 'all');
  expect(Object.values(accepted(scene))).toEqual(Array.from({ length: 14 }, () => 100));
});

test('the campaign in plain sight is counted by variant, and who is held out is named and not sent to', () => {
  const scene = created(runbookOf('in-plain-sight.yaml'));
  expect(splitOf(scene.state.campaign)).toMatchObject({ salt: 'weekly-reminder', holdOut: 0.1 });
  ready(scene);
  atItsMoment(scene);
  fire(scene, 'all');
  const [shot] = Object.values(scene.state.shots);
  expect(
    sumVariants(shot?.totals ?? []).map(({ variant, devices, totals }) => [variant, devices, totals.accepted]),
  ).toEqual([
    ['plain', 700, 700],
    ['question', 700, 700],
  ]);
  expect(heldOutIn(shot?.audience ?? null, shot?.segments ?? [])).toBe(14 * 11);
});

test('the Super Bowl goes out market by market as well, each once, and the last order takes what is left', () => {
  const scene = created(runbookOf('superbowl.yaml'));
  ready(scene);
  scene.nowMs = scene.state.targetAtMs;
  for (const market of ['us', 'br', 'mx']) fire(scene, [`${market}-ios`, `${market}-android`]);
  expect(Object.keys(accepted(scene))).toHaveLength(6);
  fire(scene, 'all');
  expect(Object.values(accepted(scene))).toEqual(Array.from({ length: 14 }, () => 100));
  expect(scene.refuses(scene.request('mia', 'all', { measured: measured(scene) })).code).toBe('NOTHING_TO_FIRE');
});

test('the flash sale reaches each country at its own midnight, armed in the evening', () => {
  const scene = created(runbookOf('flash-sale.yaml'));
  const { targets = {} } = scene.state.runbook;
  const midnights = Object.entries(targets)
    .map(([market, { atMs }]) => ({ market, atMs }))
    .toSorted((a, b) => a.atMs - b.atMs);
  expect(midnights.map(({ market }) => market)).toEqual(['jp', 'de', 'gb', 'br', 'us']);
  ready(scene);
  for (const { market, atMs } of midnights) {
    scene.nowMs = atMs - 30 * 60_000;
    const asked = scene.request('mia', [`${market}-ios`, `${market}-android`], {
      momentMs: atMs,
      measured: measured(scene),
    });
    const { orderId } = scene.gives('FireRequested', asked);
    scene.gives('FireArmed', scene.press(scene.order(orderId), 'ben', { measured: measured(scene) }));
    scene.nowMs = atMs;
    const { shotId } = scene.gives('FireApproved', {
      kind: 'release-fire',
      orderId,
      measured: measured(scene),
      observedHaltEpoch: scene.state.halt.epoch,
      observedHalted: false,
    });
    scene.closes(scene.shot(shotId));
  }
  expect(Object.keys(accepted(scene))).toHaveLength(10);
});

test('breaking news: from the decision to the press within a minute, and only what was read on a phone', () => {
  const scene = created(runbookOf('breaking-news.yaml'));
  ready(scene);
  // Months later.
  scene.nowMs = scene.state.targetAtMs + 60 * 86_400_000;
  const decidedAtMs = scene.nowMs;
  const { campaign } = scene.state;
  const locales = {
    ...campaign.locales,
    en: { title: 'Rain in the desert', body: 'For the first time in a century.' },
  };
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, locales } });
  const ask = () => scene.request('mia', 'all', { measured: measured(scene) });
  expect(scene.refuses(ask()).code).toBe('GATES_RED');
  scene.nowMs += 20_000;
  ready(scene);
  scene.nowMs += 20_000;
  fire(scene, 'all');
  expect(scene.nowMs - decidedAtMs).toBeLessThan(60_000);
  expect(Object.values(accepted(scene)).every((devices) => devices === 100)).toBe(true);
});

test('a silent rehearsal can not be fired: one gate stays open, and the workers go down by a person', () => {
  const scene = created(runbookOf('silent-rehearsal.yaml'));
  ready(scene);
  scene.nowMs = scene.state.targetAtMs;
  expect(scene.refuses(scene.request('mia', 'all', { measured: measured(scene) })).say).toContain('nothing is fired');
  const down = scheduledSteps(scene.state).find(({ step }) => step.id === 'workers-down');
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
  scene.nowMs = down?.dueAtMs ?? 0;
  expect(dueSteps(scene.state, scene.nowMs).find(({ step }) => step.id === 'workers-down')?.verdict).toBe('put');
});
