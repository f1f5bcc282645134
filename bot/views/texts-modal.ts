import type { KnownBlock, ModalView } from '@slack/types';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
import { textsOf, writtenText } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { context, section } from './blocks.ts';
import { besideLines } from './content.ts';
import { campaignOf } from './order.ts';
import { count, fit, plural, safe, short } from './words.ts';

/** A view holds 100 blocks of 3,000 characters. */
const MODAL_BLOCKS = 96;
const BODY_CHARS = 2_700;

/** Every text of an order, whole: what its message in the channel has no room for. */
export function textsModal(launch: Launch, order: FireOrder): ModalView {
  const campaign = campaignOf(launch, order);
  const base = {
    type: 'modal' as const,
    title: { type: 'plain_text' as const, text: 'Texts of the order' },
    close: { type: 'plain_text' as const, text: 'Close' },
  };
  if (campaign === null)
    return {
      ...base,
      blocks: [
        section(
          'The text was changed after this order was shown, and nothing of it was sent. `/go timeline` has both.',
        ),
      ],
    };
  const audience = Object.values(launch.shots).find((shot) => shot.orderId === order.id)?.audience ?? launch.audience;
  const devices = devicesPerText(campaign, audience, order.shown.segments);
  const locales = textsOf(campaign)
    .filter((locale) => devices === null || (devices[locale] ?? 0) > 0)
    .toSorted((a, b) => (devices?.[b] ?? 0) - (devices?.[a] ?? 0) || a.localeCompare(b, 'en'));
  const blocks: KnownBlock[] = [
    context(
      `Order \`${safe(order.id, 60)}\` · content \`${short(order.shown.contentHash)}\` · ${plural(locales.length, 'text')}`,
    ),
  ];
  for (const [at, locale] of locales.entries()) {
    const whole = textBlocks(campaign, locale, devices?.[locale] ?? null);
    if (blocks.length + whole.length > MODAL_BLOCKS) {
      blocks.push(
        section(`… and ${plural(locales.length - at, 'more text')}. The file of \`/go timeline\` has them all.`),
      );
      break;
    }
    blocks.push(...whole);
  }
  // Links, images, buttons, sounds: as much of it as a view has room for.
  if (blocks.length < MODAL_BLOCKS) blocks.push(section(fit(besideLines(campaign, locales, 1_200), BODY_CHARS)));
  return { ...base, blocks };
}

function textBlocks(campaign: Campaign, locale: string, devices: number | null): KnownBlock[] {
  const text = writtenText(campaign, locale);
  const head = `\`${safe(locale, 20)}\`${devices === null ? '' : ` · ${count(devices)} ${devices === 1 ? 'device' : 'devices'}`}\n*${safe(text?.title ?? '', 1_200)}*${text?.subtitle === undefined ? '' : `\n_${safe(text.subtitle, 600)}_`}`;
  const body = safe(text?.body ?? '', 30_000);
  if (head.length + body.length < BODY_CHARS) return [section(`${head}\n${body}`)];
  // An escaped sign must not be cut in two.
  return [section(head), ...(body.match(/(?:&(?:amp|lt|gt);|[^]){1,2600}/gu) ?? []).map((part) => section(part))];
}
