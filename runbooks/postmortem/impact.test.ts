import { expect, test } from 'vitest';
import { Given } from '../../test/given-words.ts';
import { audience, Scene } from '../../test/properties/scene.ts';
import { SEVERITY } from './impact.ts';
import { postmortemMarkdown } from './markdown.ts';
import { postmortemOf } from './postmortem.ts';

function textOf(scene: Scene, { messages } = new Given()): string {
  const found = postmortemOf(scene.entries, messages, { chain: { ok: true } });
  if (found === null) throw new Error('no postmortem');
  return postmortemMarkdown(found);
}
const summaryOf = (scene: Scene, given = new Given()): string => textOf(scene, given).split('## ')[1] ?? '';

/** An audience whose languages were counted. */
function ready(): Scene {
  const scene = Scene.ready();
  const segments = audience.segments.map((one) => ({
    ...one,
    locales: one.id === 'us-ios' ? { en: one.devices - 20, 'pt-BR': 20 } : { en: one.devices },
  }));
  scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'f'.repeat(64), segments } });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  return scene;
}

test('which text was for how many stands in the summary, each device once however many attempts it took', () => {
  const scene = ready();
  scene.closes(scene.fired(['us-ios']), { 'us-ios': { halted: 40 } });
  const once = summaryOf(scene);
  const { devices } = audience.segments.find(({ id }) => id === 'us-ios') ?? { devices: 0 };
  expect(once).toContain(`Texts: en for ${devices - 20} devices and pt-BR for 20.`);
  scene.closes(scene.fired(['us-ios']));
  expect(summaryOf(scene)).toContain(`Texts: en for ${devices - 20} devices and pt-BR for 20.`);
});

test('a shot that runs still lends its markets to no figure', () => {
  const scene = ready();
  scene.closes(scene.fired(['us-ios']), { 'us-ios': { failed: 1, reasons: { Unregistered: 1 } } });
  expect(textOf(scene)).toContain('1 token of S');
  const { id } = scene.fired(['br-ios']);
  const text = summaryOf(scene);
  expect(text).toMatch(/Accepted for [\d,]+ of [\d,]+ devices \([\d.]+%\), in us\./);
  expect(text).toContain(`Not counted yet: ${id}, in br.`);
  expect(text).toContain('Texts, with what is not counted yet: en for');
});

test('what was not as planned is named; how severe it was is asked, and stands in the summary as it was put', () => {
  const scene = ready();
  scene.does({ kind: 'order-scale', by: null, target: 'workers', desired: 2, step: 'scale-up', reason: '' });
  scene.does({ kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: '' });
  scene.closes(scene.fired(['us-ios']), { 'us-ios': { failed: 3, reasons: { Unregistered: 3 }, uncertain: 2 } });
  const shotId = Object.keys(scene.state.shots)[0];
  expect(summaryOf(scene)).toContain(`Not as planned: fleet workers, the list of tokens and answers to ${shotId}.`);
  expect(summaryOf(scene)).toContain('Severity: nobody has said yet. /go answer asks for it.');
  expect(textOf(scene)).toContain(SEVERITY);
  const given = new Given();
  given.answer(scene, 'ben', 'Low.\nTwo devices, and\n# no sale', SEVERITY);
  const said = summaryOf(scene, given);
  expect(said).toMatch(/- Severity, as Ben Okafor, [^“]*, puts it: “Low\. Two devices, and # no sale”/);
  expect(said).not.toContain('nobody has said yet');
  // Its words are gone: what says so is not theirs.
  expect(summaryOf(scene)).toMatch(
    /- Severity, as Ben Okafor, [^“]*, puts it: \(m1 is not in the chain of channel messages\)/,
  );
});

test('where nothing but tokens was noticed nobody is asked', () => {
  const scene = ready();
  scene.closes(scene.fired(['us-ios']), { 'us-ios': { failed: 3, reasons: { Unregistered: 3 } } });
  expect(summaryOf(scene)).toContain('Severity: none that the record knows of.');
  expect(summaryOf(scene)).toContain('Not as planned: the list of tokens.');
  expect(textOf(scene)).not.toContain(SEVERITY);
});
