import type { CampaignFault } from './campaign-fault.ts';
import type { Campaign } from './schema.ts';

/** What is wrong with variants, their shares and the hold-out: asked wherever a campaign is (campaign-rules.ts). */

/** Shares are written with a few digits: three times 0.333 is not enough, 0.333, 0.333 and 0.334 is. */
const CLOSE_ENOUGH = 1e-9;

export function splitFaults(campaign: Campaign): CampaignFault[] {
  return [...shareFaults(campaign), ...variantTextFaults(campaign)];
}

function shareFaults({ variants, hold_out: holdOut = 0 }: Campaign): CampaignFault[] {
  if (holdOut >= 1)
    return [{ path: ['hold_out'], found: 'everybody held out', expected: 'less than 1: nobody would get the push' }];
  if (variants === undefined) return [];
  const ids = variants.map(({ id }) => id);
  const faults = variants.flatMap(({ id, share }, index): CampaignFault[] => [
    ...(ids.indexOf(id) < index
      ? [{ path: ['variants', String(index), 'id'], found: `${JSON.stringify(id)} twice`, expected: 'another id' }]
      : []),
    ...(share > 0
      ? []
      : [{ path: ['variants', String(index), 'share'], found: '0', expected: 'more, or no such variant' }]),
  ]);
  if (variants.length < 2)
    return [
      ...faults,
      {
        path: ['variants'],
        found: variants.length === 0 ? 'no variant' : 'one variant',
        expected: 'two or more, or no such key: a hold-out alone needs none',
      },
    ];
  const sum = variants.reduce((all, { share }) => all + share, holdOut);
  if (Math.abs(sum - 1) <= CLOSE_ENOUGH) return faults;
  return [
    ...faults,
    {
      path: ['variants'],
      found: `shares that sum to ${Number(sum.toFixed(6))}${holdOut === 0 ? '' : `, with hold_out ${holdOut}`}`,
      expected: '1',
    },
  ];
}

/** Each locale says what every variant but the first changes: a comparison in which some get the same is none. */
function variantTextFaults({ locales, variants = [] }: Campaign): CampaignFault[] {
  const [first, ...others] = variants.map(({ id }) => id);
  return Object.entries(locales).flatMap(([locale, { variants: texts = {} }]): CampaignFault[] => {
    const at = ['locales', locale, 'variants'];
    const lacking = others.filter((id) => !Object.hasOwn(texts, id));
    return [
      ...(lacking.length === 0
        ? []
        : [
            {
              path: Object.keys(texts).length === 0 ? at.slice(0, -1) : at,
              found: `no text for the variant ${lacking.join(', ')}`,
              expected: `variants: { ${lacking.map((id) => `${id}: { title: … }`).join(', ')} }, with what it changes here`,
            },
          ]),
      ...Object.entries(texts).flatMap(([id, own]): CampaignFault[] => {
        if (id === first)
          return [
            {
              path: [...at, id],
              found: JSON.stringify(id),
              expected: 'its text in the locale itself: it is the first variant',
            },
          ];
        if (!others.includes(id))
          return [
            {
              path: [...at, id],
              found: JSON.stringify(id),
              expected:
                variants.length === 0
                  ? 'the variants of the campaign with their shares first, like variants: [{ id: a, share: 0.5 }, { id: b, share: 0.5 }]'
                  : `a variant of the campaign: ${others.join(', ')}`,
            },
          ];
        return Object.keys(own).length > 0
          ? []
          : [{ path: [...at, id], found: 'nothing that it changes', expected: 'a title, a body, or another key' }];
      }),
    ];
  });
}
