import type { Figures, ShotFigures } from '../../../contract/figures.ts';
import { badTokenCount } from '../../../runbooks/launch/bad-tokens.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { fireCommand } from '../../../runbooks/launch/order-words.ts';
import { failsAsAWhole } from '../../../runbooks/launch/reach.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { reasons } from '../../views/live-stats.ts';
import { platformName } from '../../views/names.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { count } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { platformSegments } from './shot-sight.ts';

/** Answers before a platform is said to fail: fewer prove nothing, unless the shot has no more. */
const ENOUGH_ANSWERS = 100;

/**
 * A provider that takes next to nothing is said while the shot still runs: once per shot and platform, in the record, and
 * so in the channel. Whether to halt is for people.
 */
export class FailingWatch {
  readonly #context: Context;
  readonly #figures: (launch: Launch, shot: Shot) => Promise<ShotFigures>;

  constructor(context: Context, figures: (launch: Launch, shot: Shot) => Promise<ShotFigures>) {
    this.#context = context;
    this.#figures = figures;
  }

  async look(launch: Launch): Promise<void> {
    for (const shot of runningShots(launch)) {
      const { platforms } = await this.#figures(launch, shot);
      for (const platform of PLATFORMS) {
        const one = platforms[platform];
        if (one !== undefined && isFailing(one)) await this.#tell(launch, shot, platform, one);
      }
    }
  }

  async #tell(launch: Launch, shot: Shot, platform: Platform, one: Figures): Promise<void> {
    // The room has its own message for these, with more in it; what is still so when they are over is told then.
    for (const told of [FACT.stopped(shot.id, platform), FACT.weather(platform)])
      if (((await fact(this.#context, launch.id, told)) ?? '') !== '') return;
    const name = FACT.failing(shot.id, platform);
    if ((await fact(this.#context, launch.id, name)) !== null) return;
    // An instance that died between the entry and its mark has told it.
    const noted = (await this.#context.journal.entries(launch.id)).find(
      (entry) =>
        entry.kind === 'Noted' &&
        'system' in entry.by &&
        entry.text?.startsWith(headOf(launch, shot, platform)) === true,
    );
    if (noted !== undefined) return keepFact(this.#context, launch.id, name, String(noted.seq));
    const acted = await this.#context.execute(launch.id, {
      kind: 'note',
      by: null,
      text: failingText(launch, shot, platform, one),
    });
    if (acted.ok) await keepFact(this.#context, launch.id, name, String(acted.entry.seq));
    else
      this.#context.log.warn(
        { launchId: launch.id, shotId: shot.id, platform, code: acted.code },
        'that a platform fails could not be noted',
      );
  }
}

function isFailing(one: Figures): boolean {
  const answered = one.accepted + one.failed + one.uncertain;
  return answered >= Math.min(ENOUGH_ANSWERS, one.devices) && failsAsAWhole(one);
}

/** Begins the note, and no other: there is one a shot and platform. */
const headOf = (launch: Launch, shot: Shot, platform: Platform): string =>
  `${platformName[platform]} is hardly being reached (${shotSegments(launch, shot)}, ${shot.id}):`;

function failingText(launch: Launch, shot: Shot, platform: Platform, one: Figures): string {
  const answered = one.accepted + one.failed + one.uncertain;
  const reachable = one.failed - badTokenCount(one.reasons);
  return [
    `${headOf(launch, shot, platform)} ${one.failed === 0 ? `none of ${count(answered)} pushes so far was answered; they may have arrived` : `${count(one.failed)} of ${count(answered)} pushes so far were refused, ${reasons(one.reasons)}${one.uncertain === 0 ? '' : `; ${count(one.uncertain)} were never answered and may have arrived`}`}.`,
    'HALT stops what is not sent yet.',
    ...(reachable > 0
      ? [
          `Whoever was refused for another reason than a bad token stays within reach: once this shot is closed, \`${fireCommand(
            launch,
            platformSegments(shot, platform).map(({ segment }) => segment),
          )}\` goes to exactly those.`,
        ]
      : []),
  ].join(' ');
}
