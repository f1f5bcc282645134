import { copyDoubts, doubtsText } from '../../runbooks/launch/copy-doubts.ts';
import { localized } from '../../runbooks/launch/localized.ts';
import { LONGEST_LAUNCH_ID, PAYLOAD_LIMIT_BYTES, payloadSizes } from '../../runbooks/launch/payload.ts';
import { platformNotes } from '../../runbooks/launch/platform-notes.ts';
import { localeOf, splitOf, splitText, textsOf } from '../../runbooks/launch/variants.ts';
import type { Campaign, Runbook } from '../../runbooks/playbook/schema.ts';
import { whoMay } from '../local/event/who-may.ts';
import { visible } from '../visible.ts';
import { columns } from './columns.ts';

/** What a runbook that is right holds, in the lines that one looks at before the event. */
export function summaryText(runbook: Runbook): string {
  const { people, gates, phases, scale_targets: targets, pool, campaign } = runbook;
  const steps = phases.flatMap((phase) => phase.steps);
  const sizes = payloadSizes(campaign, LONGEST_LAUNCH_ID);
  const bytes = (text: string, platform: 'ios' | 'android') =>
    (sizes.find((one) => one.text === text && one.platform === platform)?.bytes ?? 0).toLocaleString('en-US');
  return [
    `${runbook.title} (${runbook.id}): nothing is wrong with it`,
    ...columns([
      ['  people', `${people.length}. ${whoMay(runbook)}`],
      [
        '  gates',
        `${gates.length}, of which ${gates.filter(({ hard }) => hard).length} hard and ${gates.filter(({ probe }) => probe === undefined).length} ticked by people`,
      ],
      ['  steps', `${steps.length} in ${phases.length} phases`],
      [
        '  fleets',
        targets
          .map(({ id }) => (id === pool.scale_target ? `${id} (the pool, ${pool.workers} workers)` : id))
          .join(', '),
      ],
    ]),
    ...splitLine(campaign),
    '',
    `Bytes of each text, as sent with the longest ids; providers take ${PAYLOAD_LIMIT_BYTES.toLocaleString('en-US')}`,
    ...columns([
      ['  locale', 'iOS', 'Android', 'title'],
      ...textsOf(campaign).map((text) => [
        `  ${text}${localeOf(text) === campaign.default_locale ? ' (default)' : ''}`,
        bytes(text, 'ios'),
        bytes(text, 'android'),
        localized(campaign, text).title,
      ]),
    ]),
    ...platformNotes(campaign).map((note) => `  ${note}`),
    ...unfinished(campaign),
  ]
    .map(visible)
    .join('\n');
}

function splitLine(campaign: Campaign): string[] {
  const split = splitOf(campaign);
  return split === null ? [] : [`  of the users ${splitText(split)}, by the hash of ${split.salt}/user`];
}

/** A placeholder may be meant; a person decides, once more before GO. */
function unfinished(campaign: Campaign): string[] {
  const doubts = copyDoubts(campaign);
  if (doubts.length === 0) return [];
  return [
    '',
    `Looks unfinished: ${doubtsText(doubts, 20)}`,
    'Nothing is filled in when the push goes out: what stands here is what every device of that locale gets. Correct it, or the launch asks somebody to tick that it is meant so.',
  ];
}
