import type { Preview } from '../../infra/preview/draw.ts';
import { drawPreviews } from '../../infra/preview/previews.ts';
import { may } from '../../runbooks/launch/authority.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
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
  ],
  group: 'Prepare',
  needs: 'person',
  does: 'Opens the text of the push, per locale, to edit and preview. `campaign show` only shows it, with its bytes; `campaign preview` posts pictures of locked phones with it; `campaign set` sets one key as a runbook has it, for all locales or for one (`none` takes it away).',
  async run(ask) {
    const { desk, launch, person, typed, triggerId, channelId } = ask;
    const all = Object.keys(launch.campaign.locales);
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
    const locales = localesNamed(all, typed.words);
    if (!Array.isArray(locales)) return locales;
    if (locales.length > CAMPAIGN_LOCALES)
      return misuse(
        campaign,
        `That is ${locales.length} locales; a form holds ${CAMPAIGN_LOCALES}. Name the ones to edit: \`/go campaign ${all.slice(0, 2).join(' ')}\``,
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
  const all = Object.keys(launch.campaign.locales);
  const locales = localesNamed(all, words);
  if (!Array.isArray(locales)) return locales;
  if (locales.length > PREVIEWS)
    return misuse(
      campaign,
      `That is ${locales.length} locales; one message shows ${PREVIEWS}. Name the ones to see: \`/go campaign preview ${all.slice(0, 2).join(' ')}\``,
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
function localesNamed(all: readonly string[], words: readonly string[]): string[] | Message {
  const unknown = words.find((word) => localeNamed(all, word) === undefined);
  if (unknown !== undefined)
    return misuse(
      campaign,
      `The campaign has no locale ${code(unknown)}.${didYouMean(unknown, all)} It has ${all
        .slice(0, 60)
        .map((locale) => code(locale))
        .join(' ')}.`,
    );
  const named = words.map((word) => localeNamed(all, word) ?? '');
  return named.length === 0 ? [...all] : [...new Set(named)];
}

const localeNamed = (all: readonly string[], word: string): string | undefined =>
  all.find((locale) => locale.toLowerCase() === word.toLowerCase());

/** As a form gives it. Null: the field was left empty. */
export interface TypedText {
  title?: string;
  subtitle?: string | null;
  body?: string;
}

/** The campaign with the texts of a form put in; an absent or empty field keeps what there was, but for a subtitle, which it takes away. */
export function withTexts(present: Campaign, texts: ReadonlyMap<string, TypedText>): Campaign {
  const locales = Object.fromEntries(
    Object.entries(present.locales).map(([locale, { subtitle: was, ...old }]) => {
      const fresh = texts.get(locale);
      const subtitle = fresh?.subtitle === undefined ? was : (fresh.subtitle ?? undefined);
      return [
        locale,
        {
          ...old,
          title: fresh?.title ?? old.title,
          ...(subtitle === undefined ? {} : { subtitle }),
          body: fresh?.body ?? old.body,
        },
      ];
    }),
  );
  return { ...present, locales };
}
