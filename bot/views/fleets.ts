import type { FleetNow } from '../../runbooks/cost/fleets.ts';
import type { LaunchCost } from '../../runbooks/cost/launch-cost.ts';
import type { Prices } from '../../runbooks/cost/prices.ts';
import { count, fit, plural, safe } from './words.ts';

/** What runs and what it costs, in words. */

const dollars = (usd: number): string => (usd > 0 && usd < 0.01 ? 'under $0.01' : `$${usd.toFixed(2)}`);
const hourly = ({ usdHour }: FleetNow): string => (usdHour === null ? 'no price known' : `${dollars(usdHour)} an hour`);

/** Of the board; null: there is nothing to show. */
export function fleetsText(fleets: readonly FleetNow[]): string | null {
  if (fleets.every(({ running }) => running === 0)) return null;
  const priced = fleets.filter(({ usdHour }) => usdHour !== null);
  const sum = priced.reduce((usd, { usdHour }) => usd + (usdHour ?? 0), 0);
  return fit(
    [
      ...fleets.map((fleet) => `${safe(fleet.title, 60)}: ${count(fleet.running)}, ${hourly(fleet)}`),
      ...(priced.length > 1 ? [`*in all* ${dollars(sum)} an hour`] : []),
    ],
    600,
  );
}

/** The reminder after the event. */
export function stillUpText(fleets: readonly FleetNow[]): string {
  const lines = fleets.map(
    (fleet) =>
      `${fleet.title}: ${count(fleet.running)} run, ${count(fleet.before ?? 0)} ran before the launch (${hourly(fleet)}). Lower it: /go scale ${fleet.target} ${fleet.before ?? 0}`,
  );
  return `The event is over, and ${plural(fleets.length, 'fleet')} that it raised ${fleets.length === 1 ? 'is' : 'are'} still up. ${lines.join(' · ')}`;
}

/** The last line of the record. */
export function costText({ fleets, sent, requestsUsd, usd }: LaunchCost, prices: Prices): string {
  const parts = [
    ...fleets.map(
      (fleet) =>
        `${fleet.title} ${count(Math.round(fleet.unitHours * 100) / 100)} unit-hours ${fleet.usd === null ? '(no price known)' : dollars(fleet.usd)}`,
    ),
    `${plural(sent, 'notification')} with their requests and traffic ${dollars(requestsUsd)}`,
  ];
  return `What the launch cost on top of what ran anyway, by the price list of ${prices.region} of ${prices.asOf}: ${dollars(usd)}. ${parts.join(', ')}.`;
}
