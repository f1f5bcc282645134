import { CLOCKS_GATE } from '../launch/clocks-gate.ts';
import { COPY_GATE } from '../launch/copy-doubts.ts';
import { LONGEST_LAUNCH_ID, payloadProblems, tooLargeText } from '../launch/payload.ts';
import { PROVIDERS_GATE } from '../launch/providers-gate.ts';
import { VERSIONS_GATE } from '../launch/versions-gate.ts';
import { campaignFaults } from './campaign-rules.ts';
import { peopleFaults } from './people-rules.ts';
import type { Runbook } from './schema.ts';

export interface ReferenceProblem {
  path: (string | number)[];
  found: string;
  expected: string;
}

/** What the schema can't see: names that must exist, ids that must be unique, people enough for two keys. */
export function checkReferences(runbook: Runbook): ReferenceProblem[] {
  const problems: ReferenceProblem[] = [];
  const people = new Set(runbook.people.map((person) => person.id));
  const targets = new Set(runbook.scale_targets.map((target) => target.id));
  const switches = new Set([
    'halt',
    'pace.ios',
    'pace.android',
    'zombie',
    ...runbook.switches.map((entry) => entry.id),
  ]);

  const mustExist = (path: (string | number)[], name: string | undefined, among: Set<string>, what: string) => {
    if (name === undefined || among.has(name)) return;
    problems.push({
      path,
      found: JSON.stringify(name),
      expected: `${what}: ${[...among].join(', ') || '(none is defined)'}`,
    });
  };
  const unique = (path: (string | number)[], ids: string[]) => {
    ids.forEach((id, index) => {
      if (ids.indexOf(id) !== index)
        problems.push({
          path: [...path, index, 'id'],
          found: `${JSON.stringify(id)} a second time`,
          expected: 'each id once',
        });
    });
  };

  unique(
    ['gates'],
    runbook.gates.map((entry) => entry.id),
  );
  unique(
    ['scale_targets'],
    runbook.scale_targets.map((entry) => entry.id),
  );
  unique(
    ['switches'],
    runbook.switches.map((entry) => entry.id),
  );
  unique(
    ['phases'],
    runbook.phases.map((entry) => entry.id),
  );

  for (const { path, found, expected } of peopleFaults(runbook.people))
    problems.push({ path: ['people', ...path], found, expected });
  const mayFire = runbook.people.filter((person) => person.roles.some((name) => name !== 'observer'));
  if (mayFire.length < 2) {
    problems.push({
      path: ['people'],
      found: `${mayFire.length} person with the role on-call or marketer`,
      expected: 'at least two: one asks, another presses GO',
    });
  }
  if (!runbook.people.some((person) => person.roles.includes('on-call'))) {
    problems.push({ path: ['people'], found: 'nobody with the role on-call', expected: 'at least one' });
  }

  for (const { path, found, expected } of campaignFaults(runbook.campaign))
    problems.push({ path: ['campaign', ...path], found, expected });
  // Once a language: the larger platform says it for both.
  const large = payloadProblems(runbook.campaign, LONGEST_LAUNCH_ID).sort((a, b) => b.bytes - a.bytes);
  for (const one of large.filter(
    ({ locale }, index) => large.findIndex((other) => other.locale === locale) === index,
  )) {
    problems.push({
      path: ['campaign', 'locales', one.locale, 'body'],
      found: 'too much text',
      expected: `less. ${tooLargeText(one)}`,
    });
  }
  mustExist(['pool', 'scale_target'], runbook.pool.scale_target, targets, 'a scale target');
  if (runbook.campaign.locales[runbook.campaign.default_locale] === undefined) {
    problems.push({
      path: ['campaign', 'default_locale'],
      found: JSON.stringify(runbook.campaign.default_locale),
      expected: `one of the campaign's locales: ${Object.keys(runbook.campaign.locales).join(', ')}`,
    });
  }
  runbook.gates.forEach((gate, index) => {
    if (gate.id === CLOCKS_GATE.id)
      problems.push({
        path: ['gates', index, 'id'],
        found: JSON.stringify(gate.id),
        expected: 'another id: that gate is made for a launch without a probe of kind `clocks`',
      });
    if (gate.id === PROVIDERS_GATE.id)
      problems.push({
        path: ['gates', index, 'id'],
        found: JSON.stringify(gate.id),
        expected: 'another id: that gate is made for a launch without a probe of kind `providers`',
      });
    if (gate.id === VERSIONS_GATE.id)
      problems.push({
        path: ['gates', index, 'id'],
        found: JSON.stringify(gate.id),
        expected: 'another id: that gate is made for a launch without a probe of kind `versions`',
      });
    if (gate.id === COPY_GATE.id)
      problems.push({
        path: ['gates', index, 'id'],
        found: JSON.stringify(gate.id),
        expected: 'another id: that gate is made for every launch whose text looks unfinished',
      });
    mustExist(['gates', index, 'owner'], gate.owner, people, 'a person');
    if (gate.probe?.kind === 'scaled')
      mustExist(['gates', index, 'probe', 'target'], gate.probe.target, targets, 'a scale target');
    if (gate.after !== undefined && gate.probe !== undefined)
      problems.push({
        path: ['gates', index, 'after'],
        found: 'on a measured gate',
        expected: 'a gate that a person ticks',
      });
    if (gate.hard && gate.probe === undefined) {
      problems.push({
        path: ['gates', index, 'hard'],
        found: 'true on a manual gate',
        expected: 'a probe: only what is measured may block the press',
      });
    }
  });

  const stepIds: string[] = [];
  runbook.phases.forEach((phase, phaseIndex) => {
    phase.steps.forEach((step, stepIndex) => {
      const path = ['phases', phaseIndex, 'steps', stepIndex];
      if (stepIds.includes(step.id))
        problems.push({
          path: [...path, 'id'],
          found: `${JSON.stringify(step.id)} a second time`,
          expected: 'each step id once in the runbook',
        });
      stepIds.push(step.id);
      mustExist([...path, 'owner'], step.owner, people, 'a person');
      if (step.do.kind === 'scale') mustExist([...path, 'do', 'target'], step.do.target, targets, 'a scale target');
      if (step.do.kind === 'switch') {
        mustExist([...path, 'do', 'switch'], step.do.switch, switches, 'a switch');
        if (step.do.switch === 'halt')
          problems.push({
            path: [...path, 'do', 'switch'],
            found: '"halt"',
            expected: 'any other switch: halt is set and lifted by people',
          });
        const own = runbook.switches.find((entry) => step.do.kind === 'switch' && entry.id === step.do.switch);
        if (own?.two_people === true)
          problems.push({
            path: [...path, 'do', 'switch'],
            found: `"${own.id}", which needs two people`,
            expected: 'a switch that a step may set by itself',
          });
      }
    });
  });
  return problems;
}
