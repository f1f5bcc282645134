import { badTokenCount } from '../../runbooks/launch/bad-tokens.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import type { ShotFigures } from '../conductor/figures.ts';
import { context, fields, header, section } from './blocks.ts';
import { finished, hasOutrunHalt, percent, reasons, seconds, theRest, times } from './live-stats.ts';
import type { Message } from './message.ts';
import { nameOf, platformName } from './names.ts';
import { count, fit, plural, safe, stamp } from './words.ts';

/** What is posted once when a shot is closed: the accounts' totals, the times that workers measured, who fired it. */
export function summaryMessage(launch: Launch, shot: Shot, figures: ShotFigures): Message {
  const { total } = figures;
  const how = hasOutrunHalt(shot, total) ? 'complete before the halt' : { complete: 'complete', 'not-after': 'ended by its time limit', halt: 'ended by halt' }[shot.closed?.cause ?? 'complete'];
  const bad = badTokenCount(total.reasons);
  const sum = total.accepted + total.failed + total.uncertain + total.halted + total.late + total.skipped;
  return {
    text: `Shot ${how}: ${count(total.accepted)} of ${count(figures.devices)} devices accepted in ${seconds(lastMs(figures) ?? figures.sinceGoMs)}`,
    blocks: [
      header(`Shot ${how}: ${count(total.accepted)} accepted`),
      fields([
        ['Accepted', `${count(total.accepted)} (${percent(total.accepted, figures.devices)})`],
        ['Failed', total.failed === 0 ? 'none' : `${count(total.failed)} (${percent(total.failed, figures.devices)})`],
        ['p50 / p95 / p99 since GO', times(total)],
        ['Rate', `${count(figures.perSecond)}/s, best second ${count(figures.peakPerSecond)}`],
        ['GO to first and last write', `${maybe(figures.firstWriteMs)} / ${maybe(figures.lastWriteMs)}`],
        ['The rest', theRest(total)],
      ]),
      section(fit(PLATFORMS.flatMap((platform) => {
        const one = figures.platforms[platform];
        return one === undefined ? [] : [`*${platformName[platform]}*: ${[`${count(one.accepted)} of ${count(one.devices)} accepted`, `${count(one.failed)} failed`, ...(finished(one) > one.accepted + one.failed ? [theRest(one)] : [])].join(', ')} · ${times(one)}`];
      }))),
      ...(total.halted + total.late === 0 || launch.closed ? [] : [section(`:arrow_forward: *${plural(total.halted + total.late, 'device')} got nothing.* ${launch.halt.active ? '`/go resume fire`' : '`/go fire`'} goes to exactly those, with a second person.`)]),
      ...(total.failed === 0 ? [] : [section(`Failed by reason: ${reasons(total.reasons)}`)]),
      ...(bad === 0 ? [] : [context(`${plural(bad, 'token')} refused for good. For the next launch's skip list: \`npm run audience -- bad-tokens --launch ${launch.id}\``)]),
      context(
        `GO ${stamp(shot.pressedAtMs)} by ${nameOf(launch, shot.approvedBy)}, asked for by ${nameOf(launch, shot.requestedBy)} · ${plural(figures.boots, 'worker')} · shot \`${safe(shot.id, 60)}\``,
        sum === figures.devices ? `Every one of ${count(figures.devices)} devices is accounted for.` : `⚠️ The states sum to ${count(sum)} of ${count(figures.devices)} devices.`,
      ),
    ],
  };
}

/** End of the last slot in which anything was accepted. */
export function lastMs(figures: ShotFigures): number | null {
  const last = figures.total.curve.at(-1);
  return last === undefined ? null : (last[0] + 1) * 100;
}

const maybe = (ms: number | null): string => (ms === null ? 'nothing written' : seconds(ms));
