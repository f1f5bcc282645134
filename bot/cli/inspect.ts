import { shotFigures } from '../../contract/figures.ts';
import { fresh, isReady } from '../../contract/liveness.ts';
import { sickOf, weatherOf } from '../../contract/pool-weather.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { waitingChanges } from '../../runbooks/launch/change-waits.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { FireOrder, Launch, Shot } from '../../runbooks/launch/launch.ts';
import { localized } from '../../runbooks/launch/localized.ts';
import { fireArguments } from '../../runbooks/launch/order-words.ts';
import { devicesShown, isExpired, remainingDevices, runningShots } from '../../runbooks/launch/remaining.ts';
import { nextSteps } from '../../runbooks/launch/schedule.ts';
import { percent } from '../../runbooks/launch/shares.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
import { heldOutIn, textsOf, variantDevices } from '../../runbooks/launch/variants.ts';
import { isPending } from '../../runbooks/launch/voiding.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import { heldOutText, missedText, sentText } from '../../runbooks/record/describe.ts';
import { timelineMarkdown } from '../../runbooks/record/timeline.ts';
import { workerReports } from '../conductor/worker-reports.ts';
import { differing } from '../mirrored-switches.ts';
import { finished, reasons, theRest, times } from '../views/live-stats.ts';
import { sickLine, weatherSay } from '../views/weather.ts';
import { count, plural, short, span, toTarget, utc } from '../views/words.ts';
import { readWhole } from './record-files.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';

/** Commands that only look. */

export async function launches({ cloud, out }: Session): Promise<void> {
  const items = await cloud.live.launches();
  if (items.length === 0) out('no launches yet');
  for (const item of items)
    out(
      `${item.launchId}  ${item.closed ? 'closed' : 'open'}  created ${utc(item.createdAtMs)}  ${item.channelId}  ${item.name}`,
    );
}

export async function status(session: Session, launchId: string): Promise<void> {
  const { out, cloud, nowMs } = session;
  const launch = await launchOf(session, launchId);
  const [item, reports, parameters] = await Promise.all([
    cloud.switches.read(launchId, { consistent: true }),
    workerReports(session, launch),
    cloud.parameters.list(launchId).catch(() => null),
  ]);
  const alive = fresh(reports, nowMs());
  out(
    `${launch.name} (${launch.id}), ${launch.closed ? 'closed' : toTarget(nowMs(), launch.targetAtMs)}, target ${utc(launch.targetAtMs)}${calledOff(launch)}`,
  );
  out(`  record    ${plural(launch.seq, 'entry', 'entries')}, head ${short(launch.headHash)}`);
  out(
    `  halt      ${launch.halt.active ? `HALTED since ${utc(launch.halt.atMs)}${launch.halt.reason === '' ? '' : `: ${launch.halt.reason}`}` : 'no'} (epoch ${launch.halt.epoch}); ${item === null ? 'the switch item is MISSING, so workers pause' : `workers read ${item.halted ? 'HALTED' : 'no halt'} (epoch ${item.haltEpoch})`}`,
  );
  if (parameters === null) out('  ssm       Parameter Store cannot be read');
  for (const { name, value, here } of differing(launch, parameters ?? []))
    out(`  ssm       ${name} is ${value} in Parameter Store and ${here} here: only a halt is obeyed from there`);
  out(
    `  audience  ${launch.audience === null ? 'none' : `${plural(launch.audience.devices, 'device')} ${short(launch.audience.hash)}${heldOutText(heldOutIn(launch.audience, 'all'))}`}`,
  );
  out(`  workers   ${alive.filter((report) => isReady(report, launch)).length} ready, ${alive.length} reporting`);
  for (const weather of weatherOf(alive)) out(`  weather   ${weatherSay(weather, nowMs())}`);
  for (const sick of sickOf(alive)) out(`  sick      ${sickLine(sick)}`);
  for (const { id } of launch.audience?.segments ?? []) {
    const tries = launch.attempts[id] ?? [];
    const last = tries.at(-1);
    out(
      `  segment   ${id}: ${last === undefined ? 'not fired' : `attempt ${last.attempt} ${last.closed ? 'closed' : 'running'}`}, ${plural(remainingDevices(launch, id), 'device')} to send${behindText(launch.leftBehind[id] ?? 0, id, last?.closed === true)}`,
    );
  }
  for (const order of Object.values(launch.orders).filter((one) => isPending(one) && !isExpired(one, nowMs())))
    for (const line of orderLines(launch, order)) out(`  ${line}`);
  for (const { named, change } of waitingChanges(launch, nowMs()))
    out(
      `  waits     ${change.id} ${named}, asked for by ${change.by}${change.expiresAtMs === undefined ? '' : `, until ${utc(change.expiresAtMs)}`}`,
    );
  for (const { step, dueAtMs } of nextSteps(launch, nowMs()).slice(0, 3))
    out(`  next      ${step.title} in ${span(dueAtMs - nowMs())}`);
  for (const shot of runningShots(launch)) await shotLines(session, launch, shot);
}

