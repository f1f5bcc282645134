import { Resvg } from '@resvg/resvg-js';
import { localized } from '../../runbooks/launch/localized.ts';
import { localeOf } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { Fonts } from './fonts.ts';
import type { FontFiles } from './fonts.ts';
import { OWN_WORDS, PICTURE_WIDTH, phonePicture } from './phone-picture.ts';

export interface Preview {
  /** Which text. */
  locale: string;
  png: Uint8Array;
  /** `title on iOS`: what a lock screen does not show whole. */
  cut: string[];
  /** Characters that none of the fonts here has; a phone has its own. */
  missing: string[];
}

/** Sharp on a screen of two dots a point. */
const SCALE = 1.5;

/** Takes some hundred milliseconds of the calling thread, so it is called in one of its own (previews.ts). */
export async function drawPreview(campaign: Campaign, text: string, files: FontFiles = new Map()): Promise<Preview> {
  const shown = localized(campaign, text);
  const locale = localeOf(text);
  const fonts = await Fonts.forText(`${shown.title}${shown.subtitle}${shown.body}${text}${OWN_WORDS}`, locale, files);
  const { svg, cut } = phonePicture(fonts, { name: text, locale }, shown, campaign.fcm.color ?? '#6b6f76');
  const png = new Resvg(svg, {
    fitTo: { mode: 'width', value: PICTURE_WIDTH * SCALE },
    font: { loadSystemFonts: false },
  })
    .render()
    .asPng();
  return { locale: text, png, cut, missing: [...fonts.missing] };
}
