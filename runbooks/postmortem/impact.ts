import { addCount, noCounts } from '../launch/counts.ts';
import { devicesPerText } from '../launch/texts-sent.ts';
import { listed } from '../launch/words.ts';
import { number } from '../record/describe.ts';
import { answersTo } from './answers.ts';
import { noticedIn, TOKEN_LIST } from './detection.ts';
import type { Statement } from './document.ts';
import { outcomeProof, shotsIn } from './told.ts';
import type { Told } from './told.ts';

/** Whom it was for, how severe it was, and which parts were not as planned. How severe it was for people only people know: the record counts devices. */

export const SEVERITY = 'How severe was it for people, and which parts of the product did it touch?';

/** Refused tokens are in every list: of a launch in which nothing else was noticed nobody is asked. */
export const isSeverityAsked = (told: Told): boolean => noticedIn(told).some(({ part }) => part !== TOKEN_LIST);

export function severity(told: Told): Statement[] {
  const noticed = noticedIn(told);
  const parts = [...new Set(noticed.flatMap(({ part }) => part ?? []))];
  const proof = [...new Set(noticed.flatMap((one) => one.proof))];
  const what = parts.length === 0 ? [] : [`Not as planned: ${listed(parts)}.`];
  if (!isSeverityAsked(told)) {
    const counted = shotsIn(told).flatMap(({ id }) => outcomeProof(told, id));
    const text = [...what, 'Severity: none that the record knows of.'].join(' ');
    return [{ text, proof: proof.length === 0 ? counted : proof }];
  }
  const answers = answersTo(told, SEVERITY);
  if (answers.length === 0)
    return [{ text: [...what, 'Severity: nobody has said yet. /go answer asks for it.'].join(' '), proof }];
  return [
    ...what.map((text) => ({ text, proof })),
    ...answers.map(({ by, words, proof: from }) => ({
      text: `Severity, as ${by}, puts it: ${quoted(words.replaceAll(/\s+/g, ' '))}`,
      proof: from,
    })),
  ];
}

/** What stands in the place of words that are not there is in brackets, and nobody's words. */
const quoted = (words: string): string => (/^\(.*\)$/.test(words) ? words : `“${words}”`);

/** `en for 1,000 devices, de for 300`: of each device the text of its first attempt. Null: the languages were not counted. */
export function textsText(told: Told): string | null {
  const all = noCounts();
  for (const { campaign, audience, segments } of shotsIn(told)) {
    const counted = devicesPerText(
      campaign,
      audience,
      segments.filter(({ attempt }) => attempt === 1),
    );
    if (counted === null) return null;
    for (const [text, devices] of Object.entries(counted)) addCount(all, text, devices);
  }
  return listed(
    Object.entries(all)
      .filter(([, devices]) => devices > 0)
      .toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
      .map(
        ([text, devices], at) =>
          `${text} for ${number(devices)}${at === 0 ? ` ${devices === 1 ? 'device' : 'devices'}` : ''}`,
      ),
  );
}
