import { expect, test } from 'vitest';
import type { ShotFigures } from '../../contract/figures.ts';
import { shotFigures } from '../../contract/figures.ts';
import { Scene, segmentTotals } from '../../test/properties/scene.ts';
import { figuresCsv, figuresOf, reportLines, shotsIn } from './record-figures.ts';

/** A shot that is closed, and figures as the room has them of it then. */
function closed(): { scene: Scene; kept: ShotFigures } {
  const scene = Scene.ready();
  const shot = scene.fired();
  scene.closes(shot, { 'us-ios': { failed: 8, reasons: { Unregistered: 5, '=HYPERLINK("x")': 3 }, late: 2 } });
  const { figures } = shotFigures(scene.state, scene.shot(shot.id), [], scene.nowMs);
  return { scene, kept: figures };
}

test('every device is counted once, by segment, market, platform, state and reason', () => {
  const { scene, kept } = closed();
  const [shot] = shotsIn(scene.state);
  const outcomes = figuresOf({ shot: shot!, kept }).filter(({ figure }) => figure === 'outcome');
  expect(outcomes.reduce((sum, { devices }) => sum + devices, 0)).toBe(scene.state.audience?.devices);
  expect(outcomes.filter(({ segment }) => segment === 'us-ios')).toMatchObject([
    { market: 'us', platform: 'ios', state: 'accepted', reason: '', devices: 490 },
    { state: 'late', devices: 2 },
    { state: 'failed', reason: 'Unregistered', devices: 5 },
    { state: 'failed', reason: '=HYPERLINK("x")', devices: 3 },
  ]);
});

test('what the room showed is the same, or a correction is named that changed it, or nothing explains it', () => {
  const { scene, kept } = closed();
  const lines = () => reportLines({ shot: shotsIn(scene.state)[0]!, kept }, scene.entries).join('\n');
  expect(lines()).toContain('room      showed the same');
  expect(lines()).toMatch(/market {4}us: 790 accepted, 2 late, 5 failed \(Unregistered\)/);
  const other = reportLines(
    { shot: shotsIn(scene.state)[0]!, kept: { ...kept, total: { ...kept.total, accepted: 1 } } },
    scene.entries,
  );
  expect(other.join('\n')).toContain('NOTHING in the record explains the difference');
  const shotId = shotsIn(scene.state)[0]!.id;
  scene.does({
    kind: 'correct-shot',
    shotId,
    batch: 'us-ios-0',
    segments: [segmentTotals('us-ios', 1, 500, { failed: 8, reasons: { Unregistered: 8 } })],
  });
  expect(lines()).toContain(`late accounts have corrected it since (entry ${scene.state.seq})`);
});

test('a shot that runs, and one of which nothing was kept, say so', () => {
  const scene = Scene.ready();
  scene.fired();
  const of = () => reportLines({ shot: shotsIn(scene.state)[0]!, kept: null }, scene.entries).join('\n');
  expect(of()).toContain('the shot runs still');
  scene.closes(shotsIn(scene.state)[0]!);
  expect(of()).toContain('no figures were kept, so there is no curve');
});

test('as CSV every row has all columns, and no word of a provider becomes a formula', () => {
  const { scene, kept } = closed();
  const curve: [number, number][] = [[3, 40]];
  const ios = { ...kept.platforms.ios!, curve };
  const text = figuresCsv([{ shot: shotsIn(scene.state)[0]!, kept: { ...kept, platforms: { ios } } }]);
  const [head, ...rows] = text.trimEnd().split('\r\n');
  expect(head).toBe('figure,shot,segment,attempt,market,platform,variant,text,state,reason,slotMs,devices');
  expect(text).toContain(`,failed,"'=HYPERLINK(""x"")",,3`);
  const shot = shotsIn(scene.state)[0]!;
  const worded = (reason: string) => {
    const totals = (shot.totals ?? []).map((one) => ({
      ...one,
      totals: { ...one.totals, failed: 1, reasons: { [reason]: 1 } },
    }));
    return figuresCsv([{ shot: { ...shot, totals: totals.slice(0, 1) }, kept: null }]);
  };
  for (const mark of ['=', '+', '-', '@', '\t', '\r', '\n']) expect(worded(`${mark}1`)).toContain(`'${mark}1`);
  expect(rows.at(-1)).toMatch(/^curve,S\d+,,,,ios,,,accepted,,300,40$/);
});
