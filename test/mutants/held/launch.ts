import type { Held } from './held-file.ts';

/** A file of the launch core, and the tests of its folder that hold it: without any, the one beside it. */
const held = (name: string, ...tests: string[]): Held => ({
  file: `runbooks/launch/${name}.ts`,
  by: (tests.length > 0 ? tests : [name]).map((test) => `runbooks/launch/${test}.test.ts`),
});

/** The launch core. Files that hold nothing but types, tables of words or one line are left out. */
export const LAUNCH: Held[] = [
  held('fire', 'fire', 'further-attempts'),
  held('fire-refusals', 'fire-refusals', 'fire'),
  held('evolve-fire', 'evolve-fire', 'fire'),
  held('voiding', 'voiding', 'fire', 'effects'),
  held('shots'),
  held('vouch'),
  held('gates', 'gates', 'waivers'),
  held('switches', 'switches', 'decide'),
  held('lifecycle', 'lifecycle', 'decide'),
  held('halt'),
  held('people'),
  held('signers', 'signers', 'keys'),
  held('keys'),
  held('schedule'),
  held('evolve'),
  held('authority'),
  held('content', 'content', 'decide'),
  held('payload'),
  held('effects'),
];
