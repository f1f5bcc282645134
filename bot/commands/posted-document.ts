import { postDocument } from '../channel/post-document.ts';
import { done, info } from '../views/answers.ts';
import { shortTimelineMessage } from '../views/timeline-short.ts';
import { plural, safe } from '../views/words.ts';
import { madeDocument } from './made-document.ts';
import type { Made, WantedDocument } from './made-document.ts';
import type { Answer, PersonAsk } from './subcommand.ts';

/** A document of the launch, posted in its channel as a page and as Markdown. */
export async function postedDocument(ask: PersonAsk, wanted: WantedDocument & { title: string }): Promise<Answer> {
  const { name, title, command } = wanted;
  const { desk, launch, channelId } = ask;
  const document = await madeDocument(ask, wanted);
  if ('answer' in document) return document.answer;
  const { entries, messages } = document;
  const { markdown, page, chain, channel, short } = document.made;
  if (short !== null) await postShort(ask, short);
  const stampedAt = new Date(desk.nowMs()).toISOString().slice(0, 19).replaceAll(':', '');
  const talk = messages.filter(
    ({ refused, mark, file, given }) => (refused ?? mark ?? file ?? given) === undefined,
  ).length;
  const refusals = messages.filter(({ refused }) => refused !== undefined).length;
  const { how, ...rest } = await postDocument(desk.client, desk.log, {
    channelId,
    launchId: launch.id,
    filename: `${name}-${launch.id}-${stampedAt}`,
    title: `${title} of ${launch.name}`,
    command,
    markdown,
    page,
    comment: `:scroll: ${title} of *${safe(launch.name, 120)}*: ${entries} entries, ${plural(talk, 'message')} of people${refusals === 0 ? '' : `, ${refusals} refused`}${chain.ok ? ', hash chain verified' : `. *The hash chain is broken at entry ${chain.seq}*`}${channel.ok ? '' : `. *The chain of channel messages is broken at message ${channel.seq}*`}.`,
  });
  if (!('parts' in rest))
    return done(`The ${name} stands in the channel: as a page to open in a browser, and as Markdown.`);
  if (how === 'thread' && rest.parts === rest.of)
    return done(`Slack took no file, so the ${name} stands in a thread of the channel.`);
  return info(
    `Slack took no file, and ${rest.parts} of ${rest.of} messages of the ${name}${how === 'thread' ? ' fit into a thread' : ' got through'}. It is whole on the command line: \`${command}\``,
  );
}

/** What it can't say the files that follow say all the same. */
async function postShort(
  { desk, launch, channelId }: PersonAsk,
  { targetAtMs, phases }: NonNullable<Made['short']>,
): Promise<void> {
  try {
    const { text, blocks } = shortTimelineMessage({ name: launch.name, targetAtMs }, phases);
    await desk.client.chat.postMessage({
      channel: channelId,
      text,
      blocks: [...blocks],
      unfurl_links: false,
      unfurl_media: false,
    });
  } catch (error) {
    desk.log.error({ err: error, launchId: launch.id }, 'the timeline in short could not be posted');
  }
}
