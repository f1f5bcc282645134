import type { AudienceRef } from '../../runbooks/launch/entries.ts';
import { splitOf } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { audience, sampleRunbook, Scene } from './scene.ts';

/** The sample launch with two variants and a hold-out. */

const plain = sampleRunbook().campaign;
export const splitCampaign: Campaign = {
  ...plain,
  variants: [
    { id: 'a', share: 0.45 },
    { id: 'b', share: 0.45 },
  ],
  hold_out: 0.1,
  locales: {
    en: { title: 'Did you see that?', body: 'Do your lesson.', variants: { b: { title: 'You missed it', badge: 2 } } },
    'pt-BR': { title: 'Você viu?', body: 'Faça sua lição.', variants: { b: { title: 'Você perdeu' } } },
  },
};
const split = splitOf(splitCampaign) ?? { salt: '', variants: [], holdOut: 0 };
export const splitAudience: AudienceRef = {
  ...audience,
  hash: 'b'.repeat(64),
  segments: [
    {
      id: 'us-ios',
      platform: 'ios',
      devices: 500,
      batches: 2,
      locales: { 'en/a': 240, 'en/b': 260 },
      variants: { a: 240, b: 260 },
      heldOut: 50,
    },
    {
      id: 'us-android',
      platform: 'android',
      devices: 300,
      batches: 2,
      locales: { 'en/a': 150, 'en/b': 150 },
      variants: { a: 150, b: 150 },
      heldOut: 40,
    },
    {
      id: 'br-ios',
      platform: 'ios',
      devices: 200,
      batches: 2,
      locales: { 'pt-BR/a': 90, 'pt-BR/b': 110 },
      variants: { a: 90, b: 110 },
      heldOut: 20,
    },
  ],
  locales: { 'en/a': 390, 'en/b': 410, 'pt-BR/a': 90, 'pt-BR/b': 110 },
  split,
  heldOut: 112,
};

/** With its audience, green and ticked. */
export function splitScene(): Scene {
  const made = Scene.created(sampleRunbook({ campaign: splitCampaign }));
  made.does({ kind: 'set-audience', by: 'mia', audience: splitAudience });
  made.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  return made;
}
