import type { Decision, Given } from './commands.ts';
import { payloadRefusal } from './content.ts';
import { accept, byPerson, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import { PLATFORMS } from './entries.ts';
import type { CopiesAsked } from './entries.ts';
import type { Launch } from './launch.ts';
import { findPerson, nameOf } from './people.ts';
import { copiesOf, phonesOf, textsReadOn } from './test-copies.ts';
import { textsOf } from './variants.ts';
import { listed } from './words.ts';

/**
 * A copy to yourselves first. The result holds for the content that was sent, by its hash.
 *
 * A halt stops the copies that were asked for before it, like a shot. Those asked for during it go out, to the people who
 * are named and to nobody else: a resume wants a copy of the corrected text before it may ask for fire.
 */

export function requestTest(launch: Launch, command: CommandOf<'request-test'>, { nowMs }: Given): Decision {
  const { step, locales, platform } = command;
  if (step !== undefined && Object.values(launch.tests).some((test) => test.step === step))
    return refuse('ALREADY_SO', `Step ${step} has asked for its copies already.`);
  const to = [...new Set(command.to)];
  const strangers = to.filter((id) => findPerson(launch.people, id) === undefined);
  if (strangers.length > 0)
    return refuse(
      'NOT_ON_ROSTER',
      `${listed(strangers)} is not on the roster; test copies go to ${listed(
        launch.people.map(({ name }) => name),
        'or',
      )}.`,
    );
  const without = to.filter((id) => findPerson(launch.people, id)?.devices.length === 0);
  if (without.length > 0 || to.length === 0) {
    const who =
      to.length === 0
        ? 'Nobody was named'
        : `The roster has no device of ${listed(without.map((id) => nameOf(launch, id)))}`;
    const able = launch.people.filter(({ devices }) => devices.length > 0).map(({ name }) => name);
    // A rehearsal has its launch's people without their phones.
    if (launch.rehearses !== null)
      return refuse(
        'NO_DEVICES',
        `A rehearsal has no phones of its own. \`/go test\` in the channel of ${launch.rehearses.launchId} sends copies of its text.`,
      );
    return refuse(
      'NO_DEVICES',
      `${who}; devices are known of ${able.length === 0 ? 'nobody' : listed(able)}. Add devices in the runbook's people, or name others.`,
    );
  }
  const large = payloadRefusal(launch.campaign, launch.id);
  if (large !== null) return large;
  const texts = textsOf(launch.campaign);
  const strange = locales?.filter((text) => !texts.includes(text)) ?? [];
  if (strange.length > 0 || locales?.length === 0)
    return refuse('LOCALE_UNKNOWN', `The campaign has no text for ${listed(strange, 'or')}; it has ${listed(texts)}.`);
  const asked: CopiesAsked = {
    to,
    ...(locales === undefined ? {} : { locales: [...new Set(locales)] }),
    ...(platform === undefined ? {} : { platform }),
  };
  const also = carried(launch, asked, command.by);
  const further: CopiesAsked = also === null ? asked : { ...asked, also };
  const alsoOn = carriedOn(launch, further, command.by);
  const whole: CopiesAsked = alsoOn.length === 0 ? further : { ...further, alsoOn };
  if (copiesOf(launch, whole, phonesOf(launch)).length === 0)
    return refuse(
      'NO_DEVICES',
      `None of the devices of ${listed(to.map((id) => nameOf(launch, id)))} is ${platform === 'android' ? 'an Android phone' : 'an iPhone'}. Name others, or both platforms.`,
    );
  return accept(command.by === null ? CONDUCTOR : byPerson(command.by), nowMs, {
    kind: 'TestRequested',
    testId: `T${launch.seq + 1}`,
    ...(step === undefined ? {} : { step }),
    ...whole,
    contentHash: launch.contentHash,
  });
}

/** Texts that no phone of those people has are looked at on the asker's phones, or else on those of the first who has one. */
function carried(launch: Launch, asked: CopiesAsked, by: string | null): NonNullable<CopiesAsked['also']> | null {
  const { to, locales = [], platform } = asked;
  const had = new Set(copiesOf(launch, asked, phonesOf(launch)).map(({ locale }) => locale));
  const missing = [...new Set(locales)].filter((locale) => !had.has(locale));
  const able = phonesOf(launch).filter((phone) => platform === undefined || phone.platform === platform);
  const person = [...(by === null ? [] : [by]), ...to].find((id) => able.some((phone) => phone.person === id));
  return missing.length === 0 || person === undefined ? null : { person, locales: missing };
}

/** So are those that no phone of one platform has, and that the audience reads on it. */
function carriedOn(launch: Launch, asked: CopiesAsked, by: string | null): NonNullable<CopiesAsked['alsoOn']> {
  const { to, locales = [], platform: only } = asked;
  const copies = copiesOf(launch, asked, phonesOf(launch));
  return PLATFORMS.filter((platform) => only === undefined || platform === only).flatMap((platform) => {
    const had = copies.filter((copy) => copy.platform === platform).map(({ locale }) => locale);
    const read = textsReadOn(launch, platform);
    const missing = [...new Set(locales)].filter((text) => read.includes(text) && !had.includes(text));
    const able = phonesOf(launch).filter((phone) => phone.platform === platform);
    const person = [...(by === null ? [] : [by]), ...to].find((id) => able.some((phone) => phone.person === id));
    return missing.length === 0 || person === undefined ? [] : [{ platform, person, locales: missing }];
  });
}

export function reportTest(launch: Launch, command: CommandOf<'report-test'>, { nowMs }: Given): Decision {
  const test = own(launch.tests, command.testId);
  if (test === undefined) return refuse('NO_SUCH_TEST', `There is no test send ${command.testId} in this launch.`);
  if (test.results !== null) return refuse('ALREADY_SO', `Test send ${command.testId} has its results already.`);
  return accept({ system: 'worker' }, nowMs, {
    kind: 'TestDone',
    testId: command.testId,
    contentHash: test.contentHash,
    results: command.results,
  });
}
