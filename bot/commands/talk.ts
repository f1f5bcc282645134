import { remainingDevices } from '../../runbooks/launch/remaining.ts';
import { timelineMarkdown } from '../../runbooks/record/timeline.ts';
import { done } from '../views/answers.ts';
import { count, oneLine, safe } from '../views/words.ts';
import { misuse, submit, type Subcommand } from './subcommand.ts';

export const note: Subcommand = {
  name: 'note', usage: ['note the ad moved to the third quarter'], group: 'Talk and end', needs: 'person',
  does: 'Writes a line into the record. What people write in the channel is in the timeline anyway.',
  async run(ask) {
    if (ask.typed.rest === '') return misuse(note, 'What should it say?');
    return submit(ask, (by) => ({ kind: 'note', by, text: ask.typed.rest }), () => done('Noted.'));
  },
};

export const timeline: Subcommand = {
  name: 'timeline', also: ['record', 'postmortem'], usage: ['timeline'], group: 'Talk and end', needs: 'person',
  does: 'Posts the whole record as a Markdown file: times, people, decisions, figures and what was said.',
  async run({ desk, launch, channelId }) {
    const [entries, messages] = await Promise.all([desk.journal.entries(launch.id), desk.cloud.record.messagesAfter(launch.id, 0)]);
    const chain = desk.journal.verify(entries);
    const markdown = timelineMarkdown(entries, messages, { chain });
    const stampedAt = new Date(desk.nowMs()).toISOString().slice(0, 19).replaceAll(':', '');
    await desk.client.files.uploadV2({
      channel_id: channelId, filename: `timeline-${launch.id}-${stampedAt}.md`, title: `Timeline of ${launch.name}`, content: markdown,
      initial_comment: `:scroll: Timeline of *${safe(launch.name, 120)}*: ${entries.length} entries, ${messages.length} messages${chain.ok ? ', hash chain verified' : `. *The hash chain is broken at entry ${chain.seq}*`}.`,
    });
    return done('The timeline stands in the channel as a Markdown file.');
  },
};

export const close: Subcommand = {
  name: 'close', also: ['end'], usage: ['close', 'close all went well'], group: 'Talk and end', needs: 'person',
  does: 'Ends the launch: nothing can be fired any more, the timeline stays.',
  async run(ask) {
    const left = (ask.launch.audience?.segments ?? []).reduce((sum, { id }) => sum + remainingDevices(ask.launch, id), 0);
    if (left > 0 && ask.typed.rest === '') return misuse(close, `*${count(left)} devices got nothing yet*, and a closed launch can't send any more. If that is meant, say why: \`/go close the ad was pulled\``);
    const answer = await submit(
      ask, (by) => ({ kind: 'close-launch', by, reason: oneLine(ask.typed.rest) }),
      () => done('The launch is closed. `/go timeline` gives its record; scale-downs still run by `/go scale`.'),
    );
    ask.desk.rooms.forget();
    return answer;
  },
};
