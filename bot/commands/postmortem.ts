import { POSTMORTEM_STATES } from '../../runbooks/launch/entries.ts';
import type { PostmortemState } from '../../runbooks/launch/entries.ts';
import type { PostmortemOptions } from '../../runbooks/postmortem/postmortem.ts';
import { askedNow } from '../actions/afterwards.ts';
import { putCanvas } from '../channel/put-canvas.ts';
import { code, done, info } from '../views/answers.ts';
import { safe } from '../views/words.ts';
import { bareWord } from './arguments.ts';
import { withMe } from './compare.ts';
import { madeDocument } from './made-document.ts';
import { postedDocument } from './posted-document.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const postmortem: Subcommand = {
  name: 'postmortem',
  also: ['post-mortem'],
  usage: ['postmortem', 'postmortem superbowl-2026', 'postmortem canvas', 'postmortem review', 'postmortem done'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Posts the postmortem as a page and as Markdown: what was sent to whom, what was noticed when, how long each stage took, and what only people know, as questions. Beside an earlier launch of yours, if you name one. `canvas` puts it into a tab of the channel, in the place of the last one. `review`, `done` and `draft` say how far it is.',
  async run(ask) {
    const [word, ...more] = ask.typed.words.map(bareWord);
    const to = POSTMORTEM_STATES.find((state) => state === word && more.length === 0);
    if (to !== undefined) return turned(ask, to);
    if (word === 'canvas' && more.length === 0) return asCanvas(ask);
    const earlier = await earlierLaunch(ask);
    if (earlier === null)
      return misuse(
        postmortem,
        `There is no other launch ${code(ask.typed.rest)} with you on its roster, to stand beside this one.`,
      );
    return postedDocument(ask, {
      name: 'postmortem',
      title: 'Postmortem',
      command: postmortemCommand(ask.launch.id),
      ...earlier,
    });
  },
};

async function turned(ask: PersonAsk, to: PostmortemState): Promise<Answer> {
  // What it asks is in the whole record, and only done goes by it.
  const questions = to === 'done' ? (await askedNow(ask.desk, ask.launch.id)).questions : [];
  return submit(
    ask,
    (by) => ({ kind: 'turn-postmortem', by, to, questions }),
    () => done(`${TURNED[to]} \`/go postmortem\` shows it.`),
  );
}

const TURNED = {
  draft: 'The postmortem is a draft again.',
  review: 'The postmortem is in review.',
  done: 'The postmortem is done. Whatever is answered, set or closed from now on is in it too, and it says so.',
} as const;

/** The launch that was named, if any. Null: there is none such. */
async function earlierLaunch(ask: PersonAsk): Promise<Pick<PostmortemOptions, 'other'> | null> {
  const id = ask.typed.rest.trim();
  if (id === '') return {};
  const other = await withMe(ask, id);
  return other === null ? null : { other };
}

const postmortemCommand = (launchId: string): string =>
  `npm run record -- postmortem --launch ${launchId} --out postmortem.md`;

async function asCanvas(ask: PersonAsk): Promise<Answer> {
  const { desk, launch, channelId } = ask;
  const document = await madeDocument(ask, { name: 'canvas', command: postmortemCommand(launch.id) });
  if ('answer' in document) return document.answer;
  const { markdown } = document.made;
  const title = `Postmortem of ${launch.name} (${launch.id})`;
  const why = await putCanvas(desk, { launchId: launch.id, channelId, title, markdown });
  if (why !== null)
    return info(
      `The canvas is not as the record stands now. ${why} \`/go postmortem\` posts it as a page and as Markdown.`,
    );
  return done(
    `*${safe(title, 160)}* is a canvas of this channel, as the record stands now. Ask again for what comes later.`,
  );
}
