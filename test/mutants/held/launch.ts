import type { Held } from './held-file.ts';
import { ACCEPTED } from './launch-accepted.ts';

/** A file of the launch core, and the tests of its folder that hold it: without any, the one beside it. */
const held = (name: string, ...tests: string[]): Held => ({
  file: `runbooks/launch/${name}.ts`,
  by: (tests.length > 0 ? tests : [name]).map((test) => `runbooks/launch/${test}.test.ts`),
  accepted: ACCEPTED[name] ?? [],
});

/** The launch core. Files that hold nothing but types, tables of words or one line are left out. */
export const LAUNCH: Held[] = [
  held('fire', 'fire', 'further-attempts'),
  held('fire-refusals', 'fire-refusals', 'fire'),
  held('evolve-fire', 'evolve-fire', 'fire', 'shots', 'further-attempts', 'halt'),
  held('voiding', 'voiding', 'fire', 'effects'),
  held('remaining', 'remaining', 'shots', 'further-attempts'),
  held('shots'),
  held('vouch'),
  held('gates', 'gates', 'waivers'),
  held('waivers'),
  held('switches', 'switches', 'decide'),
  held('lifecycle', 'lifecycle', 'decide'),
  held('halt'),
  held('people'),
  held('signers', 'signers', 'keys'),
  held('keys'),
  held('schedule'),
  held('evolve', 'evolve', 'fire', 'roster', 'shots', 'halt'),
  held(
    'decide',
    'decide',
    'fire',
    'halt',
    'keys',
    'lifecycle',
    'roster',
    'scale',
    'schedule',
    'shots',
    'switches',
    'waivers',
  ),
  held('authority'),
  held('content', 'content', 'decide'),
  held('payload'),
  held('test-sends'),
  held('skip-cover'),
  held('counts'),
  held('words'),
  held('effects'),
];
