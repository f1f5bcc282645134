import { randomBytes, sign } from 'node:crypto';
import type { TakeOverAsked } from '../../infra/aws/home-store.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { signatureHolds } from '../../infra/aws/signature.ts';
import { within } from '../../infra/time-limit.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { CommandOf, Refusal } from '../../runbooks/launch/decision.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { nameOf } from '../../runbooks/launch/people.ts';
import { personProblem, placeProblem, takeOverText } from '../../runbooks/launch/take-over.ts';
import { isReason } from '../../runbooks/launch/words.ts';
import { FACT } from '../conductor/facts.ts';
import { plural, utc } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { PROOF_LIFE_MS } from './operator-key.ts';
import type { OperatorKey } from './operator-key.ts';
import { keyOwner, launchOf, perform } from './session.ts';
import type { Session } from './session.ts';

/**
 * Taking a launch over, from a terminal in the region that is to have it (docs/playbook.md#region-lost). The order matters: what the
 * other region still gives is carried over, the rules are asked, then the home is changed, and only then the record says so. Cut
 * off anywhere, the same command goes on.
 */

/** For what the other region has not sent yet; if it is away, this is all that is lost with it. */
const CARRIED_WITHIN_MS = 5_000;

export async function requestTakeOver(
  session: Session,
  launchId: string,
  { key, reason }: { key: OperatorKey; reason: string },
): Promise<void> {
  if (!isReason(reason))
    throw new CliError('REASON_MISSING', 'taking a launch over needs a reason: say in a few words why (--reason)');
  const launch = await carriedOver(session, launchId);
  const to = session.cloud.region;
  refuseIf(placeProblem(launch, to));
  const by = keyOwner(launch, key);
  const via = proof(key, { purpose: 'request', launch, to, nowMs: session.nowMs() });
  refuseIf(personProblem(launch, by, { kind: 'operator', ...via }, session.nowMs()));
  await audienceIsHere(session, launch);
  await session.cloud.homes.ask(launchId, { by, to, reason, via });
  say(session, launch);
  session.out(
    `Asked to take it over to ${to}. A second person approves it within ten minutes with: npm run go -- take-over approve --launch ${launchId} --key their.pem --yes`,
  );
}

/** Without `sure` it shows what would be taken over and stops. */
export async function approveTakeOver(
  session: Session,
  launchId: string,
  { key, sure }: { key: OperatorKey; sure: boolean },
): Promise<void> {
  const { cloud, nowMs, out } = session;
  const launch = await carriedOver(session, launchId);
  const to = cloud.region;
  refuseIf(placeProblem(launch, to));
  const { regions } = launch.runbook;
  const from = launch.region;
  if (regions === undefined || from === null) throw new CliError('NO_STANDBY', `${launchId} has one region`);
  const asked = requestIn((await cloud.homes.read(launchId, regions)).asked, launch, to, nowMs());
  const via = proof(key, { purpose: 'approve', launch, to, nowMs: nowMs() });
  const command: CommandOf<'take-over'> = {
    kind: 'take-over',
    by: keyOwner(launch, key),
    via: { kind: 'operator', ...via },
    requestedBy: asked.by,
    requestVia: { kind: 'operator', ...asked.via },
    to,
    reason: asked.reason,
  };
  const decided = decide(launch, command, { nowMs: nowMs(), sha256 });
  if (!decided.ok) throw new CliError(decided.code, decided.say);
  await audienceIsHere(session, launch);
  say(session, launch);
  out(`${nameOf(launch, asked.by)} has asked for it: ${asked.reason}`);
  if (!sure)
    throw new CliError(
      'NOT_CONFIRMED',
      `nothing was changed. If you approve it, run it again with --yes: from then on ${from} can send nothing of it`,
    );
  refuseIf(await cloud.homes.takeOver(launchId, regions, from, to));
  out(`${to} has the launch; ${from} can send nothing of it any more.`);
  // What of the entries before had to be done was done in the other region.
  await cloud.facts.put(launchId, FACT.watermark, String(launch.seq));
  await perform(session, launchId, command);
  out(
    `It is in the record. Start bot and workers here, look at \`npm run go -- gates --launch ${launchId}\`, then ask for fire: orders of before are void.`,
  );
}

