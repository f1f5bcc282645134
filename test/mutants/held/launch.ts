import type { Held } from './held-file.ts';
import { ACCEPTED } from './launch-accepted.ts';

/** A file of the launch core, and the tests of its folder that hold it: without any, the one beside it. */
const held = (name: string, ...tests: string[]): Held => ({
  file: `runbooks/launch/${name}.ts`,
  by: (tests.length > 0 ? tests : [name]).map((test) => `runbooks/launch/${test}.test.ts`),
  accepted: ACCEPTED[name] ?? [],
});

/** The launch core: those of its files that are known to stand at their floor. */
export const LAUNCH: Held[] = [
  held('fire', 'fire', 'further-attempts'),
  held('fire-refusals', 'fire-refusals', 'fire'),
  held('evolve-fire', 'evolve-fire', 'fire', 'shots', 'further-attempts', 'halt'),
  held('voiding', 'voiding', 'fire', 'effects', 'evolve'),
  held('remaining', 'remaining', 'shots', 'further-attempts'),
  held('shots', 'shots', 'further-attempts'),
  held('vouch'),
  held('gates', 'gates', 'waivers'),
  held('waivers'),
  held('switches', 'switches', 'decide'),
  held('lifecycle', 'lifecycle', 'decide'),
  held('halt'),
  held('roster'),
  held('people'),
  held('signers', 'signers', 'keys'),
  held('keys'),
  held('schedule'),
  held('scale'),
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
  held('reach'),
  held('skip-cover'),
  held('counts'),
  held('bad-tokens'),
  held('texts-sent'),
  held('order-words'),
  held('words'),
  held('effects'),
];
