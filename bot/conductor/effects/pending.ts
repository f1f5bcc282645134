import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';

/** Work that one instance does at a time, under a claim. */
export interface Attempt {
  id: string;
  tries: number;
  notBeforeMs: number;
  /** Ours until it is lost or done; null: not claimed yet. */ token: string | null;
  /** An earlier try, of ours or of another instance, may have come through. */ again: boolean;
}

/** An effect that waits, with the launch as it was after its entry. `isChecked`: neither done already nor without words. `isPosted`: the room has it, and a pin is missing. */
export interface Pending extends Attempt {
  effect: Effect;
  entry: Entry;
  after: Launch;
  isChecked: boolean;
  isPosted: boolean;
}

/** What an edit gives whose message was never posted. */
export const NO_MESSAGE = 'no message';
