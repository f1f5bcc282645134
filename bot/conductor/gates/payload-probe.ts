import type { Measured } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { payloadProblems } from '../../../runbooks/launch/payload.ts';
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
  const problems = payloadProblems(launch.campaign, launch.id);
  if (problems.length === 0)
    return {
      status: 'green',
      value: 0,
      say: `every locale (${Object.keys(launch.campaign.locales).length}) is within 4,096 bytes`,
    };
  const worst = Math.max(...problems.map(({ bytes }) => bytes));
  return {
    status: 'red',
    value: worst,
    say: `over 4,096 bytes: ${problems
      .slice(0, 5)
      .map((one) => `${one.locale} ${one.platform} ${one.bytes}`)
      .join(', ')}`,
  };
}
