import type { KnownBlock } from '@slack/types';
import { ACTION } from '../action-ids.ts';
import { parseTyped } from '../commands/arguments.ts';
import { meaning } from '../commands/meaning.ts';
import { actions, button, context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { safe } from '../views/words.ts';

/** Longer than this is talk about halting, not a halt. */
const WORDS_MOST = 5;

/**
 * `HALT!!!` written into the channel without `/go`. Talk halts nothing ("stop, I like it"), and silence would let the person
 * believe that it did: they are told, with the button.
 */
export function isHaltSaid(text: string): boolean {
  const typed = parseTyped(text);
  return typed.words.length < WORDS_MOST && meaning(typed, () => false).kind === 'halt';
}

export function haltSaidAnswer(launch: { launchId: string; name: string }): Message {
  const blocks: KnownBlock[] = [
    section(
      `:octagonal_sign: *Nothing is halted yet.* A message in the channel halts nothing; press to halt ${safe(launch.name, 120)}:`,
    ),
    actions('halt-asked', [button(ACTION.halt, ':octagonal_sign: HALT', { launchId: launch.launchId }, 'danger')]),
    context('Or type `/go halt`. One press by anyone on its roster halts; two people lift it again.'),
  ];
  return message('Nothing is halted yet. Press HALT, or type `/go halt`.', blocks);
}
