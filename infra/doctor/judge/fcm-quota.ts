import { FCM_PER_MINUTE } from '../../../contract/sizing.ts';
import { about, figure } from './line.ts';
import type { Line } from './line.ts';
import type { Need } from './need.ts';
import { SAY_DEVICES } from './tables.ts';

/** Lead times of Google for an event (docs/facts.md#fcm-event-quota). */
const LEAD_DAYS = 15;
const LEAD_DAYS_LARGE = 30;
const LARGE_PER_MINUTE = 18_000_000;
const DAY_MS = 86_400_000;

/** What Google has granted against what the plan sends in its busiest minute, and whether that is over in time. */
export function judgeFcmQuota(need: Need | null, nowMs: number): Line {
  const line = about('providers.fcm-quota', 'FCM quota');
  if (need === null) return line.unknown({ found: 'no figures', needed: 'known with the audience', fix: SAY_DEVICES });
  const {
    devices: { android },
    fcm: { pacePerSecond, eventQuota, notAfterMs },
  } = need;
  // Pace 0 is none: all of it goes out in the first minute.
  const busiest = pacePerSecond === 0 ? android : Math.min(android, pacePerSecond * 60);
  const granted = eventQuota === null ? FCM_PER_MINUTE : eventQuota.perSecond * 60;
  const needed = `${figure(busiest)} messages a minute`;
  const found = `${figure(granted)} a minute, ${eventQuota === null ? "Google's default" : `"${eventQuota.reference}"${eventQuota.confirmed === null ? '' : `, confirmed by ${eventQuota.confirmed.by} on ${eventQuota.confirmed.on}`}`}`;
  const request = letter(need, busiest, nowMs);
  if (busiest > granted)
    return line.wrong({
      found,
      needed,
      fix: 'Send Google the letter, then put its answer into `delivery.android_event_quota` of the runbook; or lower `android_per_second`',
      request,
    });
  const tookMs = pacePerSecond === 0 ? 0 : (android / pacePerSecond) * 1_000;
  if (tookMs > notAfterMs)
    return line.wrong({
      found: `${found}; at ${figure(pacePerSecond)} a second ${figure(android)} devices take ${minutes(tookMs)}`,
      needed: `all of Android within ${minutes(notAfterMs)} (android_not_after)`,
      fix: 'Ask Google for an event quota with the letter, or raise `android_not_after`: what is later is not sent',
      request: letter(need, android, nowMs),
    });
  return eventQuota !== null && eventQuota.confirmed === null
    ? line.unknown({
        found: `${found}, and nobody has put down who confirmed it, and when`,
        needed,
        fix: 'Put `confirmed_by` and `confirmed_on` beside its `reference` in the runbook',
      })
    : line.ok({ found, needed });
}

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

function letter(
  { name, targetAtMs, devices, fcm, perSecond }: Need,
  perMinute: number,
  nowMs: number,
): NonNullable<Line['request']> {
  const lead = perMinute > LARGE_PER_MINUTE ? LEAD_DAYS_LARGE : LEAD_DAYS;
  const latest = targetAtMs === null ? null : targetAtMs - lead * DAY_MS;
  const late = latest !== null && latest < nowMs;
  return {
    to: 'Firebase Support',
    subject: `FCM event quota: ${figure(perMinute)} messages a minute${targetAtMs === null ? '' : ` on ${day(targetAtMs)}`}`,
    text: [
      `For "${name}" we ask for a temporary quota of ${figure(perMinute)} messages a minute (HTTP v1, project: see the service account)${targetAtMs === null ? '' : `, on ${day(targetAtMs)} (UTC)`}, and in the same window for one rehearsal.`,
      `${figure(devices.android)} Android devices get one message each, ${fcm.pacePerSecond === 0 || fcm.eventQuota !== null ? `up to ${figure(Math.max(fcm.pacePerSecond, perSecond.android))} a second` : `at ${figure(fcm.pacePerSecond)} a second`}. The moment follows a live broadcast and can't be scheduled, so we also ask for your word on the ramp and on :00, :15, :30 and :45.`,
      `Google wants this ${lead} days ahead${latest === null ? '' : `: by ${day(latest)}${late ? ', which is over: call your contact at Google' : ''}`}, twice a year and 30 days a year at most.`,
    ].join('\n'),
  };
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