const calledOff = ({ stoodDown }: Launch): string =>
  stoodDown === null
    ? ''
    : `; STOOD DOWN by ${stoodDown.by} ${utc(stoodDown.atMs)}: ${stoodDown.reason === '' ? 'no reason given' : stoodDown.reason}. ${sentText(stoodDown.sent)}`;

/** Whoever may act in this launch, with what they act with. */
export async function people(session: Session, launchId: string): Promise<void> {
  const launch = await launchOf(session, launchId);
  for (const person of launch.people) {
    session.out(
      `${person.id.padEnd(12)} ${person.name}: ${person.roles.join(', ')}${person.slack.length === 0 ? '' : `; Slack ${person.slack.join(', ')}`}`,
    );
    for (const key of person.operator_keys) session.out(`${' '.repeat(12)} operator key ${fingerprintOf(key, sha256)}`);
  }
}

export async function gates(session: Session, launchId: string): Promise<void> {
  const launch = await launchOf(session, launchId);
  const measured = await session.conductor.measured(launchId);
  for (const line of gateLines(launch, measured, session.nowMs(), 'all')) {
    const wanted = line.wanted === null ? '' : `; wanted: ${line.wanted}`;
    const since = line.sinceMs === null || line.manual ? '' : `; since ${utc(line.sinceMs)}`;
    session.out(
      `${line.status.padEnd(8)} ${line.hard ? 'hard ' : '     '}${line.id}: ${line.say}${wanted}${since}${line.owner === null ? '' : ` (${line.owner})`}`,
    );
  }
}

export async function stats(session: Session, launchId: string): Promise<void> {
  const launch = await launchOf(session, launchId);
  const shots = Object.values(launch.shots).toSorted((a, b) => a.approvedSeq - b.approvedSeq);
  if (shots.length === 0) session.out('nothing was fired yet');
  for (const shot of shots) await shotLines(session, launch, shot);
}

export async function timeline(session: Session, launchId: string): Promise<void> {
  await launchOf(session, launchId);
  const { entries, messages, chain, channel } = await readWhole(session, launchId);
  session.out(timelineMarkdown(entries, messages, { chain, channel }));
}

function behindText(devices: number, segment: string, isClosed: boolean): string {
  if (devices === 0) return '';
  return `${isClosed ? `, ${count(devices)} of them` : `; ${count(devices)}`} left behind by late accounts: "fire request --segments ${segment}" sends to them${isClosed ? '' : ' once this shot is closed'}`;
}

