import { AudienceError } from '../../../contract/audience-error.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Split } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { localized } from '../../../runbooks/launch/localized.ts';
import { textFor } from '../../../runbooks/launch/variants.ts';
import { fatesOf, findDevices } from '../packed/find-devices.ts';
import type { Fate, FoundDevice } from '../packed/find-devices.ts';
import type { Output } from '../progress.ts';
import { isHeldOut } from '../split.ts';
import { readArguments } from './arguments.ts';
import { withLaunchToRead } from './launch-session.ts';
import { table } from './words.ts';

const SAY: Record<Fate['state'], string> = {
  accepted: 'accepted by the provider',
  failed: 'refused by the provider',
  'bad-token': 'refused by the provider for good: the token is bad',
  uncertain: 'written, and nobody knows the answer',
  halted: 'not sent: the shot was halted before its turn',
  late: 'not sent: its time was over before its turn',
  skipped: 'not sent, on purpose: on the skip list, or answered by an attempt before',
  absent: 'not part of this attempt: it went to those who were left',
  open: 'not sent yet: the shot runs still',
  gone: 'not known any more: its account is no longer in the claims table',
};

/** For support: whether a person or device was in a launch, which text it was to get, and what became of it. No token is printed. */
export async function runDevice(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
): Promise<void> {
  const { words, option } = readArguments({ name: 'device', words: 1 }, args, ['launch']);
  const [word = ''] = words;
  if (word.trim() === '')
    throw new AudienceError('ARGUMENT_INVALID', 'device: found nothing, expected one user id or one device token');
  const { launch: launchId } = option;
  if (launchId === undefined)
    throw new AudienceError('ARGUMENT_INVALID', '--launch: found nothing, expected the id of a launch');
  await withLaunchToRead(launchId, env, async ({ launch, cloud }) => {
    const { audience } = launch;
    if (audience === null)
      throw new AudienceError(
        'NOTHING_SENT',
        `--launch: found ${launchId} without an audience, expected one that was compiled for it: nobody was to get anything`,
      );
    const manifest = await readManifest(cloud.objects, audience.manifestKey);
    const devices = await findDevices(cloud.objects, audience.manifestKey, manifest, word);
    if (devices.length === 0) return void out.write(notThere(manifest.split ?? null, word));
    const shots = Object.values(launch.shots).toSorted((a, b) => a.approvedSeq - b.approvedSeq);
    for (const [index, device] of devices.entries())
      out.write(table(rowsOf(launch, index, device, await fatesOf(cloud.claims, launchId, shots, device))));
  });
}

function notThere(split: Split | null, word: string): string {
  const why =
    split !== null && split.holdOut > 0 && isHeldOut(split, word.trim())
      ? 'If it is a user id, that user was held out, on purpose: a share of users gets nothing, so that the others can be compared with them.'
      : 'It was not in the list that was compiled, or it was suppressed or rejected there (the rejects of the compile say why).';
  return `Not in the audience: no device of a user of that id, and none with that token. ${why}\n`;
}

function rowsOf(
  launch: Launch,
  index: number,
  { platform, segment, text, by }: FoundDevice,
  fates: readonly Fate[],
): (readonly [string, string])[] {
  return [
    [`device ${index + 1}`, `${platform === 'ios' ? 'iOS' : 'Android'}, ${segment}, found by its ${by}`],
    ...textRows(launch.campaign, text, 'text'),
    ...(fates.length === 0 ? [['shot', `none: ${segment} was not fired`] as const] : []),
    ...fates.flatMap((fate): (readonly [string, string])[] => [
      [fate.shot.id, `${SAY[fate.state]}${fate.attempt === 1 ? '' : ` (attempt ${fate.attempt})`}`],
      ...reasonRows(fate),
      ...(fate.shot.campaign === launch.campaign ? [] : textRows(fate.shot.campaign, text, '')),
    ]),
  ];
}

function textRows(campaign: Launch['campaign'], compiled: string, name: string): (readonly [string, string])[] {
  const text = textFor(campaign, compiled);
  const { title, subtitle, body } = localized(campaign, text);
  return [[name, `${text}: ${[title, subtitle, body].filter((part) => part !== '').join(' | ')}`]];
}

function reasonRows({ state, reasons }: Fate): (readonly [string, string])[] {
  if (state !== 'failed' && state !== 'bad-token') return [];
  const said = Object.entries(reasons).map(([reason, times]) => `${reason} ${times}`);
  return said.length === 0 ? [] : [['', `failures of its batch: ${said.join(', ')}`]];
}
