import type { KnownBlock } from '@slack/types';
import type { RefusedIn } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { answeredIn, isSuspect, refusedIn, SUSPECT_TEXT } from '../../runbooks/launch/refused-tokens.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { plural, safe } from './words.ts';

/** Before the press: how many, what it changes, and what it does not. Of a rehearsal's report, and of the command. */
export function refusedBlocks(launch: Launch, refused: RefusedIn, answered: number): KnownBlock[] {
  const { launchId, tokens } = refused;
  const from = safe(launchId, 80);
  const suspect = isSuspect(tokens, answered) ? `\n:warning: *Of ${plural(answered, 'answer')}*: ${SUSPECT_TEXT}.` : '';
  return [
    section(
      `*${plural(tokens, 'token')} refused for good* in \`${from}\`. On the skip list of this launch they get no push. No order is void by it, and the rehearsal counts on: a longer list sends nobody anything. ${gatesText(launch)}${suspect}`,
    ),
    actions(`refused:${from}`, [
      button(ACTION.skipRefused, 'Skip these tokens', { launchId: launch.id, from: launchId }),
    ]),
    context(
      `The same: \`/go audience skip-refused of ${from}\`, or from a terminal \`npm run audience -- skip --refused-in ${from} --launch ${safe(launch.id, 80)} --as …\``,
    ),
  ];
}

/** Its gates that are not as before until the list is everywhere, and those that go by it. */
function gatesText({ runbook }: Launch): string {
  const titles = (kind: string): string =>
    runbook.gates
      .filter(({ probe }) => probe?.kind === kind)
      .map(({ title }) => `*${safe(title, 120)}*`)
      .join(', ');
  const [loading, predicted] = [titles('workers-ready'), titles('bad-tokens')];
  return [
    loading === '' ? 'Workers take it in at once.' : `Until workers have taken it in, this gate is open: ${loading}.`,
    ...(predicted === '' ? [] : [`This one is told anew: ${predicted}.`]),
  ].join(' ');
}

export const askSkip = (launch: Launch, source: Launch): Message => {
  const refused = refusedIn(source);
  return message(
    `Skip the ${plural(refused.tokens, 'token')} that were refused in ${source.id}?`,
    refusedBlocks(launch, refused, answeredIn(source)),
  );
};
