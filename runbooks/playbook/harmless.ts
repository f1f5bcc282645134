import type { Step } from './schema.ts';

/** Whether an action only tells somebody something: it may run whatever else has gone wrong. */
export function harmless(action: Step['do']): boolean {
  switch (action.kind) {
    case 'remind':
    case 'checklist':
    case 'ask':
    case 'page':
    // They look, and change nothing.
    case 'load':
    case 'prime':
      return true;
    case 'scale':
    case 'switch':
    case 'fire-window':
    case 'webhook':
    case 'automation':
    case 'test-send':
    case 'rehearsal':
      return false;
    default:
      return action satisfies never;
  }
}
