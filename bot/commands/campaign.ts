import type { Preview } from '../../infra/preview/draw.ts';
import { drawPreviews } from '../../infra/preview/previews.ts';
import { may } from '../../runbooks/launch/authority.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
import { partsOfText, textsNamed, textsOf, writtenText } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { postPreviews } from '../channel/post-previews.ts';
import { code, done, info } from '../views/answers.ts';
import { message, section } from '../views/blocks.ts';
import { contentTexts, doubtsNote, previewText, sizesText } from '../views/content.ts';
import type { Message } from '../views/message.ts';
import { CAMPAIGN_LOCALES, campaignModal } from '../views/modals.ts';
import { safe } from '../views/words.ts';
import { changedCampaign } from './campaign-set.ts';
import { didYouMean } from './nearest.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const campaign: Subcommand = {
  name: 'campaign',
  also: ['text', 'copy', 'edit'],
  usage: [
    'campaign',
    'campaign de fr',
    'campaign show',
    'campaign preview',
    'campaign preview de fr',
    'campaign set de badge 2',
    'campaign set de/b image none',
  ],
  group: 'Prepare',
  needs: 'person',
  does: 'Opens the text of the push, per locale and variant, to edit and preview. `campaign show` only shows it, with its bytes; `campaign preview` posts pictures of locked phones with it; `campaign set` sets one key as a runbook has it, for all locales, for one, or for one variant of it (`none` takes it away).',
  async run(ask) {
    const { desk, launch, person, typed, triggerId, channelId } = ask;
    const all = textsOf(launch.campaign);
    if (typed.words[0]?.toLowerCase() === 'preview') return preview(ask, typed.words.slice(1));
    if (typed.words[0]?.toLowerCase() === 'set') return setKey(ask, typed.rest.replace(/^\S+\s*/, ''));
    if (typed.words[0]?.toLowerCase() === 'show' || !may(person, 'set-campaign'))
      return message('The text of the push', [
        ...contentTexts(
          launch.campaign,
          launch.audience === null
            ? null
            : devicesPerText(
                launch.campaign,
                launch.audience,
                launch.audience.segments.map(({ id }) => ({ segment: id })),
              ),
        ).sections,
        section(sizesText(launch.campaign, launch.id)),
      ]);
    const locales = textsMeant(launch.campaign, typed.words);
    if (!Array.isArray(locales)) return locales;
    if (locales.length > CAMPAIGN_LOCALES)
      return misuse(
        campaign,
        `That is ${locales.length} texts; a form holds ${CAMPAIGN_LOCALES}. Name the ones to edit: \`/go campaign ${all.slice(0, 2).join(' ')}\``,
      );
    await desk.client.views.open({ trigger_id: triggerId, view: campaignModal(launch, locales, channelId, null) });
    return null;
  },
};

function setKey(ask: PersonAsk, typed: string): Promise<Answer> | Message {
  const changed = changedCampaign(ask.launch.campaign, typed);
  if (!changed.ok) return misuse(campaign, safe(`Nothing was changed. ${changed.problem}.`, 1_500));
  return submit(
    ask,
    (by, present) => {
      // On what stands by now: a text that somebody has saved meanwhile stays.
      const again = changedCampaign(present.campaign, typed);
      return { kind: 'set-campaign', by, campaign: again.ok ? again.campaign : present.campaign };
    },
    (launch) => done(`Saved. Orders, ticks and test copies of the old content are void.${doubtsNote(launch.campaign)}`),
  );
}

/** A file for each; more nobody looks at in one message. */
const PREVIEWS = 10;

async function preview({ desk, launch, channelId }: PersonAsk, words: readonly string[]): Promise<Message> {
  const all = textsOf(launch.campaign);
  const locales = textsMeant(launch.campaign, words);
  if (!Array.isArray(locales)) return locales;
  if (locales.length > PREVIEWS)
    return misuse(
      campaign,
      `That is ${locales.length} texts; one message shows ${PREVIEWS}. Name the ones to see: \`/go campaign preview ${all.slice(0, 2).join(' ')}\``,
    );
  const { campaign: content, contentHash } = launch;
  let previews: Preview[];
  try {
    previews = await drawPreviews(content, locales);
    await postPreviews(desk.client, { channelId, contentHash, comment: previewText(contentHash, previews), previews });
  } catch (error) {
    desk.log.error({ err: error, launchId: launch.id }, 'no pictures of the texts');
    return info(
      'The pictures could not be drawn or posted, so there is no preview. `/go test` sends a copy to phones of the launch.',
    );
  }
  return done(`The ${previews.length === 1 ? 'picture stands' : 'pictures stand'} in the channel.`);
}

/** Those that were named, or all; or what to tell whoever named one that there is not. */
function textsMeant(present: Campaign, words: readonly string[]): string[] | Message {
  const all = textsOf(present);
  const unknown = words.find((word) => textsNamed(present, word).length === 0);
  if (unknown !== undefined)
    return misuse(
      campaign,
      `The campaign has no ${unknown.includes('/') ? 'text' : 'locale'} ${code(unknown)}.${didYouMean(unknown, all)} It has ${all
        .slice(0, 60)
        .map((text) => code(text))
        .join(' ')}.`,
    );
  return words.length === 0 ? all : [...new Set(words.flatMap((word) => textsNamed(present, word)))];
}

/** As a form gives it. Null: the field was left empty. */
export interface TypedText {
  title?: string;
  subtitle?: string | null;
  body?: string;
}

/** The campaign with the texts of a form put in; an absent or empty field keeps what there was, but for a subtitle, which it takes away. */
export function withTexts(present: Campaign, texts: ReadonlyMap<string, TypedText>): Campaign {
  const changed = structuredClone(present);
  const isFirst = (variant: string | null): boolean => variant === null || variant === present.variants?.[0]?.id;
  // The locale itself comes first: a variant that would follow its change, and was not changed in the form, keeps what stands there.
  const inOrder = [...texts].map(([name, typed]) => ({ name, typed, ...partsOfText(name) }));
  for (const { name, typed, locale, variant } of inOrder.toSorted(
    (a, b) => Number(isFirst(b.variant)) - Number(isFirst(a.variant)),
  )) {
    const text = changed.locales[locale];
    const was = writtenText(changed, name);
    if (text === undefined || was === null) continue;
    if (isFirst(variant)) {
      text.title = typed.title ?? text.title;
      text.body = typed.body ?? text.body;
      if (typed.subtitle === null) delete text.subtitle;
      else if (typed.subtitle !== undefined) text.subtitle = typed.subtitle;
      continue;
    }
    const own = ((text.variants ??= {})[variant ?? ''] ??= {});
    const { title = was.title, body = was.body } = typed;
    if (title !== was.title) own.title = title;
    if (body !== was.body) own.body = body;
    if (typed.subtitle !== undefined && (typed.subtitle ?? '') !== (was.subtitle ?? ''))
      own.subtitle = typed.subtitle ?? '';
  }
  return changed;
}
