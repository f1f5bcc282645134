import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { compareOf, launchesOf, sectionMarkdown, sectionPage, sectionText } from './compare.ts';

/** A launch that was fired once; with `isHalted` in vain for a tenth of one segment. */
function fired(isHalted: boolean) {
  const scene = Scene.ready();
  const shot = scene.fired('all');
  if (isHalted) scene.halt('ben');
  scene.closes(shot, isHalted ? { 'us-ios': { failed: 15, reasons: { Unregistered: 15 }, halted: 100 } } : {});
  return { launch: scene.state, entries: scene.entries };
}

test('a launch stands beside an earlier one: readiness, times, and why devices failed', () => {
  const earlier = { ...fired(true), launch: { ...fired(true).launch, name: 'Last year', id: 'last-year' } };
  const text = sectionText(compareOf(fired(false), earlier));
  const row = (name: string) =>
    text
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim()
      .split(/\s{2,}/);
  expect(text[0]).toMatch(/asked for\s+this launch\s+Last year \(last-year\)$/);
  expect(row('halts')).toEqual(['–', '0', '1']);
  expect(row('gates not green at GO')).toEqual(['–', '0', '0']);
  expect(row('devices')).toEqual(['–', '1,000', '1,000']);
  expect(row('failed: Unregistered')).toEqual(['–', '0', '15']);
  expect(row('p99')).toEqual(['–', '–', '–']);
});

test('a long name stands above the table, so that no line is wider than a message', () => {
  const name = 'Long Night at the Museum of the Coast';
  const earlier = { ...fired(true), launch: { ...fired(true).launch, name, id: 'long-night-2026' } };
  const text = sectionText(compareOf(fired(false), earlier));
  expect(text[0]).toBe(`A: ${name} (long-night-2026)`);
  expect(text[1]).toMatch(/asked for +this launch +A$/);
  const table = text.slice(1, text.findIndex((line) => line.startsWith('GO to last push')) + 1);
  expect(Math.max(...table.map((line) => line.length))).toBeLessThan(70);
});

test('a rehearsal that is named stands there once, by its own record', () => {
  const scene = Scene.ready();
  scene.nowMs -= 30 * 3_600_000;
  const { rehearsalId } = scene.gives('RehearsalBegun', { kind: 'begin-rehearsal', by: 'ana', sentIn: 'drill-1' });
  const fleets = { devices: 10, audienceHash: '', readyMs: null, fleets: [] };
  const sent = { askToGoMs: null, timing: null, totals: null, refused: 0 };
  const kind = { what: 'limited', launchId: 'drill-1', outcome: 'ready', why: '' } as const;
  scene.does({ kind: 'end-rehearsal', rehearsalId, report: { rehearsalId, ...kind, ...fleets, ...sent } });
  const rehearsed = { launch: scene.state, entries: scene.entries };
  const drill = { ...fired(true), launch: { ...fired(true).launch, name: 'Drill', id: 'drill-1' } };
  expect(sectionText(compareOf(rehearsed, null)).join('\n')).toContain(`limited rehearsal ${rehearsalId}`);
  const text = sectionText(compareOf(rehearsed, drill)).join('\n');
  expect(text).toContain('Drill (drill-1)');
  expect(text).not.toContain('limited rehearsal');
});

test('with none beside it says so', () => {
  expect(sectionText(compareOf(fired(false), null)).at(-1)).toContain('no other launch was named');
});

test('all launches stand in a table, the first at the top, in Markdown and page alike', () => {
  const later = fired(true);
  const all = [
    { ...later, launch: { ...later.launch, name: 'Second | <b>', targetAtMs: later.launch.targetAtMs + 86_400_000 } },
    fired(false),
  ];
  const section = launchesOf(all);
  const text = sectionText(section);
  expect(text[1]).toMatch(/^2027-02-14  Super Bowl \(superbowl-2027\) +superbowl +0 +0 +0 +1,000 +1,000/);
  expect(text[2]).toMatch(/^2027-02-15  Second \| <b> \(superbowl-2027\) +superbowl +0 +0 +1 +1,000 +885 +15/);
  expect(sectionMarkdown(section)).toContain('| 2027-02-15 | Second \\| \\<b\\> (superbowl-2027) | superbowl |');
  const page = sectionPage(section, { style: '', sha256: () => '' });
  expect(page).toContain('Second | &lt;b&gt; (superbowl-2027)</td>');
  // Whoever moves by headings finds one that is the page's.
  expect(page.match(/<h1>/g)).toHaveLength(1);
  expect(sectionText(launchesOf([]))[0]).toBe('There is no launch yet.');
});
