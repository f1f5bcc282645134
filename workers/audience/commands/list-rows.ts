import type { ListReport } from '../lists/match-lists.ts';
import { count } from './words.ts';

const WHAT = { suppress: 'opt-outs', skip: 'skip list' } as const;

/** What became of a list: how it was read, how many ids it has, and how many of them are in the audience. */
export function listRows({
  path,
  role,
  notes,
  ids,
  users,
  tokens,
  folded,
  foldedExample,
  nowhere,
  nowhereExamples,
  repeated,
  blank,
}: ListReport): (readonly [string, string])[] {
  const rest = nowhere > nowhereExamples.length ? ', …' : '';
  return [
    [
      WHAT[role],
      `${path}: ${count(ids)} ids${notes.length === 0 ? '' : ` (${notes.join('; ')})`}${repeated === 0 ? '' : `, ${count(repeated)} more that repeat one`}${blank === 0 ? '' : `, ${count(blank)} rows without an id`}`,
    ],
    ['', `${count(ids - nowhere)} in the audience: ${count(users)} as people, ${count(tokens)} as tokens`],
    ...(foldedExample === null
      ? []
      : [
          [
            '',
            `${count(folded)} of them only with case or Unicode form set aside, such as "${foldedExample[0]}" for "${foldedExample[1]}"`,
          ] as const,
        ]),
    [
      '',
      `${count(nowhere)} nowhere in it${nowhere === 0 ? '' : `: ${nowhereExamples.map((id) => `"${id.length > 60 ? `${id.slice(0, 20)}…(${id.length})` : id}"`).join(', ')}${rest}`}`,
    ],
  ];
}
