import type { Runbook } from '../playbook/schema.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { AudienceRef, RehearsalSample, Rehearses, SentWhat } from './entries.ts';
import type { Launch } from './launch.ts';
import { plannedFleets } from './rehearsal-report.ts';

/**
 * A rehearsal that sends: a launch of its own, made from the one that it rehearses (docs/decisions/rehearsals-that-send.md). Its runbook has the same people, texts,
 * delivery and fleets, and of the plan only what raises the fleets and takes them down: nobody is paged, asked or called, and no switch is set.
 */

/** How many devices that is, at most and exactly, of this audience. */
export function sampleSize(sample: RehearsalSample, audience: AudienceRef): number {
  if ('first' in sample) return Math.min(sample.first, audience.devices);
  if ('share' in sample) return Math.ceil(sample.share * audience.devices);
  return audience.segments
    .filter(({ id }) => sample.segments.includes(id))
    .reduce((sum, { devices }) => sum + devices, 0);
}

/** Of a launch's id in that of its rehearsal: an id has at most 60 characters. */
const LONGEST_PARENT = 44;

/** What is too long loses words of its name, and not the end of its date. */
export function rehearsalId(launchId: string, n: number): string {
  const [, name = launchId, date = ''] = /^(.*?)(-\d{4}-\d\d-\d\d)?$/.exec(launchId) ?? [];
  const most = LONGEST_PARENT - date.length;
  const short =
    name.length <= most
      ? name
      : name
          .slice(0, most + 1)
          .replace(/-[^-]*$/, '')
          .slice(0, most);
  return `${short}${date}-rehearsal-${n}`;
}

export function sampleText(sample: RehearsalSample): string {
  if ('first' in sample) return `the first ${sample.first.toLocaleString('en-US')} devices`;
  if ('share' in sample && sample.share === 1) return 'all devices';
  if ('share' in sample)
    return `${(sample.share * 100).toLocaleString('en-US', { maximumFractionDigits: 4 })} % of the devices`;
  return sample.segments.join(', ');
}

/** A push to everybody is the launch itself, with all of its gates; a rehearsal has fewer. Null: it is for some of them, or shows nothing. */
export function wholeRefusal({ what, atMost, sample }: Rehearses, audience: AudienceRef): Refusal | null {
  if (what === 'silent' || atMost < audience.devices) return null;
  const all = audience.devices.toLocaleString('en-US');
  return refuse(
    'REHEARSAL_TOO_LARGE',
    `For ${sampleText(sample)} it would go to all ${all} devices of the launch, and a rehearsal is for some of them. Name fewer, or fire the launch itself.`,
  );
}

/** Why this audience can't be a rehearsal's; null: it can, or the launch is none. Asked when it is set, and by every worker again at each order. */
export function sampleRefusal(
  { rehearses }: Pick<Launch, 'rehearses'>,
  { devices, sampleOf }: AudienceRef,
): Refusal | null {
  if (rehearses === null) return null;
  // What both people are shown says whom it goes to.
  if (sampleOf !== rehearses.audienceHash)
    return refuse(
      'VALUE_INVALID',
      `This is a rehearsal for ${sampleText(rehearses.sample)} of ${rehearses.launchId}, and the audience is no sample of that one's. Take it with \`/go audience take\`.`,
    );
  if (devices <= rehearses.atMost) return null;
  const figure = (value: number): string => value.toLocaleString('en-US');
  return refuse(
    'REHEARSAL_TOO_LARGE',
    `This is a rehearsal for ${sampleText(rehearses.sample)}, at most ${figure(rehearses.atMost)}, and the audience has ${figure(devices)}. Take the sample with \`/go audience take\`.`,
  );
}

/**
 * Gates that ask for what a rehearsal has not: staff phones, a plan, or a rehearsal. Connections are primed by the phones, so without any nobody has answered before
 * GO; what a provider does answer still makes the gate that no runbook has to ask for.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'test-send',
  'primed-share',
  'providers',
  'rehearsed',
  'bad-tokens',
  'backups-assigned',
]);

export function rehearsalRunbook(launch: Launch, targetAtMs: number, what: SentWhat = 'limited'): Runbook {
  const { regions: _regions, targets: _targets, target: _target, ...runbook } = launch.runbook;
  const gates = runbook.gates
    .filter(({ probe }) => !LEFT_OUT.has(probe?.kind ?? ''))
    .map(({ after: _after, ...gate }) => gate);
  const fleets = plannedFleets(runbook);
  const step = { catch_up_within: 600_000 };
  return {
    ...runbook,
    title: rehearsalName(launch),
    target: { atMs: targetAtMs, zone: 'UTC' },
    people: launch.people.map((person) => ({ ...person, devices: [] })),
    campaign: launch.campaign,
    gates,
    phases: [
      {
        id: 'rehearsal-up',
        title: 'Rehearsal: fleets up',
        steps: [
          ...fleets.map(({ target, to }) => ({
            ...step,
            id: `up-${target}`.slice(0, 40),
            title: `Rehearsal: ${target} up`,
            at: -3_600_000,
            do: { kind: 'scale' as const, target, to, ...scaleWords(launch, target) },
          })),
          {
            ...step,
            id: 'rehearsal-fire',
            title: 'Rehearsal: the push',
            at: 0,
            do: {
              kind: 'fire-window' as const,
              say: `REHEARSAL. \`/go fire all\` asks; it really goes out to the sample${what === 'silent' ? ', and shows nothing' : ''}.`,
            },
          },
        ],
      },
      ...down(launch),
    ],
  };
}

/** Back to what the plan ends with, offered once something was sent. */
function down(launch: Launch): Runbook['phases'] {
  const lowest = launch.runbook.phases
    .flatMap(({ steps }) => steps)
    .flatMap(({ do: act }) => (act.kind === 'scale' ? [act] : []))
    .filter((act, at, all) => all.findLastIndex((one) => one.target === act.target) === at);
  const steps = lowest.map((act) => ({
    id: `down-${act.target}`.slice(0, 40),
    title: `Rehearsal: ${act.target} back`,
    at: 1_800_000,
    after: ['shot'],
    catch_up_within: 0,
    do: act,
  }));
  return steps.length === 0 ? [] : [{ id: 'rehearsal-down', title: 'Rehearsal: fleets back', steps }];
}

/** When it is late, and what people do then, as the plan says it of that fleet. */
function scaleWords(launch: Launch, target: string): { late_after: number; backup: string } {
  const found = launch.runbook.phases
    .flatMap(({ steps }) => steps)
    .flatMap(({ do: act }) => (act.kind === 'scale' && act.target === target ? [act] : []))[0];
  return {
    late_after: found?.late_after ?? 300_000,
    backup: found?.backup ?? 'ask on-call to scale by hand in the console',
  };
}

export const rehearsalName = ({ name }: Pick<Launch, 'name'>): string => `REHEARSAL of ${name}`.slice(0, 120);

/** Null: the launch has no audience to take a sample of. */
export function rehearsesOf(launch: Launch, sample: RehearsalSample, what: SentWhat = 'limited'): Rehearses | null {
  const { audience, skipList } = launch;
  return audience === null
    ? null
    : {
        launchId: launch.id,
        what,
        sample,
        atMost: sampleSize(sample, audience),
        audienceHash: audience.hash,
        manifestKey: audience.manifestKey,
        skipList: skipList === null ? null : { hash: skipList.hash, key: skipList.key, tokens: skipList.tokens },
      };
}
