import type { Measured } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { PAYLOAD_LIMIT_BYTES, payloadSizes } from '../../../runbooks/launch/payload.ts';
import type { PayloadSize } from '../../../runbooks/launch/payload.ts';
import { textsOf } from '../../../runbooks/launch/variants.ts';
import { campaignFaults, faultText } from '../../../runbooks/playbook/campaign-rules.ts';

/** What providers would refuse in the campaign as it is, in words or in bytes. */
export function payloadSize(launch: Launch): Pick<Measured, 'status' | 'value' | 'say'> {
  const faults = campaignFaults(launch.campaign);
  if (faults.length > 0)
    return {
      status: 'red',
      value: null,
      say: `providers would refuse it: ${faults.slice(0, 3).map(faultText).join('; ')}${faults.length > 3 ? `, and ${faults.length - 3} more` : ''}`,
    };
  const sizes = payloadSizes(launch.campaign, launch.id).toSorted((a, b) => b.bytes - a.bytes);
  const problems = sizes.filter(({ bytes }) => bytes > PAYLOAD_LIMIT_BYTES);
  const [largest] = sizes;
  if (problems.length === 0)
    return {
      status: 'green',
      value: 0,
      say: `every ${launch.campaign.variants === undefined ? 'locale' : 'text'} (${textsOf(launch.campaign).length}) is within 4,096 bytes${largest === undefined ? '' : `; the largest is ${sizeText(largest)}`}`,
    };
  return {
    status: 'red',
    value: largest?.bytes ?? null,
    say: `over 4,096 bytes: ${problems.slice(0, 5).map(sizeText).join(', ')}`,
  };
}

const sizeText = ({ text, platform, bytes }: PayloadSize): string => `${text} ${platform} ${bytes}`;
