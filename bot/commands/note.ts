import type { ItemPlace } from '../../runbooks/launch/entries.ts';
import { noteProblem } from '../../runbooks/launch/lifecycle.ts';
import { wellFormed } from '../../runbooks/launch/well-formed.ts';
import { isVisible } from '../../runbooks/playbook/text-faults.ts';
import { pressOf } from '../channel/channel-log.ts';
import { KEPT_WORDS } from '../views/aftermath.ts';
import { done, info } from '../views/answers.ts';
import { safe } from '../views/words.ts';
import { misuse, submit } from './subcommand.ts';
import type { PersonAsk, Subcommand } from './subcommand.ts';

export const note: Subcommand = {
  name: 'note',
  usage: ['note the ad moved to the third quarter'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Writes a line into the record. What people write in the channel is in the timeline anyway.',
  async run(ask) {
    if (!isVisible(ask.typed.rest)) return misuse(note, 'What should it say?');
    const text = wellFormed(ask.typed.rest.trim());
    let item: ItemPlace | undefined;
    try {
      // What the core refuses is put nowhere.
      if (noteProblem(text) === null) item = await given(ask, text);
    } catch (error) {
      ask.desk.log.error({ err: error, launchId: ask.launch.id }, 'a note could not be kept');
      return info(
        `:warning: Not noted, because the table or S3 did not answer. Write it in the channel, which is recorded too, or try again in a moment:\n${safe(text, 2_500)}`,
      );
    }
    return submit(
      ask,
      (by) => ({ kind: 'note', by, text, ...(item === undefined ? {} : { item }) }),
      () => done(`Noted. ${KEPT_WORDS}`),
    );
  },
};

/** First the words, where they can be deleted, then the entry that names them. */
const given = ({ desk, launch, slackId, triggerId }: PersonAsk, text: string): Promise<ItemPlace> =>
  desk.channelLog.give(launch.id, {
    press: pressOf(slackId, triggerId),
    user: slackId,
    text,
    atMs: desk.nowMs(),
    given: { as: 'note' },
  });
