import { campaignFaults, faultText } from '../playbook/campaign-rules.ts';
import type { Campaign } from '../playbook/schema.ts';
import { unmetPrecondition } from './authority.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { AudienceRef, PersonId } from './entries.ts';
import type { Launch } from './launch.ts';
import { payloadProblems, tooLargeText } from './payload.ts';
import { sampleRefusal } from './rehearsal-launch.ts';
import { contentHash } from './shown.ts';
import { localeOf, splitProblem } from './variants.ts';
import { listed } from './words.ts';

/** What goes out and to whom: campaign, audience, skip list. A change of any voids the orders that showed the old one, but for a skip list that only adds to it. */

export function setCampaign(launch: Launch, command: CommandOf<'set-campaign'>, { nowMs, sha256 }: Given): Decision {
  const { campaign } = command;
  const problem = campaignProblem(campaign, launch.id, Object.keys(launch.audience?.locales ?? {}));
  if (problem !== null) return problem;
  const fixed = fixedSplit(launch, campaign);
  if (fixed !== null) return fixed;
  const hash = contentHash(campaign, sha256);
  if (hash === launch.contentHash)
    return refuse('ALREADY_SO', 'The campaign is exactly this already; nothing changed.');
  return accept(byPerson(command.by), nowMs, { kind: 'CampaignSet', campaign, contentHash: hash });
}

/**
 * An audience is for all attempts of all segments: once any of it was fired, another one could hold the same devices
 * under another segment, and they would get it twice.
 */
/** Why this person may set no audience, whatever it is; null: they may. For who asks before one is made. */
export function audienceRefusal(launch: Launch | null, by: PersonId): Refusal | null {
  return unmetPrecondition(launch, { kind: 'set-audience', by }) ?? (launch === null ? null : audienceInUse(launch));
}

/** Why this person may not have the sample of this rehearsal taken; null: they may. */
export function takeRefusal(launch: Launch, by: PersonId): Refusal | null {
  if (launch.rehearses === null)
    return refuse(
      'NO_SUCH_REHEARSAL',
      `${launch.name} is no rehearsal that sends, so there is no sample to take. \`/go rehearse limited\` or \`silent\` begins one, in a channel of its own.`,
    );
  return audienceRefusal(launch, by);
}

function audienceInUse(launch: Launch): Refusal | null {
  return Object.values(launch.attempts).some((tries) => tries.length > 0)
    ? refuse(
        'AUDIENCE_IN_USE',
        'Part of the present audience was fired, so it can no longer be replaced: devices could get the push twice. Use a skip list to take devices away, or a new launch to add some.',
      )
    : null;
}

export function setAudience(launch: Launch, command: CommandOf<'set-audience'>, { nowMs }: Given): Decision {
  const { audience } = command;
  const inUse = audienceInUse(launch);
  if (inUse !== null) return inUse;
  const sum = audience.segments.reduce((total, { devices }) => total + devices, 0);
  const names = audience.segments.map(({ id }) => id);
  if (sum !== audience.devices || new Set(names).size !== names.length || names.length === 0) {
    return refuse(
      'VALUE_INVALID',
      `The audience claims ${audience.devices} devices and its ${names.length} segments hold ${sum}; expected distinct segments that add up. Compile it again.`,
    );
  }
  const unknown = unknownLocales(launch.campaign, Object.keys(audience.locales));
  if (unknown !== null) return unknown;
  const unfit = splitRefusal(launch.campaign, audience) ?? sampleRefusal(launch, audience);
  if (unfit !== null) return unfit;
  if (launch.audience?.hash === audience.hash)
    return refuse('ALREADY_SO', `The audience is exactly this already (${audience.devices} devices); nothing changed.`);
  return accept(byPerson(command.by), nowMs, { kind: 'AudienceSet', audience });
}

export function setSkipList(launch: Launch, command: CommandOf<'set-skip-list'>, { nowMs }: Given): Decision {
  if (launch.skipList?.hash === command.skipList.hash)
    return refuse('ALREADY_SO', 'The skip list is exactly this already; nothing changed.');
  const {
    adds,
    refusedIn,
    skipList: { hash, key, tokens },
  } = command;
  if (adds !== undefined && adds !== (launch.skipList?.hash ?? null)) {
    return refuse(
      'SKIP_LIST_CHANGED',
      'Somebody has set another skip list meanwhile, so this one could take people back. Add to the present one: run the command again.',
    );
  }
  return accept(byPerson(command.by), nowMs, {
    kind: 'SkipListSet',
    skipList: { hash, key, tokens },
    ...(adds === undefined ? {} : { adds }),
    ...(refusedIn === undefined ? {} : { refusedIn }),
  });
}

/** Once part of an audience was fired there is no other one, so its variants and hold-out stay. */
function fixedSplit(launch: Launch, campaign: Campaign): Refusal | null {
  if (launch.audience === null || audienceInUse(launch) === null) return null;
  const problem = splitProblem(campaign, launch.audience);
  return problem === null
    ? null
    : refuse('SPLIT_DIFFERS', `${problem}. Part of it was fired, so shares and hold-out stay; texts may change.`);
}

/** An audience is compiled for the variants and the hold-out of a campaign: other ones need another audience. */
function splitRefusal(campaign: Campaign, audience: AudienceRef): Refusal | null {
  const problem = splitProblem(campaign, audience);
  return problem === null
    ? null
    : refuse('SPLIT_DIFFERS', `${problem}. Compile the audience again, or set the campaign's variants as they were.`);
}

/** What keeps a campaign from being sent to devices of these locales, or null. */
export function campaignProblem(
  campaign: Campaign,
  launchId: string,
  audienceLocales: readonly string[],
): Refusal | null {
  return unknownLocales(campaign, [campaign.default_locale, ...audienceLocales]) ?? payloadRefusal(campaign, launchId);
}

/** What keeps this launch's content from going out to this audience, or null. Asked at each request; a change of either voids the order before its approval (voiding.ts). */
export function contentRefusal(launch: Launch, audience: AudienceRef): Refusal | null {
  return (
    sampleRefusal(launch, audience) ??
    payloadRefusal(launch.campaign, launch.id) ??
    splitRefusal(launch.campaign, audience)
  );
}

export function payloadRefusal(campaign: Campaign, launchId: string): Refusal | null {
  const [fault] = campaignFaults(campaign);
  if (fault !== undefined)
    return refuse(
      'PAYLOAD_REFUSED',
      `Nothing of this campaign would arrive as it is meant. ${faultText(fault)}. Correct it and try again.`,
    );
  const [worst] = payloadProblems(campaign, launchId).sort((a, b) => b.bytes - a.bytes);
  return worst === undefined ? null : refuse('PAYLOAD_TOO_LARGE', `${tooLargeText(worst)}. Shorten it and try again.`);
}

function unknownLocales(campaign: Campaign, locales: readonly string[]): Refusal | null {
  const missing = [...new Set(locales.map(localeOf))].filter((locale) => !Object.hasOwn(campaign.locales, locale));
  if (missing.length === 0) return null;
  return refuse(
    'LOCALE_UNKNOWN',
    `The campaign has no text for ${listed(missing)}; it has ${listed(Object.keys(campaign.locales))}. Add the text, or compile the audience with a fallback locale.`,
  );
}
