import { z } from 'zod';
import { key } from './key.ts';
import { probe } from './probe.ts';
import { duration, id, title } from './values.ts';

export const gate = z.strictObject({
  id: key(id, { means: 'What waivers and `/go` call the gate.', example: 'edge' }),
  title: key(title, { means: 'What must be true before GO.', example: 'API servers stand at game-day size' }),
  hard: key(z.boolean().default(false), {
    means: 'Blocks the press too, not only the request, and no waiver lifts it. Only what is measured can be hard.',
    example: true,
  }),
  owner: key(id.optional(), { means: 'Who makes it green: a person or a group.', absent: 'on-call', example: 'ana' }),
  probe: key(probe.optional(), {
    means: 'What is measured, all the time.',
    absent: 'a person ticks the gate',
    example: { kind: 'credentials' },
  }),
  after: key(z.literal('test-copies').optional(), {
    means:
      'Of a manual gate: it can be ticked only once copies of this very text, in every language that the audience reads, have reached a phone, of each platform that reads it and that somebody of the roster has.',
    absent: 'it can be ticked at any time',
    example: 'test-copies',
  }),
  holds_for: key(z.enum(['content', 'audience', 'launch']).optional(), {
    means: 'Of a manual gate: what its tick is about. It is void when that changes, and only then.',
    absent: 'about content and audience: a change of either makes it void',
    example: 'content',
  }),
  stale_after: key(duration.optional(), {
    means: 'Of a manual gate: a tick that is older says nothing any more, and somebody has to look again.',
    absent: 'a tick does not grow old',
    example: '4h',
  }),
  evidence: key(z.enum(['link', 'note']).optional(), {
    means:
      'Of a manual gate: what a tick must come with, an address that shows it or a sentence. The form asks for it.',
    absent: 'nothing is asked for',
    example: 'link',
  }),
  help: key(z.string().max(300).optional(), {
    means: 'What to do while it is red.',
    absent: 'nothing is said',
    example: 'Send a test, look at your phone, then tick.',
  }),
});
