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
  const unpriced = fleets.filter(({ usdHour, running }) => usdHour === null && running > 0);
  const sum = priced.reduce((usd, { usdHour }) => usd + (usdHour ?? 0), 0);
  return fit(
    [
      ...fleets.map((fleet) => `${safe(fleet.title, 60)}: ${count(fleet.running)}, ${hourly(fleet)}`),
      ...(priced.length > 1 ? [`*in all* ${dollars(sum)} an hour${notPriced(unpriced)}`] : []),
    ],
    600,
  );
}

/** The reminder after the event, behind which one it is. */
export function stillUpText(fleets: readonly FleetNow[]): string {
  const lines = fleets.map(
    (fleet) =>
      `${fleet.title}: ${count(fleet.running)} run, ${count(fleet.before ?? 0)} ran before the launch (${hourly(fleet)}). Lower it: /go scale ${fleet.target} ${fleet.before ?? 0}`,
  );
  return `the event is over, and ${plural(fleets.length, 'fleet')} that it raised ${fleets.length === 1 ? 'is' : 'are'} still up. ${lines.join(' · ')}`;
}

/** The rest of it. What has no price is named: a sum without it is not taken for all. `prices` null: the region has none here. */
export function costText(
  { fleets, sent, requestsUsd, usd }: LaunchCost,
  { prices, region }: { prices: Prices | null; region: string },
): string {
  const of = (value: number | null) => (value === null ? '' : ` ${dollars(value)}`);
  const parts = [
    ...fleets.map(
      (fleet) => `${fleet.title} ${count(Math.round(fleet.unitHours * 100) / 100)} unit-hours${of(fleet.usd)}`,
    ),
    `${plural(sent, 'notification')} with their requests and traffic${of(requestsUsd)}`,
  ].join(', ');
  if (prices === null || usd === null)
    return ` is not priced: this version has no price list of ${region}. Paid for are ${parts}.`;
  return `, by the price list of ${prices.region} of ${prices.asOf}: ${dollars(usd)}${notPriced(fleets.filter((one) => one.usd === null))}. ${parts}.`;
}

const notPriced = (fleets: readonly { title: string }[]): string =>
  fleets.length === 0 ? '' : `, not priced: ${fleets.map(({ title }) => title).join(', ')}`;