/** The launch as this region has it, after a last look at what the other one has. */
async function carriedOver(session: Session, launchId: string): Promise<Launch> {
  const { cloud, journal, out, log } = session;
  const before = await launchOf(session, launchId);
  const { region: from } = before;
  if (from === null || from === cloud.region) return before;
  try {
    await within({ limitMs: CARRIED_WITHIN_MS, what: `${from} gave no answer` }, (signal) =>
      cloud.recordCopy(from, cloud.region).follow(launchId, signal),
    );
  } catch (error) {
    log.warn({ err: error }, 'the other region was not read to its end');
    out(
      `${from} was not read to its end (${error instanceof Error ? error.message : String(error)}). What was done there since the last entry below is missing here.`,
    );
  }
  return (await journal.launch(launchId)) ?? before;
}

/** The first person's word, if it is one that holds. */
function requestIn(asked: TakeOverAsked | null, launch: Launch, to: string, nowMs: number): TakeOverAsked {
  const text =
    asked === null
      ? ''
      : takeOverText({ purpose: 'request', launchId: launch.id, from: launch.region ?? '', to, ...ends(asked.via) });
  const { publicKey = '', signature = '' } = asked?.via ?? {};
  if (asked === null || asked.to !== to || asked.via.expiresAtMs <= nowMs)
    throw new CliError(
      'NO_SUCH_REQUEST',
      `nobody has asked within ten minutes to take ${launch.id} over to ${to}; ask with \`take-over request\``,
    );
  if (!signatureHolds(text, { key: publicKey, signature }))
    throw new CliError(
      'PROOF_INVALID',
      `the request of ${nameOf(launch, asked.by)} is not signed by the key that it names; ask anew with \`take-over request\``,
    );
  return asked;
}

const ends = ({ expiresAtMs, nonce }: TakeOverAsked['via']) => ({ expiresAtMs, nonce });

function proof(
  key: OperatorKey,
  { purpose, launch, to, nowMs }: { purpose: 'request' | 'approve'; launch: Launch; to: string; nowMs: number },
): TakeOverAsked['via'] {
  const nonce = randomBytes(16).toString('base64url');
  const expiresAtMs = nowMs + PROOF_LIFE_MS;
  const text = takeOverText({ purpose, launchId: launch.id, from: launch.region ?? '', to, expiresAtMs, nonce });
  const signature = sign(null, Buffer.from(text, 'utf8'), key.privateKey).toString('base64');
  return { publicKey: key.publicKey, signature, nonce, signedAtMs: nowMs, expiresAtMs };
}

/** A region without the audience could not fire, and the other one could not any more either. */
async function audienceIsHere({ cloud }: Session, { audience }: Launch): Promise<void> {
  if (audience === null || (await cloud.objects.get(audience.manifestKey)) !== null) return;
  throw new CliError(
    'AUDIENCE_MISSING',
    `the audience ${audience.hash.slice(0, 8)} is not in the bucket of ${cloud.region}; nothing was changed. Copy audiences/${audience.hash}/ from the other region's bucket, or wait until it is replicated`,
  );
}

function say({ out, nowMs }: Session, launch: Launch): void {
  const devices = launch.audience === null ? 'no audience yet' : plural(launch.audience.devices, 'device');
  out(
    `${launch.name} (${launch.id}): ${devices}, ${launch.halt.active ? 'HALTED' : 'not halted'}. The record here ends at entry ${launch.seq} (${launch.headHash.slice(0, 12)}); it is ${utc(nowMs())}.`,
  );
}

function refuseIf(refused: Refusal | { ok: true } | { ok: false; code: string; say: string } | null): void {
  if (refused !== null && !refused.ok) throw new CliError(refused.code, refused.say);
}