/** What a second person must have seen before they approve. */
export function orderLines(launch: Launch, order: FireOrder): string[] {
  const { shown } = order;
  return [
    `order     ${order.id} asked for by ${order.requestedBy}, ${plural(order.devices, 'device')}, until ${utc(order.expiresAtMs)}${order.lifts === null ? '' : `, LIFTS halt ${order.lifts}`}`,
    ...splitLines(launch, order),
    `          segments ${shown.segments.map(({ segment, attempt }) => `${segment}${attempt === 1 ? '' : ` (attempt ${attempt}, ${plural(devicesShown(launch, shown, segment), 'device')})`}`).join(', ')}`,
    `          content ${short(shown.contentHash)}, audience ${short(shown.audienceHash)}, skip list ${shown.skipListHash === null ? 'none' : short(shown.skipListHash)}, late after ${span(shown.notAfterMs.ios)} (iOS), ${span(shown.notAfterMs.android)} (Android)`,
    ...textLines(launch, order),
  ];
}

function splitLines({ audience }: Launch, order: FireOrder): string[] {
  const { segments } = order.shown;
  const variants = Object.entries(variantDevices(audience, segments)).map(([id, devices]) => `${id} ${count(devices)}`);
  const heldOut = heldOutIn(audience, segments);
  const parts = [...variants, ...(heldOut === 0 ? [] : [`${count(heldOut)} held out, on purpose`])];
  return parts.length === 0 ? [] : [`          variants ${parts.join(', ')}`];
}

/** The texts that somebody gets, with how many get each, most first: as the room shows them. */
function textLines({ campaign, audience }: Launch, order: FireOrder): string[] {
  const devices = devicesPerText(campaign, audience, order.shown.segments);
  const texts = textsOf(campaign).map((locale) => ({
    locale,
    text: localized(campaign, locale),
    gets: devices === null ? null : (devices[locale] ?? 0),
  }));
  return texts
    .filter(({ gets }) => gets !== 0)
    .toSorted((a, b) => (b.gets ?? 0) - (a.gets ?? 0))
    .map(
      ({ locale, text, gets }) =>
        `          ${locale}${gets === null ? '' : ` ${count(gets)}`}: ${[text.title, text.subtitle, text.body].filter((part) => part !== '').join(' | ')}`,
    );
}

async function shotLines(session: Session, launch: Launch, shot: Shot): Promise<void> {
  const { out, nowMs } = session;
  const snapshots = (await workerReports(session, launch)).flatMap((report) =>
    report.shots.filter(({ shotId }) => shotId === shot.id),
  );
  const { figures } = shotFigures(launch, shot, snapshots, nowMs());
  const { total } = figures;
  const lost = missedText(shot.totals ?? [], shot.closed?.cause === 'halt');
  out(
    `  shot      ${shot.id} ${shot.closed === null ? (shot.haltedAtMs === null ? 'running' : 'halting') : `closed (${shot.closed.cause})${lost === '' ? '' : `, ${lost}`}`}, GO ${utc(shot.pressedAtMs)} by ${shot.approvedBy}`,
  );
  const open = Math.max(0, figures.devices - finished(total));
  out(
    `            ${count(total.accepted)} of ${count(figures.devices)} accepted (${percent(total.accepted, figures.devices)}), ${count(total.failed)} failed${total.failed === 0 ? '' : ` (${reasons(total.reasons)})`}, others ${theRest(total)}${open === 0 ? '' : `, ${count(open)} still to come`}`,
  );
  for (const { variant, devices, accepted, failed, others } of figures.variants)
    out(
      `            variant ${variant}: ${count(accepted)} of ${count(devices)} accepted, ${count(failed)} failed, ${count(others)} others`,
    );
  const left =
    shot.closed === null || launch.closed
      ? []
      : shot.segments.map(({ segment }) => segment).filter((segment) => remainingDevices(launch, segment) > 0);
  if (left.length > 0)
    out(
      `            ${plural(
        left.reduce((sum, segment) => sum + remainingDevices(launch, segment), 0),
        'device',
      )} can still be sent to, exactly those by: npm run go -- ${fireArguments(launch, left)} --launch ${launch.id} --key your.pem`,
    );
  out(`            ${count(figures.perSecond)}/s, p50 / p95 / p99 since GO ${times(total)}`);
}
