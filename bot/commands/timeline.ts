import { done, info } from '../views/answers.ts';
import { stamp } from '../views/words.ts';
import { bareWord } from './arguments.ts';
import { postedDocument } from './posted-document.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const timeline: Subcommand = {
  name: 'timeline',
  also: ['record'],
  usage: ['timeline', 'timeline live'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Posts the whole record as a page with one axis and as Markdown: times, people, decisions, figures and what was said (its words for as long as the account keeps them, 90 days unless it says otherwise). `live` gives you a link to the page as it grows.',
  async run(ask) {
    if (ask.typed.words.map(bareWord)[0] === 'live') return liveLink(ask);
    return postedDocument(ask, {
      name: 'timeline',
      title: 'Timeline',
      command: `npm run go -- timeline --launch ${ask.launch.id}`,
    });
  },
};

function liveLink({ desk, launch, slackId }: PersonAsk): Answer {
  const link = desk.liveLinks.give(launch.id, slackId);
  if (link === null)
    return info(
      'There is no live page: nobody has said where a browser reaches this bot (`GOBUTTON_PUBLIC_URL`). `/go timeline` posts the page as it is now.',
    );
  return done(
    `<${link.url}|The timeline as it grows>, to read. The link is yours until ${stamp(link.untilMs)}; whoever has it reads what you read.`,
  );
}
