import type { EntryOf } from '../launch/entries.ts';
import type { Shot } from '../launch/launch.ts';
import { devicesPerText } from '../launch/texts-sent.ts';
import { stamp } from '../record/clock.ts';
import { describeEntry, number } from '../record/describe.ts';
import { contentTitle } from '../record/texts.ts';
import type { Content } from '../record/texts.ts';
import { heading, list, remark, said } from './document.ts';
import type { Block, Section } from './document.ts';
import { byLanguage } from './languages.ts';
import { marketIn } from './summary.ts';
import { allOf, outcomeProof, shotsIn } from './told.ts';
import type { Told } from './told.ts';

/** Exactly what was sent to whom: every shot, every text that went out, and the copies on phones of the team. */

export function sent(told: Told): Section {
  const went = told.timeline.texts.filter(({ shots }) => shots.length > 0);
  return {
    id: 'sent',
    title: 'What was sent to whom',
    blocks: [
      ...(told.timeline.shots.length === 0
        ? [remark('Nothing was sent.')]
        : [shotTable(told), { kind: 'curves' as const }]),
      ...went.flatMap((content) => textsOf(told, content)),
      ...byLanguage(told),
      ...copies(told),
    ],
  };
}

function shotTable(told: Told): Block {
  const { shots } = told.timeline;
  return {
    kind: 'table',
    head: ['shot', 'GO (UTC)', 'asked by', 'GO by', 'segments', 'result', 'speed', 'devices'],
    figures: 1,
    rows: shots.map((shot) => ({
      cells: [
        shot.shotId,
        stamp(shot.pressedAtMs),
        shot.askedBy,
        shot.goBy,
        shot.segments,
        `${shot.result}${shot.missed === '' ? '' : `. ${shot.missed}`}`,
        shot.speed,
        `${number(shot.devices)}${shot.heldOut}`,
      ],
      proof: [...requestOf(told, shot.shotId), ...outcomeProof(told, shot.shotId), ...timingOf(told, shot.shotId)],
    })),
  };
}

function requestOf(told: Told, shotId: string): string[] {
  const orderId = told.last.shots[shotId]?.orderId;
  return allOf(told, 'FireRequested').flatMap((entry) => (entry.orderId === orderId ? [`e${entry.seq}`] : []));
}

const timingOf = (told: Told, shotId: string): string[] =>
  allOf(told, 'ShotTimed').flatMap((entry) => (entry.shotId === shotId ? [`e${entry.seq}`] : []));

/** A row for each text that the shots had somebody for. */
function textsOf(told: Told, content: Content): Block[] {
  const shots = shotsIn(told).filter(({ id }) => content.shots.includes(id));
  const proof = [...setBy(told, content.hash), ...shots.map(({ approvedSeq }) => `e${approvedSeq}`)];
  const rows = content.texts
    .filter(({ devices }) => devices.some((count) => count !== '0'))
    .map(({ locale, title, subtitle, body, devices }) => ({
      cells: [locale, subtitle === '' ? title : `${title}\n${subtitle}`, body, marketsOf(shots, locale), ...devices],
      proof,
    }));
  return [
    heading(contentTitle(content)),
    {
      kind: 'table',
      head: ['text', 'title', 'body', 'markets', ...content.shots.map((id) => `devices in ${id}`)],
      figures: content.shots.length,
      rows,
    },
    ...list([{ text: `With each text: ${content.beside}`, proof: setBy(told, content.hash) }]),
    ...content.notes.map(remark),
  ];
}

/** Markets in whose segments somebody reads this text; `?`: their languages were not counted. */
function marketsOf(shots: readonly Shot[], locale: string): string {
  const found = shots.flatMap((shot) =>
    shot.segments.flatMap(({ segment }) => {
      const counts = devicesPerText(shot.campaign, shot.audience, [{ segment }]);
      if (counts === null) return ['?'];
      return (counts[locale] ?? 0) > 0 ? [marketIn(shot, segment)] : [];
    }),
  );
  return [...new Set(found)].join(', ');
}

const setBy = ({ entries }: Told, hash: string): string[] => {
  const set = entries.find(
    (entry): entry is EntryOf<'LaunchCreated'> | EntryOf<'CampaignSet'> =>
      (entry.kind === 'LaunchCreated' || entry.kind === 'CampaignSet') && entry.contentHash === hash,
  );
  return set === undefined ? [] : [`e${set.seq}`];
};

function copies(told: Told): Block[] {
  const done = allOf(told, 'TestDone');
  if (done.length === 0) return [];
  const asked = (testId: string) => allOf(told, 'TestRequested').find((entry) => entry.testId === testId);
  return [
    heading('Copies to phones of the team'),
    ...list(done.map((entry) => said(describeEntry(entry, told.names, told.last.orders), asked(entry.testId), entry))),
  ];
}
